// The cases. Each is {name, mock?: true when it needs the mock's scenes, run(target)}.

import { kSetupCode, kUser } from "../mock/server.mjs";
import { axe, check, equal, focused, settle } from "./harness.mjs";
import { kGameCases } from "./games.mjs";
import { kHeapCases } from "./heap.mjs";
import { kMacroCases } from "./macros.mjs";
import { kPlayCases } from "./play.mjs";
import { kRoomCases } from "./rooms.mjs";
import { kSettingsCases } from "./settings.mjs";
import { kFaintCase, viewCase } from "./views.mjs";

const kEvidence = "/cancellations/c-attack-cpu";

const simulate = (name, words) => async (page) => {
  await page.getByRole("button", { name }).first().click();
  await page.getByText(words).first().waitFor();
};

const editDance = async (page) => {
  await page.getByRole("button", { name: "Edit dance" }).click();
  await page.getByRole("button", { name: "Add a window" }).click();
};

/** [name, scene, path, act?] of everything that is looked at by axe and at three widths. */
const kViews = [
  ["setup", "setup", "/"],
  ["login", "logged-out", "/"],
  ["overview", "healthy", "/"],
  ["overview, nothing yet", "empty", "/"],
  ["overview, degraded", "degraded", "/"],
  ["overview, everything fails", "broken", "/"],
  ["macros", "busy", "/macro-safety"],
  ["macros, none", "empty", "/macro-safety"],
  ["macros, as a viewer", "viewer", "/macro-safety"],
  [
    "macros, as a table",
    "busy",
    "/macro-safety",
    (page) => page.getByRole("button", { name: "Table" }).click(),
  ],
  ["cancellations", "healthy", "/cancellations"],
  ["cancellations, none", "empty", "/cancellations"],
  ["cancellation", "healthy", kEvidence],
  [
    "cancellation, as a table",
    "healthy",
    kEvidence,
    (page) => page.getByRole("button", { name: "Table" }).click(),
  ],
  ["cancellation, missing", "healthy", "/cancellations/none"],
  ["simulation", "healthy", "/cancellations/c-attack-cpu", async (page) => {
    await simulate("Simulate attack", "window night · forecast")(page);
    for (const words of ["Another time, profile", "Try other limits", "What the history knows"])
      await page.getByText(words).click();
  }],
  ["simulation, no history", "healthy", "/macro-safety", simulate("Simulate heal", "There is no history to judge")],
  ["simulation, quiet", "healthy", "/macro-safety", simulate("Simulate craft", "It would have decided nothing")],
  ["profile, edited", "healthy", "/macro-safety", editDance],
  ["trends", "healthy", "/trends"],
  ["trends, as a table", "healthy", "/trends", (page) => page.getByRole("button", { name: "Table" }).click()],
  ["trends, none", "empty", "/trends"],
  ["not found", "healthy", "/nowhere"],
  [
    "start dialog",
    "healthy",
    "/macro-safety",
    (page) => page.getByRole("button", { name: "Start a macro" }).first().click(),
  ],
  ["help", "healthy", "/", (page) => page.keyboard.press("?")],
  ["palette", "healthy", "/", (page) => page.keyboard.press("Control+k")],
  ["user menu", "healthy", "/", (page) => page.getByRole("button", { name: /Signed in/ }).click()],
];
/** The views that a real daemon has without preparation. */
const kReal = new Set([
  "overview",
  "macros",
  "cancellations",
  "trends",
  "not found",
  "start dialog",
  "help",
  "palette",
  "user menu",
]);

