// The cases of sessions, modes and commands.

import { check, settle } from "./harness.mjs";
import { viewCase } from "./views.mjs";

const button = (name) => (page) => page.getByRole("button", { name, exact: true }).first().click();

/** See views.mjs. */
const kViews = [
  ["sessions", "healthy", "/sessions"],
  ["sessions, none", "empty", "/sessions"],
  ["sessions, as a viewer", "viewer", "/sessions"],
  ["sessions, fail", "broken", "/sessions"],
  ["sessions, a new one", "healthy", "/sessions", button("New session")],
  ["sessions, a mode", "healthy", "/sessions", button("Change fishing")],
  [
    "sessions, completions",
    "healthy",
    "/sessions",
    (page) => page.getByLabel("Command", { exact: true }).pressSequentially("session "),
  ],
];

const kWork = [
  {
    name: "sessions: a character is made, started, paused by a quick action and stopped",
    mock: true,
    async run(target) {
      const context = await target.context("empty");
      const page = await target.open(context, "/sessions");
      await settle(page);
      check(await page.getByRole("button", { name: "Pause", exact: true }).isDisabled(), "nothing to pause");
      await page.getByRole("button", { name: "New session" }).first().click();
      await page.getByRole("button", { name: "Create" }).click();
      await page.getByText("Type the character's name.").waitFor();
      await page.getByLabel("Character").fill("Knight");
      await page.getByRole("button", { name: "Create" }).click();
      const card = page.locator(".play-card", { hasText: "Knight" });
      await card.getByText("Running").waitFor();
      await page.getByRole("button", { name: "Pause", exact: true }).first().click();
      await card.getByText("Paused").waitFor();
      await page.getByRole("button", { name: "Stop Knight" }).click();
      await card.getByText("Stopped").waitFor();
      await context.close();
    },
  },
  {
    name: "commands: completion, what is allowed, the result without a reload, and the history by keys",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/sessions");
      await settle(page);
      const line = page.getByLabel("Command", { exact: true });
      await line.pressSequentially("mo");
      await page.keyboard.press("Tab");
      await line.pressSequentially("ex");
      await page.keyboard.press("Tab");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      check((await line.inputValue()) === "mode execute fishing ", await line.inputValue());
      await page.keyboard.press("Enter");
      const first = page.locator(".command-entry").first();
      await first.getByText("Done", { exact: true }).waitFor();
      await line.fill("session jump");
      await page.keyboard.press("Enter");
      await page.getByText("session takes one of: start, pause, stop.").waitFor();
      await line.fill("macro start nothing");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Enter");
      await first.getByText("there is no macro nothing").waitFor();
      await page.keyboard.press("ArrowUp");
      check((await line.inputValue()) === "macro start macro_id=nothing", await line.inputValue());
      await context.close();
    },
  },
  {
    name: "commands: stop everything asks first",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/sessions");
      await settle(page);
      await page.getByRole("button", { name: "Stop everything" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Stop everything" }).click();
      await page.locator(".command-entry", { hasText: "emergency stop" }).getByText("Done", { exact: true }).waitFor();
      await context.close();
    },
  },
  {
    name: "modes: one is added with arguments; a mistake is shown at its field",
    mock: true,
    async run(target) {
      const context = await target.context("empty");
      const page = await target.open(context, "/sessions");
      await settle(page);
      await page.getByRole("button", { name: "Add a mode" }).click();
      await page.getByLabel("Name").fill("Fishing!");
      await page.getByLabel("Its own arguments").fill("{rod}");
      await page.getByRole("button", { name: "Save" }).click();
      await page.locator("#mode-name-error").waitFor();
      await page.locator("#mode-args-0-error").waitFor();
      await page.getByLabel("Name").fill("fishing");
      await page.getByLabel("Macro", { exact: true }).fill("fish");
      await page.getByLabel("Its own arguments").fill('{"rod": "carbon"}');
      await page.getByRole("button", { name: "Save" }).click();
      await page.locator(".play-mode", { hasText: "fishing" }).waitFor();
      check(target.mock.characters.modes[0].macros[0].args.rod === "carbon", "the arguments");
      await context.close();
    },
  },
];

export const kPlayCases = [...kViews.map((view) => viewCase(view)), ...kWork];
