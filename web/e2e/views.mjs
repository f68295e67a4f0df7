// One view of a page as a case: axe in both themes at 1280 px and at 320 px, and no sideways scroll
// at 1280, 390 and 320 px. One page load and one change of theme serve all of it; the dark theme is
// asked for what a theme can break.

import { axe, check, drawn, fits, settle } from "./harness.mjs";

/** Chromium restyles the parts of a page one by one after such a change; axe must not see half. */
async function paint(page, colorScheme) {
  await page.emulateMedia({ colorScheme });
  await page.evaluate(() => {
    const root = document.documentElement;
    root.style.display = "none";
    void root.offsetHeight;
    root.style.display = "";
  });
  await drawn(page);
}

/** The control of the views: a colour that only the dark theme makes too faint. */
export const kFaintCase = {
  name: "axe: a theme with too little contrast is noticed (planted)",
  async run(target) {
    const context = await target.context("healthy");
    const page = await target.open(context, "/nowhere");
    await settle(page);
    await page.evaluate(() => document.styleSheets[0].insertRule("h1 { color: light-dark(#000, #222) !important }"));
    await axe(page, "planted, light", true);
    await paint(page, "dark");
    const noticed = await axe(page, "planted, dark", true).then(() => "", (error) => error.message);
    check(noticed.includes("color-contrast"), `a faint heading was not noticed: ${noticed}`);
    await context.close();
  },
};

/** `view`: [name, scene, path, act?]. `real`: a daemon has it without preparation. */
export function viewCase([name, scene, path, act], real = false) {
  return {
    name: `axe: ${name}, both themes; fits 1280, 390 and 320 px`,
    mock: !real,
    async run(target) {
      const context = await target.context(scene);
      const page = await target.open(context, path);
      await settle(page);
      if (act) await act(page);
      await drawn(page);
      await axe(page, `${name}, light`);
      for (const width of [1280, 390, 320]) {
        await page.setViewportSize({ width, height: 800 });
        await drawn(page);
        await fits(page, `${name} at ${width}`);
      }
      // Tall enough for the whole page: what the tab bar covers depends on the scroll position only.
      const height = await page.evaluate(() => document.scrollingElement.scrollHeight + 80);
      await page.setViewportSize({ width: 320, height });
      await drawn(page);
      await axe(page, `${name}, light, 320 px`);
      await paint(page, "dark");
      await axe(page, `${name}, dark, 320 px`, true);
      await page.setViewportSize({ width: 1280, height: 860 });
      await drawn(page);
      await axe(page, `${name}, dark`, true);
      await context.close();
    },
  };
}
