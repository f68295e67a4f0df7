// Pictures of the dashboard while ./run --demo plays. From the project's folder:
// GK_BIN=build/release/bin tools/demo/demo.py --show "node web/e2e/demo.mjs FOLDER"
// The demo adds URL, user, password and moment.

import { launch } from "./browser.mjs";

const [folder, url, user, password, moment] = process.argv.slice(2);

const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
try {
  const isEvent = moment === "cancelled";
  await page.goto(`${url}${isEvent ? "cancellations" : "games/openttd"}`);
  await page.getByLabel("User name").fill(user);
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: isEvent ? "Cancellations" : "openttd", level: 1 }).waitFor();
  if (isEvent) await page.getByRole("link", { name: /Greedy macro/ }).first().click();
  await page.waitForTimeout(2500); // The game's state comes by the next frame of its topic.
  await page.screenshot({ path: `${folder}/demo-${moment}.png` });
} finally {
  await browser.close();
}
