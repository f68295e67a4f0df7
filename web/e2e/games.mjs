// The cases of the games, their consoles, and the macro library.

import { check, settle } from "./harness.mjs";
import { viewCase } from "./views.mjs";

const button = (name) => (page) => page.getByRole("button", { name, exact: true }).first().click();

/** See views.mjs. */
const kViews = [
  ["games", "healthy", "/games"],
  ["games, none", "empty", "/games"],
  ["games, as a viewer", "viewer", "/games"],
  ["games, a new one", "healthy", "/games", button("Add a game")],
  ["games, detected", "healthy", "/games", async (page) => {
    await button("Detect")(page);
    await page.getByRole("button", { name: "Add openttd-2" }).waitFor();
  }],
  ["games, none detected", "empty", "/games", async (page) => {
    await button("Detect")(page);
    await page.getByText("No game server was found").waitFor();
  }],
  ["games, many that draw", "busy", "/games", button("Show all 16 subjects")],
  ["console", "healthy", "/games/caravan"],
  ["console of nothing", "healthy", "/games/nothing"],
  ["library", "healthy", "/library", button("Log of backup")],
  ["library, empty", "empty", "/library"],
  ["library, a macro", "healthy", "/library", button("Edit backup")],
];

const kPerformance = "**/api/macro-safety/performance";
const frameRows = (page) => page.locator(".frames-row");

