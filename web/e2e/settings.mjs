// The cases of the settings, the metrics explorer and the audit.

import { check, equal, settle } from "./harness.mjs";
import { viewCase } from "./views.mjs";

const click = (name) => (page) => page.getByRole("button", { name, exact: true }).first().click();

async function wrongText(page) {
  await click("File")(page);
  await page.getByLabel("Configuration as TOML").fill("[log]\nlevel = 3\nsize = 1\n");
  await page.getByText("mistake").waitFor();
}

/** See views.mjs. */
const kViews = [
  ["settings", "healthy", "/settings"],
  ["settings, as a viewer", "viewer", "/settings"],
  ["settings, tokens", "healthy", "/settings/tokens"],
  ["settings, no token", "empty", "/settings/tokens"],
  ["settings, a new token", "healthy", "/settings/tokens", click("Make a token")],
  ["settings, users", "healthy", "/settings/users"],
  ["settings, a new user", "healthy", "/settings/users", click("Add a user")],
  ["settings, roles", "healthy", "/settings/roles"],
  ["settings, notices", "healthy", "/settings/notices"],
  ["settings, nobody is told", "empty", "/settings/notices"],
  ["settings, a new receiver", "healthy", "/settings/notices", click("Add a receiver")],
  ["settings, notices fail", "broken", "/settings/notices"],
  ["settings, users fail", "broken", "/settings/users"],
  ["configuration", "healthy", "/settings/configuration"],
  ["configuration, as a viewer", "viewer", "/settings/configuration"],
  ["configuration, changed", "healthy", "/settings/configuration", (page) => page.getByLabel("log.level").selectOption("debug")],
  ["configuration, the file", "healthy", "/settings/configuration", wrongText],
  ["configuration, difference", "healthy", "/settings/configuration", click("Difference of revision 1 to now")],
  ["backups", "healthy", "/settings/backups"],
  ["backups, none", "empty", "/settings/backups"],
  ["backups, how to restore", "healthy", "/settings/backups", click("How to restore 2026-11-27-220000-scheduled")],
  ["explore", "healthy", "/explore"],
  ["explore, as a table", "healthy", "/explore", click("Table")],
  ["audit", "healthy", "/logs/audit", (page) => page.locator("summary").nth(3).click()],
  ["audit, empty", "empty", "/logs/audit"],
  ["log", "healthy", "/logs", (page) => page.locator("summary").nth(1).click()],
  ["log, as a viewer", "viewer", "/logs"],
  ["story", "healthy", "/logs/story/c0ffee35a"],
];