const paletteCases = [
  {
    name: "pages: each loads when one comes straight from another that came late too",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/library");
      await settle(page);
      for (const path of ["/games", "/sessions", "/locks", "/explore", "/trends", "/logs", "/settings", "/library"]) {
        await page.locator(`.nav a[href="${path}"]`).click();
        await settle(page);
      }
      await context.close();
    },
  },
  {
    name: "palette: finds a game and a setting by a few letters, does things, gives the focus back",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/locks");
      await settle(page);
      const box = page.getByRole("combobox", { name: /^Find/ });
      const find = async (words, wanted) => {
        await page.keyboard.press("Control+k");
        await box.fill(words);
        await page.getByRole("option", { name: wanted }).first().waitFor();
      };
      const opener = page.getByRole("button", { name: /^Find/ });
      await opener.click();
      await box.waitFor();
      await page.keyboard.press("Escape");
      check(await opener.evaluate((it) => it === document.activeElement), "the focus is lost");
      await find("crvn", /caravan/);
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/games\/caravan/);
      await find("quarantine", /macros.quarantine_s/);
      await page.keyboard.press("Enter");
      await page.waitForURL(/configuration#config-macros-quarantine_s/);
      await page.waitForFunction(() => document.activeElement?.id === "config-macros-quarantine_s");
      await find("rel conf", /Reload the configuration/);
      await page.keyboard.press("Enter");
      await page.getByText("The configuration has not changed.").waitFor();
      await find("emerg", /Emergency stop/);
      await page.keyboard.press("Enter");
      await page.getByRole("dialog", { name: /stop/i }).waitFor();
      await context.close();
    },
  },
  {
    name: "palette: a viewer finds nothing that the role may not see or do",
    mock: true,
    async run(target) {
      const context = await target.context("viewer");
      const page = await target.open(context, "/");
      await settle(page);
      await page.keyboard.press("Control+k");
      for (const words of ["backups", "reload conf", "emergency", "users", "audit", "logs", "quarantine"]) {
        await page.getByRole("combobox").fill(words);
        await page.waitForTimeout(150);
        const found = await page.getByRole("option").allInnerTexts();
        equal(found.filter((text) => text.toLowerCase().includes(words.split(" ")[0])).join(), "", words);
      }
      await context.close();
    },
  },
];

const viewCases = kViews.map((view) => viewCase(view, kReal.has(view[0])));

/** Loads `path` in a fresh profile and adds up what crossed the wire. */
async function weigh(target, path) {
  const context = await target.context("healthy");
  const page = await context.newPage();
  const client = await context.newCDPSession(page);
  await client.send("Network.enable");
  const seen = new Map();
  client.on("Network.requestWillBeSent", ({ requestId, request }) =>
    seen.set(requestId, { url: new URL(request.url).pathname, bytes: 0 }),
  );
  client.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const entry = seen.get(requestId);
    if (entry) entry.bytes = encodedDataLength;
  });
  await page.goto(target.base + path);
  await page.waitForSelector("h1");
  await settle(page);
  await page.waitForTimeout(1500);
  await context.close();
  const all = [...seen.values()];
  const sum = (list) => list.reduce((total, entry) => total + entry.bytes, 0);
  const assets = all.filter((entry) => !entry.url.startsWith("/api/"));
  const api = all.filter((entry) => entry.url.startsWith("/api/"));
  return {
    assets: assets.length,
    assetBytes: sum(assets),
    api: api.length,
    apiBytes: sum(api),
    names: all.map((entry) => `${entry.url} ${entry.bytes}`),
  };
}

const loadCase = {
  name: "first load: at most 6 requests in all and 80 KB, as transferred; a cancellation 70 KB",
  async run(target) {
    for (const [path, limit] of [
      ["/", 80 * 1024],
      ...(target.mock ? [[kEvidence, 70 * 1024]] : []),
    ]) {
      const weight = await weigh(target, path);
      console.log(
        `    ${path}: ${weight.assets} asset requests, ${(weight.assetBytes / 1024).toFixed(1)} KB; ${weight.api} API requests, ${(weight.apiBytes / 1024).toFixed(1)} KB`,
      );
      // A detail page adds the chart chunk and its own call to what every page asks for.
      const most = path === "/" ? 6 : 9;
      check(
        weight.assets + weight.api <= most,
        `${path} asked for ${weight.assets + weight.api} things: ${weight.names.join(", ")}`,
      );
      check(weight.assetBytes <= limit, `${path} weighs ${weight.assetBytes} bytes`);
    }
  },
};