const kWork = [
  {
    name: "frame rates: who says so, what is unknown and each issue in words; they follow what changes",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/games");
      await settle(page);
      const row = (name) => frameRows(page).filter({ has: page.getByText(name, { exact: true }) });
      const says = async (name, ...words) => {
        const text = (await row(name).innerText()).replaceAll("\u00a0", " ");
        for (const word of words) check(text.includes(word), `${name} does not say "${word}": ${text}`);
      };
      await says("frames:arena", "Claimed by a client", "60 fps", "16.7 ms", "97 of 100", "no issue");
      await says("frames:cave", "Stutter × 3, high", "Memory pressure, high, measured", "and 2 older");
      await says("frames:old-arena", "unknown", "The game ended.");
      await says("caravan", "Measured", "Low frame rate, low");
      check(!(await row("frames:old-arena").innerText()).includes("0 fps"), "an unknown rate became a number");
      await page.route(kPerformance, (route) => route.abort()); // The topic alone tells.
      target.mock.draws = (one) => one.subject === "frames:arena";
      await page.waitForFunction(() => document.querySelectorAll(".frames-row").length === 1);
      await page.getByText("no issue in the last 5 s").waitFor();
      await context.close();
    },
  },
  {
    name: "frame rates: of many the worst are shown, all on demand; none is no section; a failure says so",
    mock: true,
    async run(target) {
      const many = await target.context("busy");
      const busy = await target.open(many, "/games");
      await settle(busy);
      check((await frameRows(busy).count()) === 8, `${await frameRows(busy).count()} rows of 16`);
      for (const name of ["frames:cave", "caravan"]) await frameRows(busy).getByText(name, { exact: true }).waitFor();
      await button("Show all 16 subjects")(busy);
      check((await frameRows(busy).count()) === 16, `${await frameRows(busy).count()} rows of all 16`);
      await many.close();
      const context = await target.context("empty");
      const page = await target.open(context, "/games");
      await settle(page);
      check((await page.getByText("Frame rates").count()) === 0, "a section of nobody");
      target.mock.draws = null; // Else what the topic tells takes the failure's place.
      await page.route(kPerformance, (route) => route.fulfill({ status: 500, json: { type: "internal", title: "x", status: 500, detail: "It broke." } }));
      await page.reload();
      await page.getByText("The frame rates could not be read").waitFor();
      await context.close();
    },
  },
  {
    name: "console: a command is completed, its answer comes live, a dangerous one asks, text stays text",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/games/caravan");
      await settle(page);
      check((await page.locator(".console b").count()) === 0, "what a player wrote became markup");
      await page.getByText("<b>hello</b>", { exact: false }).waitFor();
      const fromEnd = () => page.locator("ol.console").evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight);
      check((await fromEnd()) < 2, `opens ${await fromEnd()} px above its newest line`);
      await page.locator("ol.console").evaluate((list) => (list.scrollTop = 0));
      const line = page.getByLabel("Command for caravan");
      await line.fill("getd");
      await page.waitForFunction(() => document.querySelector("#console-choices option"));
      await line.press("Tab");
      check((await line.inputValue()) === "getdate", await line.inputValue());
      await line.press("Enter");
      await page.getByText("done: getdate").waitFor();
      check((await fromEnd()) > 200, "a new line pulled away who had scrolled up");
      await line.fill("quit");
      await line.press("Enter");
      await page.getByRole("button", { name: "Send it" }).click();
      await page.getByText("done: quit").waitFor();
      await context.close();
    },
  },
  {
    name: "games: one is added; a mistake is shown at its field; it is disconnected and removed",
    mock: true,
    async run(target) {
      const context = await target.context("empty");
      const page = await target.open(context, "/games");
      await settle(page);
      await page.getByRole("button", { name: "Add a game" }).first().click();
      await page.getByLabel("Name").fill("My Game");
      await page.getByLabel("Port").fill("70000");
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await page.locator("#game-name-error").waitFor();
      await page.locator("#game-port-error").waitFor();
      await page.getByLabel("Name").fill("harbour");
      await page.getByLabel("What it is").selectOption("openttd");
      await page.getByLabel("Password of its console").fill("secret words");
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await page.getByRole("heading", { level: 1, name: "harbour" }).waitFor();
      check(!(await page.content()).includes("secret words"), "the password stays on the page");
      await page.getByRole("button", { name: "Disconnect" }).click();
      await page.getByText("Disconnected").waitFor();
      await page.getByRole("button", { name: "Settings", exact: true }).click();
      await page.getByRole("button", { name: "Remove the game" }).click();
      await page.getByRole("button", { name: "Remove", exact: true }).click();
      await page.getByText("No game is linked yet").waitFor();
      await context.close();
    },
  },
  {
    name: "games: a detected server fills the form; one that is linked is not offered; a failure is told",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/games");
      await settle(page);
      let broken = true;
      await page.route("**/api/games/detect", (route) =>
        broken
          ? route.fulfill({
              status: 503,
              contentType: "application/problem+json",
              body: JSON.stringify({ type: "unavailable", title: "Busy", status: 503, detail: "a detection runs" }),
            })
          : route.continue(),
      );
      await button("Detect")(page);
      await page.getByText("a detection runs").waitFor();
      broken = false;
      await page.getByRole("alert").getByRole("button").click();
      await page.getByRole("link", { name: "caravan", exact: true }).last().waitFor();
      check((await page.getByRole("button", { name: /^Add openttd$/ }).count()) === 0, "a linked server is offered");
      await page.getByRole("button", { name: "Add openttd-2" }).click();
      const value = (label) => page.getByLabel(label, { exact: true }).inputValue();
      check((await value("Name")) === "openttd-2", `name ${await value("Name")}`);
      check((await value("What it is")) === "openttd", `kind ${await value("What it is")}`);
      check((await value("Port")) === "3988", `port ${await value("Port")}`);
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await page.getByRole("heading", { level: 1, name: "openttd-2" }).waitFor();
      await page.goto(`${target.base}/games`);
      await settle(page);
      await page.getByRole("button", { name: "Add a game" }).click();
      check((await value("Name")) === "", "the form keeps what was detected before");
      await context.close();
    },
  },
  {
    name: "library: a mistake leads to its place, a macro is saved, run and deleted",
    mock: true,
    async run(target) {
      const context = await target.context("empty");
      const page = await target.open(context, "/library");
      await settle(page);
      await page.getByRole("button", { name: "New macro" }).first().click();
      const text = page.getByLabel("Text");
      await text.fill('{"name": "x", "actions": [{"type": "jump"}]}');
      await page.getByRole("button", { name: "actions[0].type" }).click();
      const picked = await text.evaluate((box) => box.value.slice(box.selectionStart, box.selectionEnd));
      check(picked === '"jump"', `picked ${picked}`);
      await text.fill('{"name": "x", "actions": []}');
      await page.getByText(/Valid: 2 actions/).waitFor();
      await page.getByLabel("Name").fill("hello");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByRole("button", { name: "Run hello" }).click();
      await page.getByText("hello runs.").waitFor();
      await page.getByRole("button", { name: "Delete hello" }).click();
      await page.getByRole("button", { name: "Delete", exact: true }).click();
      await page.getByText("The library is empty").waitFor();
      await context.close();
    },
  },
];

export const kGameCases = [...kViews.map((view) => viewCase(view)), ...kWork];
