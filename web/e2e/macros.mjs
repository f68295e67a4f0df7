// Cases of the macros' page beyond running them: profiles that are edited, simulations that are asked.

import { check, equal, focused, settle } from "./harness.mjs";

const row = (page, id) => page.locator(".profiles tr", { has: page.locator(`code:text-is("${id}")`) });

async function edit(page, id) {
  await page.getByRole("button", { name: `Edit ${id}` }).click();
  await page.getByRole("button", { name: "Add a window" }).waitFor();
}

const profileCases = [
  {
    name: "profiles: windows are added, moved and removed; only what differs is sent; mistakes stand at their fields",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/macro-safety");
      await settle(page);
      await edit(page, "dance");
      await page.getByRole("button", { name: "Add a window" }).click();
      const second = page.locator(".window").nth(1);
      equal(await page.evaluate(() => document.activeElement.id), "window-1-cron", "the focus after adding");
      await second.getByLabel("Opens at").fill("0 8 * *");
      await second.getByLabel("Time zone").fill("Nowhere");
      await second.getByLabel("FPS at least").fill("many");
      await page.getByRole("button", { name: "Save" }).click();
      await second.getByText("Enter a number from 0 to 1000.").waitFor();
      equal(target.mock.profiles.changed, null, "what was sent with a mistake in it");
      await second.getByLabel("FPS at least").fill("20");
      await page.getByRole("button", { name: "Save" }).click();
      await second.getByText("expected 5 fields").waitFor();
      await second.getByText('got "Nowhere"').waitFor();
      check(await second.getByLabel("Opens at").getAttribute("aria-invalid"), "the field is not marked as wrong");
      await second.getByLabel("Opens at").fill("0 8 * * 1");
      await second.getByLabel("Time zone").fill("UTC");
      await page.getByRole("button", { name: "Move window 2 up" }).click();
      equal(await focused(page), "Move window 1 down", "the focus at the upper end");
      await page.getByRole("button", { name: "Save" }).click();
      await page.locator("dialog").waitFor({ state: "detached" });
      const { windows, ...rest } = target.mock.profiles.changed;
      equal(JSON.stringify(rest), "{}", "fields that were sent besides the windows");
      equal(windows.map((one) => one.cron).join(), "0 8 * * 1,0 22 * * *", "windows in their order");
      equal(JSON.stringify(windows[0].thresholds), '{"fps_min":20}', "limits of the new window");
      await row(page, "dance").getByText("0 8 * * 1 for 1 h, UTC · FPS ≥ 20").waitFor();
      await edit(page, "dance");
      await page.getByRole("button", { name: "Remove night" }).click();
      await page.getByRole("button", { name: "Save" }).click();
      await page.locator("dialog").waitFor({ state: "detached" });
      equal(target.mock.profiles.changed.windows.length, 1, "windows after one was removed");
      await context.close();
    },
  },
  {
    name: "profiles: the dry run is switched; a change of somebody else is not overwritten",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/macro-safety");
      await settle(page);
      await edit(page, "heal");
      target.mock.profiles.touch("heal");
      await page.getByLabel("Dry run").check();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Somebody else changed this profile").waitFor();
      equal(target.mock.profiles.changed, null, "what was sent over somebody else's change");
      await page.getByRole("button", { name: "Read it again" }).click();
      await page.getByText("Somebody else changed").waitFor({ state: "detached" });
      await page.getByLabel("Dry run").check();
      await page.getByRole("button", { name: "Save" }).click();
      await row(page, "heal").getByText("Records only (dry run)").waitFor();
      equal(JSON.stringify(target.mock.profiles.changed), '{"dry_run":true}', "what was sent");
      await context.close();
    },
  },
  {
    name: "profiles: a viewer may not edit",
    mock: true,
    async run(target) {
      const context = await target.context("viewer");
      const page = await target.open(context, "/macro-safety");
      await settle(page);
      await row(page, "heal").waitFor();
      equal(await page.getByRole("button", { name: /^Edit/ }).count(), 0, "buttons to edit");
      await context.close();
    },
  },
];

