// Texts of people on the pages of a real daemon and in the dialogs that open there: each is found as
// text, none became markup, none turns the words behind it, nothing is wider than a phone.
//
// The controls, each of which must be complained about: the same pages and dialogs when text nodes are
// parsed as HTML, when no line may break and when marks that turn the line are let through; a page
// without a policy that writes the texts as HTML.
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

/** Marks that turn a line, and how pages show them (src/lib/turning.ts). */
const kMarks = String.raw`[\u202a-\u202e\u2066-\u2069]`;

async function contextWith(script) {
  const context = await browser.newContext({ viewport: kDesk, reducedMotion: "reduce" });
  await context.addCookies([{ name, value, domain: "127.0.0.1", path: "/", secure: name.startsWith("__Host-") }]);
  if (script) await context.addInitScript(script);
  return context;
}

/** What is wrong with `texts` on the page that is open. */
const complaints = (page, texts) =>
  page.evaluate(([wanted, marks]) => {
    const found = [];
    const held = new Set();
    for (const walk = document.createTreeWalker(document, NodeFilter.SHOW_TEXT); walk.nextNode(); )
      held.add(walk.currentNode.data);
    for (const field of document.querySelectorAll("input, textarea, option")) held.add(field.value);
    const all = [...held].join("\n");
    const marked = (text) => text.replace(new RegExp(marks, "g"), (c) => `\\u{${c.charCodeAt(0).toString(16)}}`);
    for (const text of wanted)
      if (!all.includes(text) && !all.includes(marked(text))) found.push(`not shown as it is: ${text}`);
    if (window.pwned !== undefined) found.push("a text was run");
    for (const bad of document.querySelectorAll("img[src=x], [onerror], [onload], svg[onload]"))
      found.push(`a text became ${bad.outerHTML.slice(0, 60)}`);
    for (const script of document.scripts) if (!script.src) found.push("a script inside the page");
    for (const link of document.querySelectorAll("a[href], form[action]"))
      if (/^\s*javascript:/i.test(link.getAttribute("href") ?? link.getAttribute("action")))
        found.push("a text became a link that runs");
    return found;
  }, [texts, kMarks]);

/** Latin words that stand backwards: something before them turned the line. */
const turned = (page) =>
  page.evaluate(() => {
    const found = [];
    const range = document.createRange();
    for (const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); walk.nextNode(); ) {
      const { data } = walk.currentNode;
      const pairs = [...data.matchAll(/(?=[A-Za-z]{2})/g)].map(({ index }) => index);
      for (const at of new Set([pairs[0], pairs.at(-1)])) {
        if (at === undefined) continue;
        const [first, second] = [at, at + 1].map((i) => {
          range.setStart(walk.currentNode, i);
          range.setEnd(walk.currentNode, i + 1);
          return range.getBoundingClientRect();
        });
        if (first.top !== second.top || second.left > first.left - 0.5) continue;
        found.push(`turned: ${data.slice(at, at + 60)}`);
        break;
      }
    }
    return found;
  });

/** What is too wide for the window, or for the card that it stands in. */
const sideways = (page, inside = "main") =>
  page.evaluate((inside) => {
    const found = [];
    const { scrollWidth } = document.scrollingElement;
    if (scrollWidth > innerWidth) found.push(`${scrollWidth} px wide in a window of ${innerWidth}`);
    const range = document.createRange();
    for (const walk = document.createTreeWalker(document.querySelector(inside), NodeFilter.SHOW_TEXT); walk.nextNode(); ) {
      if (walk.currentNode.parentElement.closest(".sr-only")) continue;
      range.selectNodeContents(walk.currentNode);
      const { right, width } = range.getBoundingClientRect();
      for (let box = walk.currentNode.parentElement; box && width > 1; box = box.parentElement) {
        const style = getComputedStyle(box);
        const scrolls = /auto|scroll/.test(style.overflowX) || style.textOverflow === "ellipsis" || style.position === "absolute";
        if (scrolls || box.matches(inside)) break;
        if (right <= box.getBoundingClientRect().right + 1 || style.display === "inline" || style.display === "contents") continue;
        found.push(`wider than ${box.tagName}.${box.className}: ${walk.currentNode.data.slice(0, 60)}`);
        break;
      }
    }
    return found;
  }, inside);

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
  wrong.push(...(await sideways(page)), ...(await turned(page)));
  if (process.env.GK_PICTURES && wait)
    await page.screenshot({ path: `${process.env.GK_PICTURES}/text${path.replaceAll("/", "-")}.png`, fullPage: true });
  return [...wrong, ...troubles.splice(0)];
}