const accountCases = [
  {
    name: "settings: a second factor is set up, and a wrong code is said at its field",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/settings");
      await settle(page);
      await page.getByRole("button", { name: "Set up" }).click();
      await page.getByLabel("Your password").fill("four quiet grey herons");
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByRole("img", { name: /QR code/ }).waitFor();
      await page.getByLabel("The app's six digits").fill("111 111");
      await page.getByRole("button", { name: "Turn on" }).click();
      await page.locator("#factor-code-error").waitFor();
      await page.getByLabel("The app's six digits").fill("123 456");
      await page.getByRole("button", { name: "Turn on" }).click();
      const codes = await page.getByRole("region", { name: "Recovery codes" }).innerText();
      equal(codes.trim().split("\n").length, 10, "recovery codes");
      await page.getByRole("button", { name: "I have kept them" }).click();
      await page.getByText("On. 10 recovery codes are left.").waitFor();
      await context.close();
    },
  },
  {
    name: "login: an account with a second factor is asked for its code, and told when it is wrong",
    mock: true,
    async run(target) {
      const context = await target.context("logged-out");
      target.mock.accounts.factor.enabled = true;
      const page = await target.open(context, "/settings");
      await page.getByLabel("User name").fill("marta");
      await page.getByLabel("Password").fill("four quiet grey herons");
      await page.keyboard.press("Enter");
      await page.getByText("Your account has a second factor.").waitFor();
      await page.getByLabel("Code").fill("111111");
      await page.keyboard.press("Enter");
      await page.getByText("That code is not right").waitFor();
      await page.getByLabel("Code").fill("654 321");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
      await context.close();
    },
  },
  {
    name: "settings: a receiver is added, tried, changed and removed; its address is never shown",
    mock: true,
    async run(target) {
      const context = await target.context("empty");
      const page = await target.open(context, "/settings/notices");
      await settle(page);
      await page.getByText("Nobody is told").waitFor();
      await page.getByRole("button", { name: "Add a receiver" }).click();
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await page.locator("#receiver-name-error").waitFor();
      await page.locator("#receiver-url-error").waitFor();
      await page.getByLabel("Name").fill("pager");
      await page.getByLabel("Who is told").selectOption("webhook");
      await page.getByLabel("URL").fill("http://hooks.example.org/secret-path");
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await page.getByText("expected https://").waitFor();
      await page.getByLabel("URL").fill("https://hooks.example.org/secret-path");
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await page.getByText("https://hooks.example.org/…").waitFor();
      check(!(await page.content()).includes("secret-path"), "the address is on the page");
      await page.getByRole("button", { name: "Send test to pager" }).click();
      await page.getByText("pager: the server answered 503").waitFor();
      await page.getByText(/next try in \d s/).waitFor();
      await page.getByRole("button", { name: "Change pager" }).click();
      await page.getByLabel("Switched on").uncheck();
      const put = page.waitForRequest((request) => request.method() === "PUT");
      await page.getByRole("button", { name: "Save" }).click();
      check(/^".+"$/.test((await put).headers()["if-match"] ?? ""), "a change goes out without If-Match");
      await page.getByText("Off", { exact: true }).waitFor();
      check(await page.getByRole("button", { name: "Send test to pager" }).isDisabled(), "a test goes out");
      await page.getByRole("button", { name: "Remove pager" }).click();
      await page.getByRole("button", { name: "Remove", exact: true }).click();
      await page.getByText("Nobody is told").waitFor();
      await context.close();
    },
  },
  {
    name: "settings: a receiver that somebody else changed meanwhile is not overwritten; it is read again",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/settings/notices");
      await settle(page);
      await page.getByRole("button", { name: "Change pager" }).click();
      await page.getByLabel("Kinds of notices").fill("macro.*");
      const other = { kind: "webhook", enabled: false, events: ["game.*"] };
      await page.evaluate(
        (body) => fetch("/api/notices/receivers/pager", { method: "PUT", body: JSON.stringify(body), headers: { "Content-Type": "application/json", "X-Gamekeeper-Csrf": "1" } }),
        other,
      );
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Somebody else changed this receiver meanwhile.").waitFor();
      await page.getByRole("button", { name: "Read it again" }).click();
      await page.waitForFunction(() => document.querySelector("#receiver-events")?.value === "game.*");
      check(!(await page.getByLabel("Switched on").isChecked()), "the form still holds what it was opened with");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("pager is changed.").waitFor();
      await context.close();
    },
  },
  {
    name: "settings: a token is shown once, and revoked after a question",
    mock: true,
    async run(target) {
      const context = await target.context("empty");
      const page = await target.open(context, "/settings/tokens");
      await settle(page);
      await page.getByRole("button", { name: "Make a token" }).click();
      await page.getByRole("button", { name: "Make it" }).click();
      await page.getByText("Pick what it may do.").waitFor();
      await page.getByLabel("Name").fill("score-board");
      await page.getByText("metrics:read").click();
      await page.getByRole("button", { name: "Make it" }).click();
      const shown = await page.getByRole("region", { name: "The token" }).innerText();
      check(shown.startsWith("gk_pat_"), `no token is shown: ${shown}`);
      await page.getByRole("button", { name: "I have kept it" }).click();
      check(!(await page.content()).includes("gk_pat_"), "the token stays on the page");
      await page.getByRole("button", { name: "Revoke score-board" }).click();
      await page.getByRole("button", { name: "Revoke it" }).click();
      await page.getByText("No token yet").waitFor();
      await context.close();
    },
  },
  {
    name: "settings: a user is added, given another role and disabled; one's own stays",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/settings/users");
      await settle(page);
      await page.getByRole("button", { name: "Add a user" }).click();
      await page.getByLabel("User name").fill("marta");
      await page.getByLabel("First password").fill("too short");
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await page.locator("#user-password-error").waitFor();
      await page.getByLabel("First password").fill("long enough, this one");
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await page.locator("#user-name-error").waitFor();
      await page.getByLabel("User name").fill("nele");
      await page.getByRole("button", { name: "Add", exact: true }).click();
      const row = page.locator("tr", { hasText: "nele" });
      await row.waitFor();
      await page.getByRole("button", { name: "Change nele" }).click();
      await page.getByLabel("Role").selectOption("moderator");
      await page.getByRole("button", { name: "Save" }).click();
      await row.getByText("moderator").waitFor();
      await page.getByRole("button", { name: "Disable nele" }).click();
      await page.getByRole("button", { name: "Disable", exact: true }).last().click();
      await row.getByText("Disabled").waitFor();
      check((await page.getByRole("button", { name: "Disable marta" }).count()) === 0, "own row");
      await context.close();
    },
  },
  {
    name: "settings: a viewer sees the own account only",
    mock: true,
    async run(target) {
      const context = await target.context("viewer");
      const page = await target.open(context, "/settings");
      const tabs = await page.getByRole("navigation", { name: "Settings" }).innerText();
      equal(tabs.replace(/\s+/g, " ").trim(), "Your account API tokens", "the tabs");
      await page.goto(`${target.base}/settings/users`);
      await page.getByText("Your role may not see the users").waitFor();
      await context.close();
    },
  },
];

