// Texts of people on the pages of a real daemon: each is found as text, none became markup, no page
// is wider than a phone.
//
// The controls, each of which must be complained about: the same pages when text nodes are parsed as
// HTML and when no line may break, and a page without a policy that writes the texts as HTML.
//
// Usage: BASE_URL=… GK_COOKIE="name=value" node e2e/text.mjs < {"/page": ["text", …], …}

import { readFileSync } from "node:fs";

import { launch } from "./browser.mjs";

const base = process.env.BASE_URL;
const pages = Object.entries(JSON.parse(readFileSync(0, "utf8")));
const [name, value] = process.env.GK_COOKIE.split(/=(.*)/s);
const kDesk = { width: 1280, height: 900 };
const kPhone = { width: 390, height: 844 };

const browser = await launch();
let failed = 0;

async function contextWith(script) {
  const context = await browser.newContext({ viewport: kDesk, reducedMotion: "reduce" });
  await context.addCookies([{ name, value, domain: "127.0.0.1", path: "/", secure: name.startsWith("__Host-") }]);
  if (script) await context.addInitScript(script);
  return context;
}

/** What is wrong with `texts` on the page that is open. */
const complaints = (page, texts) =>
  page.evaluate((wanted) => {
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

/** What is too wide for the window, or for the card that it stands in. */
const sideways = (page) =>
  page.evaluate(() => {
    const found = [];
    const { scrollWidth } = document.scrollingElement;
    if (scrollWidth > innerWidth) found.push(`${scrollWidth} px wide in a window of ${innerWidth}`);
    const range = document.createRange();
    for (const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT); walk.nextNode(); ) {
      if (walk.currentNode.parentElement.closest(".sr-only")) continue;
      range.selectNodeContents(walk.currentNode);
      const { right, width } = range.getBoundingClientRect();
      for (let box = walk.currentNode.parentElement; box && width > 1; box = box.parentElement) {
        const style = getComputedStyle(box);
        const scrolls = /auto|scroll/.test(style.overflowX) || style.textOverflow === "ellipsis" || style.position === "absolute";
        if (scrolls || box.matches("main")) break;
        if (right <= box.getBoundingClientRect().right + 1 || style.display === "inline" || style.display === "contents") continue;
        found.push(`wider than ${box.tagName}.${box.className}: ${walk.currentNode.data.slice(0, 60)}`);
        break;
      }
    }
    return found;
  });

const settled = () => !document.querySelector(".loading, .splash, .panels-wait");

/** What goes wrong on a page by itself, since it was asked last. */
const troubles = [];

async function pageWith(script) {
  const context = await contextWith(script);
  const page = await context.newPage();
  page.on("dialog", (dialog) => {
    troubles.push("a dialog of the browser");
    void dialog.dismiss();
  });
  page.on("pageerror", (error) => troubles.push(`an error: ${error.message}`));
  return page;
}

/** What is wrong with one page, wide and as a phone has it. */
async function look(page, path, texts, wait) {
  await page.setViewportSize(kDesk);
  await page.goto(base + path);
  await page.waitForSelector("h1");
  await page.waitForFunction(settled, null, { timeout: 15_000 });
  if (wait)
    await page
      .waitForFunction((text) => document.body.textContent.includes(text), texts.at(-1) ?? "", { timeout: 15_000 })
      .catch(() => {});
  const wrong = await complaints(page, texts);
  await page.setViewportSize(kPhone);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  wrong.push(...(await sideways(page)));
  if (process.env.GK_PICTURES && wait)
    await page.screenshot({ path: `${process.env.GK_PICTURES}/text${path.replaceAll("/", "-")}.png`, fullPage: true });
  return [...wrong, ...troubles.splice(0)];
}

const plain = await pageWith();
for (const [path, texts] of pages) {
  const wrong = await look(plain, path, texts, true);
  console.log(`${wrong.length === 0 ? "ok  " : "FAIL"} ${path}: ${texts.length} texts`);
  for (const one of wrong.slice(0, 12)) console.log(`     ${one}`);
  failed += wrong.length;
}

/** A control that was not complained about as it should be. */
function blind(what, wrong, wanted) {
  if (wrong.some((one) => one.startsWith(wanted))) return;
  console.log(`FAIL control, ${what}: no complaint "${wanted}"`);
  failed++;
}

// Every component of the pages as one that writes HTML, when it is made and when it changes.
const careless = await pageWith(() => {
  const real = document.createTextNode.bind(document);
  const parsed = (text) => {
    const span = document.createElement("span");
    span.innerHTML = text;
    return span;
  };
  document.createTextNode = (text) => (/[<&]/.test(text) ? parsed(text) : real(text));
  const data = Object.getOwnPropertyDescriptor(CharacterData.prototype, "data");
  Object.defineProperty(CharacterData.prototype, "data", {
    ...data,
    set(text) {
      if (/[<&]/.test(text)) this.replaceWith(parsed(text));
      else data.set.call(this, text);
    },
  });
});
const noticed = [];
for (const [path, texts] of pages) {
  if (!texts.some((text) => /<img|<svg/.test(text))) continue;
  const wrong = await look(careless, path, texts, false);
  blind(path, wrong, "");
  noticed.push(...wrong);
  if (path === "/macro-safety") {
    await careless.evaluate(() => document.styleSheets[0].insertRule("main * { white-space: nowrap !important; min-width: max-content }"));
    blind("lines that do not break", await sideways(careless), "");
  }
}
for (const kind of ["not shown as it is", "a text became <img", "a text became <svg"]) blind("texts that are parsed", noticed, kind);

// A page without the policy, that writes what it is given as HTML: there a text is run.
const control = await browser.newPage();
await control.setContent("<h1>control</h1>");
const texts = pages.flatMap(([, of]) => of);
await control.evaluate((all) => {
  for (const text of all) document.body.appendChild(document.createElement("p")).innerHTML = text;
}, texts);
await control.waitForFunction(() => window.pwned !== undefined, null, { timeout: 5000 }).catch(() => {});
const seen = await complaints(control, texts);
for (const kind of ["not shown as it is", "a text was run", "a text became <img"]) blind("without a policy", seen, kind);
console.log(`controls: ${noticed.length} complaints about pages that parse texts, ${seen.length} about one without a policy`);
await browser.close();
process.exit(failed === 0 ? 0 : 1);
