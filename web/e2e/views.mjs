// One view of a page as a case: axe in both themes at 1280 px and at 320 px, and no sideways scroll
// at 1280, 390 and 320 px. One page load and one change of theme serve all of it.

import { axe, fits, settle } from "./harness.mjs";

const kRepaintMs = 80;

/** Chromium restyles the parts of a page one by one after such a change; axe must not see half. */
async function paint(page, colorScheme) {
  await page.emulateMedia({ colorScheme });
  await page.evaluate(async () => {
    const root = document.documentElement;
    root.style.display = "none";
    void root.offsetHeight;
    root.style.display = "";
    for (let i = 0; i < 3; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
  });
}

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
      await page.waitForTimeout(kRepaintMs);
      await axe(page, `${name}, light`);
      for (const width of [1280, 390, 320]) {
        await page.setViewportSize({ width, height: 800 });
        await page.waitForTimeout(kRepaintMs);
        await fits(page, `${name} at ${width}`);
      }
      // Tall enough for the whole page: what the tab bar covers depends on the scroll position only.
      const height = await page.evaluate(() => document.scrollingElement.scrollHeight + 80);
      await page.setViewportSize({ width: 320, height });
      await page.waitForTimeout(kRepaintMs);
      await axe(page, `${name}, light, 320 px`);
      await paint(page, "dark");
      await axe(page, `${name}, dark, 320 px`);
      await page.setViewportSize({ width: 1280, height: 860 });
      await page.waitForTimeout(kRepaintMs);
      await axe(page, `${name}, dark`);
      await context.close();
    },
  };
}