const configCases = [
  {
    name: "configuration: a form changes keys, says what is wrong at the key, and what waits for a start",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/settings/configuration");
      await settle(page);
      await page.getByLabel("monitor.interval_s").fill("90");
      await page.getByLabel("http.max_connections").fill("2048");
      await page.getByRole("button", { name: "Save 2 changes" }).click();
      await page.locator("#config-monitor-interval_s-error").waitFor();
      check((await page.locator("#config-monitor-interval_s-error").innerText()).includes("0.1 to 60"), "the range is not said");
      await page.waitForFunction(() => document.activeElement.id === "config-monitor-interval_s");
      await page.getByLabel("monitor.interval_s").fill("0.5");
      await page.getByLabel(/^Why/).fill("tournament");
      await page.getByRole("button", { name: "Save 2 changes" }).click();
      await page.getByText("Revision 3 is in force").waitFor();
      await page.getByText("1 setting waits", { exact: false }).first().waitFor();
      await page.keyboard.press("Escape");
      await page.getByText("“tournament”").waitFor();
      await page.locator(".revision summary").first().click();
      await page.getByText("1024").first().waitFor();
      await context.close();
    },
  },
  {
    name: "configuration: somebody else's change is shown, kept apart, and not overwritten",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/settings/configuration");
      await settle(page);
      const { mock } = target;
      await page.getByLabel("log.max_file_mb").fill("32");
      // Before the topic has told us: the daemon refuses.
      mock.settings.take('[log]\nlevel = "error"\n', "jonas", "put", "");
      await page.getByRole("button", { name: "Save 1 change" }).click();
      await page.getByText("Somebody changed it").waitFor();
      await page.locator(".config-notice").getByText('"error"').waitFor();
      equal(await page.getByLabel("log.max_file_mb").inputValue(), "32", "what I typed");
      // And by the topic.
      mock.settings.change('[log]\nlevel = "debug"\n', "put", "", (topic, data) => mock.publish(topic, data), "jonas");
      await page.locator(".config-notice").getByText('"debug"').waitFor();
      await page.getByRole("button", { name: "Keep mine, on top" }).click();
      await page.getByRole("button", { name: "Save 1 change" }).click();
      await page.getByText("Revision 5 is in force").waitFor();
      check(/level = "debug"/.test(mock.settings.text), "their change is lost");
      check(/max_file_mb = 32/.test(mock.settings.text), "my change is lost");
      await context.close();
    },
  },
  {
    name: "configuration: the file is checked while one types, a mistake leads to its line, a revision comes back",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/settings/configuration");
      await settle(page);
      await wrongText(page);
      await page.getByText("2 mistakes").waitFor();
      check(await page.getByRole("button", { name: "Replace the file" }).isDisabled(), "a wrong file may be sent");
      await page.getByRole("button", { name: "Line 3" }).click();
      equal(await page.evaluate(() => getSelection().toString() || document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)), "size = 1", "the line");
      await page.getByLabel("Configuration as TOML").fill('[log]\nlevel = "error"\n');
      await page.getByText("would change").waitFor();
      await page.getByRole("button", { name: "Replace the file" }).click();
      await page.getByText("Revision 3 is in force").waitFor();
      await page.getByRole("button", { name: "Restore revision 2" }).click();
      await page.getByRole("button", { name: "Restore it" }).click();
      await page.getByText("Revision 4 is in force").waitFor();
      check(target.mock.settings.text.includes("interval_s = 2"), "the text is not that of revision 2");
      await context.close();
    },
  },
  {
    name: "configuration: a wrong file on disk is said with its lines, and put back",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      target.mock.settings.complaints = [{ line: 4, key: "log.level", message: "expected a level" }];
      const page = await target.open(context, "/settings/configuration");
      await page.getByText("The file on disk is wrong.").waitFor();
      await page.getByText("Line 4").waitFor();
      await page.getByRole("button", { name: "Put back what holds" }).click();
      await page.getByText("The file on disk is wrong.").waitFor({ state: "detached" });
      await context.close();
    },
  },
  {
    name: "backups: one is made and deleted; a full disk is said",
    mock: true,
    async run(target) {
      const context = await target.context("empty");
      const page = await target.open(context, "/settings/backups");
      await settle(page);
      target.mock.settings.full = true;
      await page.getByRole("button", { name: "Make a backup" }).click();
      await page.getByText("disk is full").waitFor();
      target.mock.settings.full = false;
      await page.getByRole("button", { name: "Make a backup" }).click();
      await page.getByText("whole and checked, 43.0").waitFor();
      await page.getByRole("button", { name: /^How to restore/ }).click();
      check((await page.getByRole("region", { name: "Commands" }).innerText()).includes("gamekeeper --data /var/lib/gamekeeper db restore /var/lib/gamekeeper/backups/"), "the command");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: /^Delete / }).click();
      await page.getByRole("button", { name: "Delete", exact: true }).click();
      await page.getByText("No backup yet").waitFor();
      await context.close();
    },
  },
];

