// Texts of people on the pages of a real daemon: each is found as text, none became markup.
// The control: the same texts written as HTML into a page must be complained about.
//
// Usage: BASE_URL=… GK_COOKIE="name=value" node e2e/text.mjs < {"/page": ["text", …], …}

import { readFileSync } from "node:fs";

import { launch } from "./browser.mjs";

const base = process.env.BASE_URL;
const pages = JSON.parse(readFileSync(0, "utf8"));
const [name, value] = process.env.GK_COOKIE.split(/=(.*)/s);

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
await context.addCookies([{ name, value, domain: "127.0.0.1", path: "/", secure: name.startsWith("__Host-") }]);

/** What is wrong with `texts` on the page that is open. */
async function complaints(page, texts) {
  const wrong = await page.evaluate((wanted) => {
    const found = [];
    const held = new Set();
    for (const walk = document.createTreeWalker(document, NodeFilter.SHOW_TEXT); walk.nextNode(); )
      held.add(walk.currentNode.data);
    for (const field of document.querySelectorAll("input, textarea, option")) held.add(field.value);
    const all = [...held].join("\n");
    for (const text of wanted) if (!all.includes(text)) found.push(`not shown as it is: ${text}`);
    if (window.pwned !== undefined) found.push("a text was run");
    for (const bad of document.querySelectorAll("img[src=x], [onerror], [onload], svg[onload]"))
      found.push(`a text became ${bad.outerHTML.slice(0, 60)}`);
    for (const script of document.scripts) if (!script.src) found.push("a script inside the page");
    for (const link of document.querySelectorAll("a[href], form[action]"))
      if (/^\s*javascript:/i.test(link.getAttribute("href") ?? link.getAttribute("action")))
        found.push("a text became a link that runs");
    return found;
  }, texts);
  return wrong;
}

let failed = 0;
for (const [path, texts] of Object.entries(pages)) {
  const page = await context.newPage();
  page.on("dialog", (dialog) => dialog.dismiss());
  await page.goto(base + path);
  await page.waitForSelector("h1");
  await page
    .waitForFunction((text) => document.body.textContent.includes(text), texts.at(-1), { timeout: 15_000 })
    .catch(() => {});
  await page.waitForTimeout(300);
  const wrong = await complaints(page, texts);
  console.log(`${wrong.length === 0 ? "ok  " : "FAIL"} ${path}: ${texts.length} texts`);
  for (const one of wrong) console.log(`     ${one}`);
  failed += wrong.length;
  if (process.env.GK_PICTURES)
    await page.screenshot({ path: `${process.env.GK_PICTURES}/text${path.replaceAll("/", "-")}.png`, fullPage: true });
  await page.close();
}

// A page without the policy, that writes what it is given as HTML.
const control = await browser.newPage();
await control.setContent("<h1>control</h1><div></div>");
const texts = Object.values(pages).flat();
await control.evaluate((all) => {
  document.querySelector("div").innerHTML = all.join("<br>");
}, texts);
await control.waitForTimeout(300);
const noticed = await complaints(control, texts);
const kinds = ["not shown as it is", "a text was run", "a text became <img"];
for (const kind of kinds) {
  if (noticed.some((one) => one.startsWith(kind))) continue;
  console.log(`FAIL control: no complaint "${kind}"`);
  failed++;
}
console.log(`control: ${noticed.length} complaints about a page that writes HTML`);
await browser.close();
process.exit(failed === 0 ? 0 : 1);