/** Opens what the buttons of a page open, two of a kind, as a phone has it; nothing is ever sent. */
async function openDialogs(page, path, texts, most) {
  const wrong = [];
  const seen = new Set();
  let opened = 0;
  await page.setViewportSize(kPhone);
  await page.goto(base + path);
  await page.waitForSelector("h1");
  await page.waitForFunction(settled, null, { timeout: 15_000 });
  const buttons = await page.evaluate(() => {
    const kinds = new Map();
    return [...document.querySelectorAll("main button:not([disabled])")].flatMap((button, index) => {
      const kind = (button.getAttribute("aria-label") ?? button.textContent).trim().split(/\s/)[0];
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      return kinds.get(kind) <= 2 ? [index] : [];
    });
  });
  const ways = buttons.map((index) => () =>
    page.evaluate((at) => document.querySelectorAll("main button")[at]?.click(), index),
  );
  if (path === "/")
    ways.push(async () => {
      await page.keyboard.press("Control+k");
      await page.keyboard.type("s");
    });
  for (const open of ways.slice(0, most)) {
    await open();
    const dialog = page.locator("dialog[open]").first();
    if (!(await dialog.waitFor({ timeout: 300 }).then(() => true, () => false))) continue;
    await page.waitForFunction(settled, null, { timeout: 15_000 });
    opened++;
    wrong.push(...(await complaints(page, [])), ...(await turned(page)), ...(await sideways(page, "dialog[open]")));
    const held = await dialog.evaluate((box) =>
      [box.textContent, ...[...box.querySelectorAll("input, textarea")].map((field) => field.value)].join("\n"),
    );
    for (const text of texts) if (held.includes(text)) seen.add(text);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached", timeout: 1000 }).catch(() => page.reload());
  }
  return { opened, seen, wrong: [...wrong, ...troubles.splice(0)] };
}

const plain = await pageWith();
for (const [path, texts] of pages) {
  const wrong = await look(plain, path, texts, true);
  console.log(`${wrong.length === 0 ? "ok  " : "FAIL"} ${path}: ${texts.length} texts`);
  for (const one of wrong.slice(0, 12)) console.log(`     ${one}`);
  failed += wrong.length;
}

const everything = [...new Set(pages.flatMap(([, texts]) => texts))];
const told = [];
let dialogs = 0;
const left = [...pages];
// Mostly waiting for dialogs that do not come: four at a time.
await Promise.all(
  Array.from({ length: 4 }, async () => {
    const silent = await pageWith();
    await silent.route("**/api/**", (route) => (route.request().method() === "GET" ? route.continue() : route.abort()));
    for (let next = left.shift(); next; next = left.shift()) {
      const [path] = next;
      const { opened, seen, wrong } = await openDialogs(silent, path, everything, 12);
      dialogs += opened;
      if (seen.size > 0) told.push(path);
      console.log(`${wrong.length === 0 ? "ok  " : "FAIL"} ${path}: ${opened} dialogs with ${seen.size} texts`);
      for (const one of wrong.slice(0, 12)) console.log(`     ${one}`);
      failed += wrong.length;
    }
    await silent.close();
  }),
);
if (dialogs < 20 || told.length < 4) {
  console.log(`FAIL only ${dialogs} dialogs opened, with texts on ${told.length} pages`);
  failed++;
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

const boxed = [];
for (const path of told.slice(0, 3)) boxed.push(...(await openDialogs(careless, path, [], 4)).wrong);
blind("dialogs that parse texts", boxed, "a text became <");

// Pages that let marks through which turn the line.
const turning = await pageWith(() => {
  const back = (text) => String(text).replace(/\\u\{(202[a-e]|206[6-9])\}/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
  const real = document.createTextNode.bind(document);
  document.createTextNode = (text) => real(back(text));
  const data = Object.getOwnPropertyDescriptor(CharacterData.prototype, "data");
  Object.defineProperty(CharacterData.prototype, "data", {
    ...data,
    set(text) {
      data.set.call(this, back(text));
    },
  });
});
const backwards = [];
for (const [path, texts] of pages)
  if (texts.some((text) => new RegExp(kMarks).test(text))) backwards.push(...(await look(turning, path, texts, false)));
blind("marks that turn the line", backwards, "turned: ");

// A page without the policy, that writes what it is given as HTML: there a text is run.
const control = await browser.newPage();
await control.setContent("<h1>control</h1>");
await control.evaluate((all) => {
  for (const text of all) document.body.appendChild(document.createElement("p")).innerHTML = text;
}, everything);
await control.waitForFunction(() => window.pwned !== undefined, null, { timeout: 5000 }).catch(() => {});
const seen = await complaints(control, everything);
for (const kind of ["not shown as it is", "a text was run", "a text became <img"]) blind("without a policy", seen, kind);
console.log(`controls: ${noticed.length} complaints about pages that parse texts, ${boxed.length} about their dialogs, ${backwards.length} about turned lines, ${seen.length} about one without a policy`);
await browser.close();
process.exit(failed === 0 ? 0 : 1);
