// npm run e2e [-- "part of a name|another"]: every page in real Chromium, against the mock or BASE_URL.

import { kCases } from "./cases.mjs";
import { Target } from "./harness.mjs";

const filters = (process.argv[2] ?? "").split("|");
const target = await Target.start();
let [passed, failed, skipped] = [0, 0, 0];
for (const one of kCases.filter(({ name }) => filters.some((part) => name.includes(part)))) {
  if (one.mock && !target.mock) {
    skipped++;
    continue;
  }
  try {
    await one.run(target);
    passed++;
    console.log(`ok   ${one.name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${one.name}\n     ${error.message.split("\n").slice(0, 6).join("\n     ")}`);
    for (const context of target.browser.contexts()) await context.close();
  }
}
await target.stop();
if (skipped > 0) console.log(`${skipped} cases need the mock's scenes and were left out`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
