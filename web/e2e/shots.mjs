// Screenshots of every page, to look at: npm run shots -- [folder] [name filter]

import { mkdirSync } from "node:fs";

import { MockDaemon } from "../mock/server.mjs";
import { launch } from "./browser.mjs";

const folder = process.argv[2] ?? "/tmp/gk-shots";
const only = (process.argv[3] ?? "").split(",");
if (folder !== "readme") mkdirSync(folder, { recursive: true });

const kShots = [
  ["setup", "setup", "/setup"],
  ["login", "logged-out", "/"],
  ["overview", "healthy", "/"],
  ["overview-empty", "empty", "/"],
  ["overview-degraded", "degraded", "/"],
  ["overview-failed", "failed", "/"],
  ["overview-busy", "busy", "/"],
  ["overview-broken", "broken", "/"],
  ["macros", "healthy", "/macro-safety"],
  ["macros-busy", "busy", "/macro-safety"],
  ["macros-empty", "empty", "/macro-safety"],
  ["cancellations", "healthy", "/cancellations"],
  ["cancellations-empty", "empty", "/cancellations"],
  ["cancellation", "healthy", "/cancellations/c-attack-cpu"],
  ["cancellation-replay", "healthy", "/cancellations/c-attack-cpu", (page) => page.getByRole("slider", { name: "Moment" }).fill("-1")],
  ["cancellation-none", "healthy", "/cancellations/nothing"],
  ["not-found", "healthy", "/nowhere/at/all"],
  ["locks", "healthy", "/locks"],
  ["locks-empty", "empty", "/locks"],
  ["locks-viewer", "viewer", "/locks"],
  ["lane", "healthy", "/locks/knight"],
  ["lock-options", "healthy", "/locks/knight", (page) => page.click("text=Options")],
  ["tasks", "healthy", "/tasks"],
  ["tasks-empty", "empty", "/tasks"],
  ["graph", "healthy", "/tasks/g-nightly"],
  ["graph-failed", "healthy", "/tasks/g-deploy"],
  ["submit", "healthy", "/tasks", (page) => page.click("text=Submit a graph")],
  ["referee", "healthy", "/referee"],
  ["referee-empty", "empty", "/referee"],
  ["review", "healthy", "/referee/review"],
  [
    "replay",
    "healthy",
    "/referee/replay",
    async (page) => {
      await page.click("text=Use an example");
      await page.click("text=Judge it");
    },
  ],
  ["referee-options", "healthy", "/referee/options"],
  ["player", "healthy", "/referee/players/juniper"],
  ["player-3d", "healthy", "/referee/players/holt"],
  ["games", "healthy", "/games"],
  ["games-empty", "empty", "/games"],
  ["games-busy", "busy", "/games"],
  ["console", "healthy", "/games/caravan"],
  ["game-new", "healthy", "/games", (page) => page.click("text=Add a game")],
  ["simulate", "healthy", "/cancellations/c-attack-cpu", (page) => page.getByRole("button", { name: "Simulate attack" }).click()],
  ["simulate-asked", "healthy", "/cancellations/c-attack-cpu", async (page) => {
    await page.getByRole("button", { name: "Simulate attack" }).click();
    for (const words of ["Another time, profile", "Try other limits", "What the history knows"])
      await page.getByText(words).click();
  }],
  ["profile-edit", "healthy", "/macro-safety", async (page) => {
    await page.getByRole("button", { name: "Edit dance" }).click();
    await page.getByRole("button", { name: "Add a window" }).click();
  }],
  ["trends", "healthy", "/trends"],
  ["trends-table", "healthy", "/trends", (page) => page.getByRole("button", { name: "Table" }).click()],
  ["trends-empty", "empty", "/trends"],
  ["detect", "healthy", "/games", (page) => page.click("text=Detect")],
  ["library", "healthy", "/library", (page) => page.getByRole("button", { name: "Log of backup" }).click()],
  ["library-edit", "healthy", "/library", (page) => page.getByRole("button", { name: "Edit backup" }).click()],
  ["sessions", "healthy", "/sessions"],
  ["sessions-empty", "empty", "/sessions"],
  [
    "sessions-complete",
    "healthy",
    "/sessions",
    (page) => page.getByLabel("Command", { exact: true }).pressSequentially("mode execute "),
  ],
  ["mode", "healthy", "/sessions", (page) => page.click("button:has-text(\"Change fishing\")")],
  ["settings", "healthy", "/settings"],
  ["settings-tokens", "healthy", "/settings/tokens"],
  ["settings-notices", "healthy", "/settings/notices"],
  ["settings-notices-empty", "empty", "/settings/notices"],
  ["settings-notice-new", "healthy", "/settings/notices", (page) => page.click("text=Add a receiver")],
  ["settings-token-new", "healthy", "/settings/tokens", (page) => page.click("text=Make a token")],
  ["settings-users", "healthy", "/settings/users"],
  ["settings-roles", "healthy", "/settings/roles"],
  [
    "settings-factor",
    "healthy",
    "/settings",
    async (page) => {
      await page.click("text=Set up");
      await page.fill("#factor-password", "four quiet grey herons");
      await page.click("text=Continue");
    },
  ],
  ["explore", "healthy", "/explore", (page) => page.getByLabel("Compare with").selectOption("The day before")],
  ["log", "healthy", "/logs", (page) => page.locator("summary").nth(1).click()],
  ["audit", "healthy", "/logs/audit", (page) => page.locator("summary").nth(3).click()],
  ["configuration", "healthy", "/settings/configuration", (page) => page.getByLabel("log.level").selectOption("debug")],
  ["configuration-file", "healthy", "/settings/configuration", async (page) => {
    await page.getByRole("button", { name: "File" }).click();
    await page.getByLabel("Configuration as TOML").fill("[log]\nlevel = 3\nsize = 1\n");
    await page.getByText("mistake").waitFor();
  }],
  ["configuration-diff", "healthy", "/settings/configuration", (page) => page.getByRole("button", { name: "Difference of revision 1 to now" }).click()],
  ["backups", "healthy", "/settings/backups"],
  ["pages", "healthy", "/locks", (page) => page.locator(".nav-more").evaluate((b) => b.click())],
  [
    "stale",
    "healthy",
    "/",
    async (page, daemon) => {
      daemon.scene.gone = true;
      for (const socket of daemon.sockets) socket.terminate();
      await page.waitForSelector(".notice", { timeout: 30_000 });
    },
  ],
  ["macros-table", "busy", "/macro-safety", (page) => page.click("text=Table")],
  ["start", "healthy", "/macro-safety", (page) => page.click("text=Start a macro")],
  ["palette", "healthy", "/", (page) => page.keyboard.press("Control+k")],
  ["help", "healthy", "/", (page) => page.keyboard.press("?")],
  ["timeline-table", "healthy", "/cancellations/c-attack-cpu", (page) => page.click("text=Table")],
  ["tiles-table", "healthy", "/", (page) => page.click("text=Table")],
];