const doorCases = [
  {
    name: "setup: a wrong code is explained, a short password is refused, the right ones lead in",
    mock: true,
    async run(target) {
      const context = await target.context("setup");
      const page = await target.open(context, "/setup");
      await page.getByLabel("Setup code").fill("wrong");
      await page.getByLabel("User name").fill("marta");
      await page.getByLabel("Password", { exact: true }).fill("short");
      await page.keyboard.press("Enter");
      await page.getByText("Use at least 12 characters.").waitFor();
      await page.getByLabel("Password", { exact: true }).fill(kUser.password);
      await page.getByText("Strong.").first().waitFor();
      await page.keyboard.press("Enter");
      await page.getByText("Not the code that was printed.").waitFor();
      await page.getByLabel("Setup code").fill(kSetupCode);
      await page.keyboard.press("Enter");
      await page.waitForSelector(".hero-line");
      equal(new URL(page.url()).pathname, "/", "the page after setup");
      await context.close();
    },
  },
  {
    name: "login: a wrong password is explained, the right one leads to the page that was asked for",
    mock: true,
    async run(target) {
      const context = await target.context("logged-out");
      const page = await target.open(context, "/macro-safety");
      equal(await page.locator("h1").innerText(), "Sign in", "heading");
      await page.keyboard.type(kUser.username);
      await page.keyboard.press("Tab");
      await page.keyboard.type("not it");
      await page.keyboard.press("Enter");
      await page.getByText("do not go together").waitFor();
      await page.getByLabel("Password").fill(kUser.password);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Macro safety" }).waitFor();
      await page.getByRole("button", { name: /Signed in/ }).click();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await context.close();
    },
  },
  {
    name: "a session that ends in the middle leads to the login, and says so",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/cancellations");
      await settle(page);
      target.mock.scene.loggedIn = false;
      await page.getByRole("link", { name: "Macros" }).click();
      await page.getByText("Your session has ended.").waitFor();
      await context.close();
    },
  },
  {
    name: "a daemon that does not answer is told apart from a login",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await context.newPage();
      await page.route("**/api/**", (route) => route.abort());
      await page.goto(target.base);
      await page.getByRole("heading", { name: "No answer" }).waitFor();
      await axe(page, "no answer");
      await context.close();
    },
  },
];

const keyboardCases = [
  {
    name: "keyboard: g m, g c, g o, ?, / and Ctrl-K",
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/");
      await settle(page);
      // The focus follows the heading in the next turn of the page.
      const heading = async (name) => {
        await page.getByRole("heading", { level: 1, name }).waitFor();
        await page.waitForFunction((text) => document.activeElement?.textContent === text, name);
      };
      await page.keyboard.press("g");
      await page.keyboard.press("m");
      await heading("Macro safety");
      equal(await focused(page), "Macro safety", "the focus after g m");
      await page.locator("[data-filter]").waitFor(); // It comes with the list, after the heading.
      await page.keyboard.press("/");
      equal(await focused(page), "Filter macros and profiles", "the focus after /");
      await page.keyboard.type("gm?");
      equal(
        await page.locator("[data-filter]").inputValue(),
        "gm?",
        "letters typed into the filter",
      );
      await page.keyboard.press("Escape");
      await page.keyboard.press("g");
      await page.keyboard.press("c");
      await heading("Cancellations");
      await page.keyboard.press("?");
      await page.getByRole("heading", { name: "Keyboard shortcuts" }).waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await page.keyboard.type("overview");
      await page.keyboard.press("Enter");
      await heading("Overview");
      equal(await page.locator("dialog").count(), 0, "open dialogs");
      await context.close();
    },
  },
  {
    name: "keyboard: the skip link comes first, every stop shows a focus ring",
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/macro-safety");
      await settle(page);
      await page.keyboard.press("Tab");
      equal(await focused(page), "Skip to content", "first stop");
      for (let i = 0; i < 24; i++) {
        await page.keyboard.press("Tab");
        const ring = await page.evaluate(() => {
          const element = document.activeElement;
          if (!element || element === document.body) return true;
          const style = getComputedStyle(element);
          return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
        });
        check(ring, `no focus ring on "${await focused(page)}"`);
      }
      await context.close();
    },
  },
  {
    name: "single-letter shortcuts can be turned off",
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/");
      await page.keyboard.press("?");
      await page.getByRole("checkbox").uncheck();
      await page.keyboard.press("Escape");
      await page.keyboard.press("?");
      await page.waitForTimeout(150);
      equal(await page.locator("dialog").count(), 0, "dialogs after ? with shortcuts off");
      await context.close();
    },
  },
  {
    name: "emergency stop: a short press asks, a held key and a held pointer act",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/");
      await settle(page);
      const button = page.locator(".emergency");
      await button.focus();
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Stop every macro now?" }).waitFor();
      await axe(page, "emergency question");
      await page.keyboard.press("Escape");
      equal(target.mock.world.macros.length, 3, "macros after a short press");
      await button.focus();
      await page.keyboard.down("Space");
      await page.waitForTimeout(500);
      equal(target.mock.world.macros.length, 3, "macros after half a second");
      await page.waitForTimeout(900);
      await page.keyboard.up("Space");
      await page.getByText("Emergency stop: 3 macros stopped.").waitFor();
      equal(target.mock.world.macros.length, 0, "macros after a second");
      equal(await page.locator("dialog").count(), 0, "dialogs after holding");
      target.mock.world.start({ macro_id: "heal" });
      await button.hover();
      await page.mouse.down();
      await page.waitForTimeout(1300);
      await page.mouse.up();
      await page.getByText("Emergency stop: 1 macro stopped.").waitFor();
      await context.close();
    },
  },
];