const simulationCases = [
  {
    name: "simulation: it asks for that macro only, tells a failure, tries again, shows each step",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/macro-safety");
      await settle(page);
      const asked = [];
      await page.route("**/api/macro-safety/simulate", (route) => {
        asked.push(route.request().postData());
        return asked.length > 1
          ? route.continue()
          : route.fulfill({
              status: 503,
              contentType: "application/problem+json",
              body: JSON.stringify({ type: "unavailable", title: "Busy", status: 503, detail: "another simulation runs" }),
            });
      });
      await page.getByRole("button", { name: "Simulate attack" }).click();
      await page.getByText("another simulation runs").waitFor();
      await page.getByRole("alert").getByRole("button").click();
      await page.locator(".decisions li").first().waitFor();
      equal(asked.join(), '{"macro_id":"attack"},{"macro_id":"attack"}', "what was asked");
      equal((await page.locator(".decisions .chip").allInnerTexts()).join(), "Warn,Clear,Warn,Cancel", "steps");
      await page.getByText("Latency: the worst sample was 612 ms, the limit is 500 ms").waitFor();
      await page.getByText("FPS: the worst sample was 9 fps, the limit is 15 fps").waitFor();
      await page.getByText("Watched as risky, as at its last start.").waitFor();
      await page.getByText("What the history knows of each signal").click();
      equal(
        (await page.locator(".coverage tbody tr").first().locator("th, td").allInnerTexts()).join("|"),
        "CPU|the machine|8520|120|more than 99\u00a0%",
        "first row of the coverage",
      );
      await page.keyboard.press("Escape");
      await page.locator("dialog").waitFor({ state: "detached" });
      await context.close();
    },
  },
  {
    name: "simulation: another time, profile, kind, game and limits are asked for, and checked first",
    mock: true,
    async run(target) {
      const context = await target.context("healthy", { timezoneId: "Europe/Berlin" });
      const page = await target.open(context, "/macro-safety");
      await settle(page);
      const asked = [];
      page.on("request", (request) => request.url().endsWith("/simulate") && asked.push(request.postDataJSON()));
      await page.getByRole("button", { name: "Simulate attack" }).click();
      await page.locator(".decisions li").first().waitFor();
      await page.getByText("Another time, profile").click();
      await page.getByLabel("From").fill("2026-11-02T10:00");
      await page.getByLabel("To", { exact: true }).fill("2026-11-01T10:00");
      const go = page.locator(".ask").getByRole("button", { name: "Simulate" });
      await go.click();
      await page.getByText("Enter a time after the start.").waitFor();
      equal(asked.length, 1, "questions with a mistake in it, and the first");
      await page.getByLabel("To", { exact: true }).fill("2026-11-03T10:00");
      await page.getByLabel("Under the profile").selectOption("dance");
      await page.getByLabel("As if it were a").selectOption("external");
      await page.getByLabel("On the game").fill("caravan");
      await page.getByText("Try other limits").click();
      await page.getByLabel("CPU at most").fill("55");
      await go.click();
      await page.getByText("2 Nov, 10:00 to 3 Nov, 10:00").waitFor();
      equal(
        JSON.stringify(asked[1]),
        JSON.stringify({
          macro_id: "attack", profile: "dance", game: "caravan", kind: "external",
          from: "2026-11-02T09:00:00.000Z", to: "2026-11-03T09:00:00.000Z", patch: { thresholds: { cpu_usage_max: 55 } },
        }),
        "what was asked",
      );
      await context.close();
    },
  },
  {
    name: "simulation: changes of a profile are tried before they are saved",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/macro-safety");
      await settle(page);
      await edit(page, "dance");
      await page.getByLabel("Dry run").check();
      const [request] = await Promise.all([
        page.waitForRequest("**/simulate"),
        page.getByRole("button", { name: "Try on the last 24 h" }).click(),
      ]);
      equal(request.postData(), '{"macro_id":"dance","patch":{"dry_run":true}}', "what was asked");
      await page.getByText("It would have decided nothing").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("heading", { name: "Simulate dance" }).waitFor({ state: "detached" });
      check(await page.getByLabel("Dry run").isChecked(), "what was typed is lost");
      equal(target.mock.profiles.changed, null, "what was sent");
      await context.close();
    },
  },
];

const trendCases = [
  {
    name: "trends: directions in words, other days and another zone are asked for, a wrong zone stands at its field",
    mock: true,
    async run(target) {
      const context = await target.context("healthy", { timezoneId: "Europe/Berlin" });
      const page = await target.open(context, "/macro-safety");
      const asked = [];
      page.on("request", (request) => request.url().includes("/trends?") && asked.push(new URL(request.url()).search));
      await page.keyboard.press("g");
      await page.keyboard.press("d");
      const attack = page.locator(".trend", { hasText: "Attack Macro" });
      await attack.getByText("rising by 0.50 a day").waitFor();
      equal(await attack.locator("svg.day-bars").count(), 4, "bars of a macro");
      check(/ by day: /.test(await attack.locator("svg.day-bars").first().getAttribute("aria-label")), "the bars are not read out");
      equal(await attack.locator("svg.day-bars").first().locator("rect:not(.off)").count(), 5, "bars of 7 days, one without a run, one without the daemon");
      equal(await attack.locator("svg.day-bars").first().locator("rect.off").count(), 1, "days without the daemon");
      await page.locator(".hint-line", { hasText: "The daemon did not run on " }).waitFor();
      equal(await page.locator(".trend", { hasText: "announce" }).getByText("too few days").count(), 3, "lines that nobody can know");
      equal(await page.locator(".trend-grid > li").count(), 4, "measurements that were known");
      await page.getByRole("button", { name: "30 days" }).click();
      await page.waitForFunction(() => document.querySelectorAll(".trend:nth-child(2) .day-bars")[0].querySelectorAll("rect:not(.off)").length === 26);
      const zone = page.getByLabel("Time zone of the days");
      await zone.fill("Nowhere");
      await page.keyboard.press("Enter");
      await page.getByText('this system has no "Nowhere"').waitFor();
      await zone.fill("UTC");
      await page.keyboard.press("Enter");
      await page.getByText("days of UTC").waitFor();
      equal(
        asked.join(),
        "?days=7&time_zone=Europe%2FBerlin,?days=30&time_zone=Europe%2FBerlin,?days=30&time_zone=Nowhere,?days=30&time_zone=UTC",
        "what was asked",
      );
      await page.getByRole("button", { name: "Table" }).click();
      equal(await page.getByRole("region", { name: "Macros by day" }).locator("tbody tr").count(), 25 + 26 + 2, "rows of the twin");
      await page.getByRole("region", { name: "Measurements by day" }).getByText("42\u00a0%").first().waitFor();
      await context.close();
    },
  },
];

export const kMacroCases = [...profileCases, ...simulationCases, ...trendCases];