/** The picture of the README: npm run shots -- readme FILE */
async function readmePicture(browser, daemon, port) {
  daemon.play("healthy");
  const page = await browser.newPage({
    viewport: { width: 1280, height: 860 },
    colorScheme: "dark",
  });
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForTimeout(2500);
  await page.screenshot({ path: process.argv[3] });
}

const daemon = new MockDaemon("healthy");
const port = await daemon.listen(0);
const browser = await launch();
const forReadme = folder === "readme";
if (forReadme) await readmePicture(browser, daemon, port);
const shots = forReadme ? [] : kShots.filter(([name]) => only.some((start) => name.startsWith(start)));
for (const [name, scene, path, act] of shots) {
  for (const theme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
      daemon.play(scene);
      const page = await browser.newPage({
        viewport: { width, height: width > 500 ? 860 : 844 },
        colorScheme: theme,
        deviceScaleFactor: 1,
      });
      await page.goto(`http://127.0.0.1:${port}${path}`);
      await page.waitForTimeout(900);
      if (act) await act(page, daemon);
      await page.waitForTimeout(act ? 400 : 100);
      await page.screenshot({
        path: `${folder}/${name}-${theme}-${width}.png`,
        fullPage: !["game-new", "detect", "simulate", "simulate-asked", "profile-edit", "mode", "settings-token-new", "settings-factor", "start", "palette", "help", "pages", "submit", "lock-options"].includes(name),
      });
      await page.close();
    }
  }
}
await browser.close();
await daemon.close();
