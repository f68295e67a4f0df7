// What the page tests share: a target (the mock, or a real daemon at BASE_URL), pages that note
// every request, violation and error, and checks that throw with a sentence.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { kUser, MockDaemon } from "../mock/server.mjs";
import { launch } from "./browser.mjs";

const kAxe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const kRules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

export function check(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

export function equal(actual, expected, what) {
  check(
    actual === expected,
    `${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`,
  );
}

export class Target {
  static async start() {
    const target = new Target();
    target.browser = await launch();
    target.base = process.env.BASE_URL?.replace(/\/$/, "") ?? "";
    target.mock = null;
    if (!target.base) {
      target.mock = new MockDaemon("healthy");
      target.base = `http://127.0.0.1:${await target.mock.listen(0)}`;
    }
    target.external = [];
    target.violations = [];
    target.errors = [];
    return target;
  }

  async stop() {
    await this.browser.close();
    await this.mock?.close();
  }

  /** A fresh browser profile on a scene of the mock. */
  async context(scene, options = {}) {
    this.mock?.play(scene);
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 860 },
      colorScheme: "light",
      reducedMotion: "reduce",
      acceptDownloads: true,
      ...options,
    });
    context.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== this.base)
        this.external.push(request.url());
    });
    await context.exposeFunction("noteViolation", (text) => this.violations.push(text));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        window.noteViolation(
          `${event.violatedDirective}: ${event.blockedURI || event.sample} on ${location.pathname}`,
        );
      });
    });
    context.on("page", (page) => {
      page.on("pageerror", (error) => this.errors.push(`${page.url()}: ${error.message}`));
      page.on("console", (message) => {
        if (/Content Security Policy/i.test(message.text())) this.violations.push(message.text());
      });
    });
    if (!this.mock) await this.signIn(context);
    return context;
  }

  /** Against a real daemon: GK_USER and GK_PASSWORD must name an administrator. */
  async signIn(context) {
    const answer = await context.request.post(`${this.base}/api/auth/login`, {
      headers: { "X-Gamekeeper-Csrf": "1", Origin: this.base },
      data: {
        username: process.env.GK_USER ?? kUser.username,
        password: process.env.GK_PASSWORD ?? kUser.password,
      },
    });
    check(
      answer.ok(),
      `signing in at ${this.base} gave ${answer.status()}; set GK_USER and GK_PASSWORD`,
    );
  }

  async open(context, path) {
    const page = await context.newPage();
    await page.goto(this.base + path);
    await page.waitForSelector("h1");
    return page;
  }
}

/** Waits until the page shows data and nothing is loading. */
export async function settle(page) {
  await page.waitForFunction(
    () => !document.querySelector(".loading, .splash, .panels-wait"),
    null,
    { timeout: 15_000 },
  );
  await page.waitForTimeout(150);
}

/** `colours`: the rules that a theme can break, and no others. */
export async function axe(page, what, colours = false) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(kAxe);
  const found = await page.evaluate(
    ([tags, only]) =>
      window.axe.run(document, {
        runOnly: only ? { type: "rule", values: ["color-contrast", "link-in-text-block"] } : { type: "tag", values: tags },
        resultTypes: ["violations"],
      }),
    [kRules, colours],
  );
  const lines = found.violations.map(
    (one) =>
      `${one.id} (${one.nodes.length}): ${one.nodes[0].target.join(" ")} ${one.nodes[0].any[0]?.message ?? one.help}`,
  );
  check(lines.length === 0, `${what}: ${lines.join("; ")}`);
}

/** Waits until what was changed is drawn. */
export async function drawn(page) {
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))),
  );
}

/** The page must not scroll sideways. */
export async function fits(page, what) {
  const [content, window] = await page.evaluate(() => [
    document.scrollingElement.scrollWidth,
    innerWidth,
  ]);
  check(content <= window, `${what}: content is ${content} px wide in a window of ${window} px`);
}

export async function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute("aria-label") ?? element?.textContent?.trim() ?? "";
  });
}