const exploreCases = [
  {
    name: "explore: a drag zooms, the whole range comes back, a series is added and removed",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/explore");
      await settle(page);
      const over = page.locator(".u-over").first();
      await over.waitFor();
      const box = await over.boundingBox();
      await page.mouse.move(box.x + box.width * 0.3, box.y + 60);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 5 });
      await page.mouse.up();
      await page.getByRole("button", { name: "Whole range" }).click();
      check((await page.getByRole("button", { name: "Whole range" }).count()) === 0, "still zoomed");
      await page.getByRole("button", { name: "Closer" }).press("Enter");
      await page.getByRole("button", { name: "Earlier" }).press("Enter");
      await page.getByRole("button", { name: "Whole range" }).press("Enter");
      await page.getByLabel("Add a series").selectOption("latency|game:openttd");
      await page.getByRole("heading", { name: /of game:openttd/ }).waitFor();
      await page.getByRole("button", { name: /^Remove .*openttd/ }).click();
      check((await page.getByRole("heading", { name: /of game:openttd/ }).count()) === 0, "it stays");
      await context.close();
    },
  },
  {
    name: "explore: compares with a day and a week before; cancellations and changes are marked and listed",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const { settings } = target.mock;
      settings.take("", "jonas", "patch", "", Date.now() - 600_000);
      const page = await target.open(context, "/explore");
      await settle(page);
      const asked = [];
      page.on("request", (request) => {
        const { pathname, searchParams } = new URL(request.url());
        if (pathname === "/api/metrics/series") asked.push(Date.now() - Date.parse(searchParams.get("from")));
      });
      await page.getByLabel("Compare with").selectOption("The week before");
      await page.getByText("dashed: the week before").first().waitFor();
      check(asked.some((ago) => Math.abs(ago - (7 * 24 + 1) * 3_600_000) < 60_000), `no window of a week ago in ${asked}`);
      const row = page.getByRole("region", { name: "What happened" }).getByRole("link", { name: /jonas changed the configuration/ });
      await row.waitFor();
      const label = await page.locator(".plot").first().getAttribute("aria-label");
      check(/1 change of the configuration/.test(label), `the chart does not say its marks: ${label}`);
      await page.getByRole("button", { name: "Table" }).click();
      await page.getByRole("columnheader", { name: "the week before" }).first().waitFor();
      await row.click();
      await page.waitForURL(/settings\/configuration/);
      await context.close();
    },
  },
  {
    name: "audit: a row opens, filters by its actor, and the chain is verified",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/logs/audit");
      await settle(page);
      await page.locator("summary").first().click();
      await page.locator("summary", { hasText: "user.create stream-screen" }).waitFor();
      check((await page.locator("summary", { hasText: "u-3" }).count()) === 0, "a row names an id where it knows the name");
      await page.getByRole("button", { name: "Only marta" }).first().click();
      await page.waitForFunction(() => document.querySelectorAll(".audit-row").length === 4);
      await page.getByRole("button", { name: "Verify" }).click();
      await page.getByText(/Sound: 6 rows/).waitFor();
      await context.close();
    },
  },
];

const logCases = [
  {
    name: "log: filters, a line comes live, and its request's story is one click away",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/logs");
      await settle(page);
      check((await page.locator(".audit-row img").count()) === 0, "text of a line became markup");
      await page.getByRole("button", { name: "Errors" }).click();
      await page.waitForFunction(() => document.querySelectorAll(".audit-row").length === 1);
      target.mock.publish("log:line", { ts: new Date().toISOString(), level: "error", event: "x.y", message: "Live it is", correlation_id: "c0ffee35a" });
      await page.getByText("Live it is").click();
      await page.getByRole("link", { name: "c0ffee35a" }).click();
      await page.getByRole("heading", { level: 1, name: "One request" }).waitFor();
      await page.getByText("change recorded").waitFor();
      await context.close();
    },
  },
];

export const kSettingsCases = [
  ...kViews.map((view) => viewCase(view)),
  ...accountCases,
  ...configCases,
  ...exploreCases,
  ...logCases,
];
