// Pictures of the dashboard while ./run --demo plays. From the project's folder:
// tools/demo/demo.py --show "node web/e2e/demo.mjs FOLDER"; it adds URL, user, password and moment.

import { launch } from "./browser.mjs";

const [folder, url, user, password, moment] = process.argv.slice(2);

async function logIn(page) {
  await page.goto(`${url}games/openttd`);
  await page.getByLabel("User name").fill(user);
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "openttd" }).waitFor();
}

/** The game's clock alone, over the minutes of the demo. */
async function showClock(page) {
  await page.goto(`${url}explore`);
  await page.locator("#add-series").selectOption("tick_ratio|game:openttd");
  for (const name of ["CPU", "Memory"]) {
    await page.getByRole("button", { name: new RegExp(`^Remove .*${name}`) }).first().click();
  }
  await page.getByText("15 min").click();
  await page.waitForTimeout(1000); // The chart is drawn anew.
  const plot = page.locator(".u-over").first();
  await plot.waitFor();
  const box = await plot.boundingBox();
  await page.mouse.move(box.x + box.width * 0.9, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 1, box.y + box.height / 2, { steps: 8 });
  await page.mouse.up();
  await page.waitForTimeout(1000);
}

const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
try {
  await logIn(page);
  if (moment === "cancelled") await showClock(page);
  else await page.waitForTimeout(1000);
  await page.screenshot({ path: `${folder}/demo-${moment}.png` });
} finally {
  await browser.close();
}