const liveCases = [
  {
    name: "lost contact: greyed and dated within 12 s, live again without a reload",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/");
      await settle(page);
      await page.getByText("Live", { exact: true }).waitFor();
      const ink = () =>
        page
          .locator(".tile .num")
          .first()
          .evaluate((element) => getComputedStyle(element).color);
      const fresh = await ink();
      target.mock.scene.gone = true;
      for (const socket of target.mock.sockets) socket.terminate();
      await page.getByText(/^Reconnecting/).waitFor({ timeout: 5000 });
      await page.getByText(/^Stale since \d\d:\d\d$/).waitFor({ timeout: 14_000 });
      check((await ink()) !== fresh, "stale numbers have the same colour as fresh ones");
      await page.getByText("Not known now").waitFor();
      await axe(page, "stale, light");
      await page.emulateMedia({ colorScheme: "dark" });
      await page.waitForTimeout(400); // Colours change over a moment.
      await axe(page, "stale, dark");
      target.mock.scene.gone = false;
      await page.getByRole("button", { name: "Try now" }).click();
      await page.getByText("Live", { exact: true }).waitFor({ timeout: 5000 });
      equal(await page.locator(".notice").count(), 0, "notices after the return");
      await context.close();
    },
  },
  {
    name: "without a WebSocket the page lives on REST and says that it reconnects",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      await context.addInitScript(() => {
        window.WebSocket = class {
          constructor() {
            setTimeout(() => this.onclose?.({ code: 1006, reason: "" }), 10);
          }
          close() {}
        };
      });
      const page = await context.newPage();
      await page.clock.install(); // 14 s of the page's own time pass in one of ours.
      await page.goto(target.base);
      await page.waitForSelector("h1");
      const pass = async () => {
        for (let s = 0; s < 14; s++) {
          await page.clock.runFor(1000);
          await page.waitForTimeout(50);
        }
      };
      await pass();
      await page.locator(".tile .num").first().waitFor();
      equal(await page.locator("[data-stale]").count(), 0, "stale marks while REST answers");
      await page.route("**/api/**", (route) => route.abort());
      await pass();
      check((await page.locator("[data-stale]").count()) > 0, "no stale marks when REST does not answer either");
      await context.close();
    },
  },
  {
    name: "a cancellation arrives while one watches: message, list, truth",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/");
      await settle(page);
      target.mock.cancel(
        target.mock.world.macros[0],
        "cpu_usage",
        "Performance threshold exceeded: cpu_usage 88.1 > 80",
      );
      await page.locator(".toast", { hasText: "CPU reached 88.1" }).waitFor();
      await page.locator(".row", { hasText: "CPU reached 88.1" }).waitFor();
      await page.getByText("All good · 2 macros").waitFor();
      await context.close();
    },
  },
  {
    name: "unknown is a word with a reason, never 0",
    mock: true,
    async run(target) {
      const context = await target.context("empty");
      const page = await target.open(context, "/");
      await settle(page);
      const tile = page.getByRole("article", { name: "FPS" });
      check((await tile.innerText()).includes("unknown"), "the FPS tile does not say unknown");
      check(
        /No client reports frames/.test(await tile.innerText()),
        "the FPS tile gives no reason",
      );
      check(!/\b0\b/.test(await tile.locator(".tile-value").innerText()), "the FPS tile shows a 0");
      await context.close();
    },
  },
];

