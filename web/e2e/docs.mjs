// The page of the API's documents on a real daemon: every route is listed, found and explained; no
// accessibility fault in both themes, wide and narrow; no other host, no policy violation.
// Usage: BASE_URL=http://127.0.0.1:5000 node e2e/docs.mjs [FOLDER FOR PICTURES]

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { launch } from "./browser.mjs";

const base = process.env.BASE_URL;
const pictures = process.argv[2];
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = await launch();
let failures = 0;
for (const scheme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    const context = await browser.newContext({
      viewport: { width, height: 900 }, colorScheme: scheme, bypassCSP: false });
    const page = await context.newPage();
    const troubles = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(base)) troubles.push(`asks ${request.url()}`);
    });
    page.on("console", (message) => {
      if (message.type() === "error") troubles.push(message.text());
    });
    page.on("pageerror", (error) => troubles.push(error.message));
    try {
      await page.goto(`${base}/docs`);
      await page.waitForSelector("details");
      const openapi = await (await page.request.get(`${base}/api/openapi.json`)).json();
      const routes = Object.values(openapi.paths).flatMap((methods) => Object.keys(methods)).length;
      assert.equal(await page.locator("details").count(), routes);
      if (pictures) await page.screenshot({ path: `${pictures}/docs-${scheme}-${width}.png` });

      await page.keyboard.press("/");
      await page.keyboard.type("put config:write replace");
      await page.waitForFunction(() => document.querySelectorAll("details").length === 1);
      assert.equal(await page.locator("#count").textContent(), `1 of ${routes}`);
      await page.locator("summary").click();
      const body = page.locator(".body");
      await body.waitFor();
      const text = await body.textContent();
      for (const wanted of ["If-Match", "ConfigPut", "restart_required", "curl --unix-socket", "-X PUT"]) {
        assert.ok(text.includes(wanted), `${wanted} is not in: ${text}`);
      }
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page scrolls sideways");
      if (pictures) await page.screenshot({ path: `${pictures}/docs-route-${scheme}-${width}.png`, fullPage: true });

      await page.locator("#words").fill("no such thing at all");
      await page.waitForSelector(".none");
      await page.locator("#words").fill("");
      await page.getByRole("button", { name: "Events" }).click();
      await page.locator("summary", { hasText: "config:changed" }).click();
      assert.ok((await page.locator(".body").textContent()).includes("api/v1/events?topics=config:changed"));
      await page.goto(`${base}/docs#schema-Lane`);
      await page.waitForSelector("#schema-Lane[open] table");

      // Axe comes by evaluate(): a script of ours may not be added to the page, as it must be.
      await page.evaluate(axe);
      const faults = await page.evaluate(async () => (await axe.run()).violations.map(
        (v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ")}`));
      assert.deepEqual(faults, []);
      assert.deepEqual(troubles, []);
      console.log(`docs ${scheme} ${width}: ${routes} routes`);
    } catch (error) {
      failures++;
      console.error(`docs ${scheme} ${width}: ${error.message}\n${troubles.join("\n")}`);
    }
    await context.close();
  }
}
await browser.close();
process.exit(failures ? 1 : 0);
