// Screenshots of every page, to look at: npm run shots -- [folder] [name filter]

import { mkdirSync } from "node:fs";

import { MockDaemon } from "../mock/server.mjs";
import { launch } from "./browser.mjs";

const folder = process.argv[2] ?? "/tmp/gk-shots";
const only = process.argv[3] ?? "";
if (folder !== "readme") mkdirSync(folder, { recursive: true });

const kShots = [
  ["setup", "setup", "/setup"],
  ["login", "logged-out", "/"],
  ["overview", "healthy", "/"],
  ["overview-empty", "empty", "/"],
  ["overview-degraded", "degraded", "/"],
  ["overview-failed", "failed", "/"],
  ["overview-busy", "busy", "/"],
  ["overview-broken", "broken", "/"],
  ["macros", "healthy", "/macro-safety"],
  ["macros-busy", "busy", "/macro-safety"],
  ["macros-empty", "empty", "/macro-safety"],
  ["cancellations", "healthy", "/cancellations"],
  ["cancellations-empty", "empty", "/cancellations"],
  ["cancellation", "healthy", "/cancellations/c-attack-cpu"],
  ["cancellation-none", "healthy", "/cancellations/nothing"],
  ["not-found", "healthy", "/nowhere/at/all"],
  [
    "stale",
    "healthy",
    "/",
    async (page, daemon) => {
      daemon.scene.gone = true;
      for (const socket of daemon.sockets) socket.terminate();
      await page.waitForSelector(".notice", { timeout: 30_000 });
    },
  ],
  ["macros-table", "busy", "/macro-safety", (page) => page.click("text=Table")],
  ["start", "healthy", "/macro-safety", (page) => page.click("text=Start a macro")],
  ["palette", "healthy", "/", (page) => page.keyboard.press("Control+k")],
  ["help", "healthy", "/", (page) => page.keyboard.press("?")],
  ["timeline-table", "healthy", "/cancellations/c-attack-cpu", (page) => page.click("text=Table")],
  ["tiles-table", "healthy", "/", (page) => page.click("text=Table")],
];

/** The picture of the README: npm run shots -- readme FILE */
async function readmePicture(browser, daemon, port) {
  daemon.play("healthy");
  const page = await browser.newPage({
    viewport: { width: 1280, height: 860 },
    colorScheme: "dark",
  });
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForTimeout(2500);
  await page.screenshot({ path: process.argv[3] });
}

const daemon = new MockDaemon("healthy");
const port = await daemon.listen(0);
const browser = await launch();
const forReadme = folder === "readme";
if (forReadme) await readmePicture(browser, daemon, port);
const shots = forReadme ? [] : kShots.filter((shot) => shot[0].startsWith(only));
for (const [name, scene, path, act] of shots) {
  for (const theme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
      daemon.play(scene);
      const page = await browser.newPage({
        viewport: { width, height: width > 500 ? 860 : 844 },
        colorScheme: theme,
        deviceScaleFactor: 1,
      });
      await page.goto(`http://127.0.0.1:${port}${path}`);
      await page.waitForTimeout(900);
      if (act) await act(page, daemon);
      await page.waitForTimeout(act ? 400 : 100);
      await page.screenshot({
        path: `${folder}/${name}-${theme}-${width}.png`,
        fullPage: !["start", "palette", "help"].includes(name),
      });
      await page.close();
    }
  }
}
await browser.close();
await daemon.close();