const workCases = [
  {
    name: "macros: start (with a mistake first), refuse a double, stop, check",
    mock: true,
    async run(target) {
      const context = await target.context("empty");
      const page = await target.open(context, "/macro-safety");
      await settle(page);
      await page.getByRole("button", { name: "Start a macro" }).first().click();
      await page.getByLabel("Macro id").fill("Not Valid");
      await page.keyboard.press("Enter");
      await page.getByText("Use 1 to 64 small letters").waitFor();
      await page.getByLabel("Macro id").fill("heal");
      await page.getByText("at most 1 min").waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Heal Macro" }).waitFor();
      await page.getByRole("button", { name: "Start a macro" }).first().click();
      await page.getByLabel("Macro id").fill("heal");
      await page.keyboard.press("Enter");
      await page.getByText("already running").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Check now" }).click();
      await page.getByText("Every macro is inside its limits.").waitFor();
      await page.getByRole("button", { name: "Stop Heal Macro" }).click();
      await page.getByText("No macro is running").first().waitFor();
      await context.close();
    },
  },
  {
    name: "macros: one pauses and goes on, another leaves the quarantine; a program of its own has no pause",
    mock: true,
    async run(target) {
      const context = await target.context("busy");
      const page = await target.open(context, "/macro-safety");
      await settle(page);
      await page.getByText("CPU reached 82.0").first().waitFor();
      equal(await page.getByRole("button", { name: "Pause Heal Macro" }).count(), 0, "pause of an external macro");
      await page.getByRole("button", { name: "Pause Attack Macro" }).click();
      await page.getByRole("button", { name: "Resume Attack Macro" }).click();
      await page.getByRole("button", { name: "Pause Attack Macro" }).waitFor();
      equal(await page.getByRole("region", { name: "Macros in quarantine" }).locator("tbody tr").count(), 2, "in quarantine");
      await page.getByText("until an administrator lets it out").waitFor();
      await page.getByRole("button", { name: "Let out dance" }).click();
      await page.waitForFunction(() => !document.querySelector("#quarantine, [aria-label='Macros in quarantine']")?.textContent.includes("dance"));
      await context.close();
    },
  },
  {
    name: "cancellations: filter, load more, open by the keyboard, export",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/cancellations");
      await settle(page);
      equal(await page.locator("tbody tr").count(), 50, "rows of the first page");
      await page.getByRole("button", { name: "Load older ones" }).click();
      await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 69);
      await page.locator("[data-filter]").fill("attack cpu");
      equal(await page.locator("tbody tr").count(), 1, "rows that match");
      await page.locator("tbody a").focus();
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "Attack Macro was cancelled" }).waitFor();
      await page.locator("canvas").first().waitFor();
      equal(await page.locator("canvas").count(), 5, "charts");
      const moment = page.getByRole("slider", { name: "Moment" });
      const said = page.locator(".replay-said");
      await moment.fill("-60");
      await said.filter({ hasText: "within the limit" }).waitFor();
      await moment.fill("0");
      await said.filter({ hasText: "over the limit, the rule holds" }).waitFor();
      await page.getByRole("button", { name: "Replay" }).click();
      await page.waitForFunction(() => Number(document.querySelector(".replay input").value) > 2);
      await page.getByRole("button", { name: "Hold" }).click();
      await page.getByRole("button", { name: "Table" }).click();
      equal(await page.locator(".samples tbody tr").count(), 91, "rows of the twin");
      equal(await page.locator(".samples .decision-row").count(), 1, "decision rows");
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Export JSON" }).click(),
      ]);
      equal(download.suggestedFilename(), "cancellation-attack-c-attack-cpu.json", "file name");
      await page.goBack();
      await page.getByRole("heading", { level: 1, name: "Cancellations" }).waitFor();
      await context.close();
    },
  },
  {
    name: "a chosen theme is there before the script runs",
    async run(target) {
      const context = await target.context("healthy", { colorScheme: "light" });
      await context.addInitScript(
        () => location.protocol === "http:" && localStorage.setItem("gk.theme", "dark"),
      );
      const page = await context.newPage();
      let release;
      const held = new Promise((resolve) => {
        release = resolve;
      });
      await page.route("**/assets/index-*.js", async (route) => {
        await held;
        await route.continue();
      });
      await page.goto(target.base, { waitUntil: "commit" });
      await page.waitForSelector("#app", { state: "attached" });
      await page.waitForFunction(() => document.styleSheets.length > 0);
      const [ground, text] = await page.evaluate(() => [
        getComputedStyle(document.documentElement).backgroundColor,
        document.getElementById("app").textContent,
      ]);
      release();
      equal(text, "", "content before the script");
      equal(ground, "rgb(14, 19, 17)", "ground before the script");
      await page.waitForSelector("h1");
      await context.close();
    },
  },
];

const lastCases = [
  {
    name: "no request left the daemon's origin",
    run: (target) => equal(target.external.join(", "), "", "external requests"),
  },
  {
    name: "no Content-Security-Policy violation",
    run: (target) => equal(target.violations.join("; "), "", "violations"),
  },
  {
    name: "no uncaught error on any page",
    run: (target) => equal(target.errors.join("; "), "", "errors"),
  },
];

export const kCases = [
  loadCase,
  ...doorCases,
  ...keyboardCases,
  ...liveCases,
  ...workCases,
  ...kRoomCases,
  ...kPlayCases,
  ...kGameCases,
  ...kSettingsCases,
  kFaintCase,
  ...viewCases,
  ...kMacroCases,
  ...paletteCases,
  ...kHeapCases,
  ...lastCases,
];
