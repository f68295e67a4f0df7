// The cases of locks, tasks and the referee. They need the mock's scenes.

import { check, equal, focused, settle } from "./harness.mjs";
import { viewCase } from "./views.mjs";

const click = (name) => (page) => page.getByRole("button", { name, exact: true }).first().click();

/** See views.mjs. */
const kViews = [
  ["locks", "healthy", "/locks"],
  ["locks, none", "empty", "/locks"],
  ["locks, everything fails", "broken", "/locks"],
  ["lane", "healthy", "/locks/knight"],
  ["lane, fairness as a table", "healthy", "/locks/knight", click("Table")],
  ["lane, options", "healthy", "/locks/knight", click("Options")],
  ["lane, as a viewer", "viewer", "/locks/knight"],
  ["module", "healthy", "/locks", click("Edit fisher")],
  ["tasks", "healthy", "/tasks"],
  ["tasks, none", "empty", "/tasks"],
  ["graph", "healthy", "/tasks/g-nightly"],
  ["graph, as a table", "healthy", "/tasks/g-deploy", click("Table")],
  ["graph, missing", "healthy", "/tasks/none"],
  ["submit a graph", "healthy", "/tasks", click("Submit a graph")],
  ["referee", "healthy", "/referee", (page) => page.locator("summary").first().click()],
  ["referee, nobody", "empty", "/referee"],
  ["review", "healthy", "/referee/review"],
  [
    "replay",
    "healthy",
    "/referee/replay",
    async (page) => {
      await click("Use an example")(page);
      await click("Judge it")(page);
      await page.locator(".session").first().waitFor();
    },
  ],
  ["referee's options", "healthy", "/referee/options"],
  ["player", "healthy", "/referee/players/juniper"],
  ["player in 3d, from the side", "healthy", "/referee/players/holt", click("Height")],
  ["pages of a phone", "healthy", "/locks", (page) => page.locator(".nav-more").dispatchEvent("click")],
];

const viewCases = kViews.map((view) => viewCase(view));

const lockCases = [
  {
    name: "locks: a lane is made, changed and removed; a mistake is shown at its field",
    mock: true,
    async run(target) {
      const context = await target.context("empty");
      const page = await target.open(context, "/locks");
      await page.getByText("gamekeeper lock").first().waitFor();
      await page.getByRole("button", { name: "Create a lane" }).first().click();
      await page.getByLabel("Name").fill("no spaces");
      await page.getByLabel("Longest hold, s").fill("601");
      await page.keyboard.press("Enter");
      await page.getByText("Use 1 to 64 letters").waitFor();
      await page.getByText("Enter a number from 0.001 to 600.").waitFor();
      await page.getByLabel("Name").fill("knight");
      await page.getByLabel("Longest hold, s").fill("45");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "knight" }).waitFor();
      await page.getByText("Nobody", { exact: true }).first().waitFor();
      equal(target.mock.rooms.lanes[0].options.lease_s, 45, "the lease");
      await page.getByRole("button", { name: "Options" }).click();
      await page.getByRole("button", { name: "Remove the lane" }).click();
      await page.getByRole("button", { name: "Yes, remove" }).click();
      await page.getByText("No lane yet").waitFor();
      await context.close();
    },
  },
  {
    name: "locks: a grant is taken away with a reason, live, and the trace says so",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/locks/caravan");
      await settle(page);
      await page.locator(".holder-name", { hasText: "harvest-bot" }).waitFor();
      const before = await page.locator(".holder [role=meter]").getAttribute("aria-valuetext");
      await page.waitForTimeout(1300);
      const after = await page.locator(".holder [role=meter]").getAttribute("aria-valuetext");
      check(before !== after, `the lease does not shrink: ${before}`);
      await page.getByRole("button", { name: "Release…" }).click();
      await page.getByRole("button", { name: "Release the lane" }).click();
      await page.getByText("Say why").waitFor();
      await page.getByLabel("Reason").fill("It hangs.");
      await page.keyboard.press("Enter");
      await page.locator(".holder-name", { hasText: "Nobody" }).waitFor();
      check(
        await page.getByRole("button", { name: "Release…" }).isDisabled(),
        "a free lane can be released",
      );
      await context.close();
    },
  },
  {
    name: "locks: who waits for whom is drawn, and is the same as a table",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/locks");
      await settle(page);
      const section = page.locator("section", { has: page.locator("#waits") });
      const drawing = section.getByRole("img");
      await drawing.waitFor();
      const said = await drawing.getAttribute("aria-label");
      check(/ waits for /.test(said), `the drawing does not say who waits: ${said}`);
      await section.getByRole("button", { name: "Table" }).click();
      const rows = await section.locator("tbody tr").allInnerTexts();
      check(rows.length > 0, "the table is empty while somebody waits");
      const [actor, lane] = rows[0].split(/\s+/);
      check(actor.length > 0 && lane.length > 0, `a row without names: ${rows[0]}`);
      await context.close();
    },
  },
  {
    name: "locks: the next in the queue acts without a reload; a module's priority is changed",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/locks");
      await settle(page);
      const now = page.locator(".lane", { hasText: "knight" }).locator(".track-now");
      await page.waitForFunction(() =>
        /fisher/.test(document.querySelector(".track-now").textContent),
      );
      target.mock.rooms.lanes[0].release(Date.now() - 5000);
      await page.waitForFunction(
        () => /trainer/.test(document.querySelector(".track-now").textContent),
        null,
        { timeout: 5000 },
      );
      check((await now.count()) === 1, "one lane holds one actor");
      await page.getByRole("button", { name: "Edit fisher" }).click();
      await page.getByLabel("Priority", { exact: true }).fill("256");
      await page.keyboard.press("Enter");
      await page.getByText("Enter a whole number from 0 to 255.").waitFor();
      await page.getByLabel("Priority", { exact: true }).fill("90");
      await page.keyboard.press("Enter");
      await page.getByText("fisher has priority 90 now.").waitFor();
      await page.locator("tr", { hasText: "fisher" }).first().getByText("90").waitFor();
      await context.close();
    },
  },
];

const taskCases = [
  {
    name: "tasks: mistakes are shown at their line, the right graph is drawn and walked by keys",
    mock: true,
    async run(target) {
      const context = await target.context("empty");
      const page = await target.open(context, "/tasks");
      await page.getByRole("button", { name: "Submit a graph" }).first().click();
      const area = page.getByLabel("Graph, as JSON");
      await area.fill('{\n  "tasks": [\n    oops\n  ]\n}');
      await page.getByRole("button", { name: "Submit", exact: true }).click();
      await page.getByRole("button", { name: "Line 3" }).waitFor();
      await area.fill(
        '{\n  "tasks": [\n    {"id": "a", "action": {"type": "log"}},\n    {"id": "b", "depends_on": ["x"], "action": {"type": "log"}}\n  ]\n}',
      );
      await page.getByRole("button", { name: "Submit", exact: true }).click();
      await page.getByText("No task has the id x.").waitFor();
      await page.getByRole("button", { name: "Line 4" }).click();
      const picked = await area.evaluate((box) =>
        box.value.slice(box.selectionStart, box.selectionEnd),
      );
      equal(picked, '"x"', "the text that the line button selects");
      await page.getByRole("button", { name: "Use the example" }).click();
      await page.getByRole("button", { name: "Submit", exact: true }).click();
      await page.getByRole("heading", { level: 1, name: "nightly" }).waitFor();
      equal(await page.locator(".node").count(), 4, "nodes");
      await page.locator('.node[tabindex="0"]').focus();
      const title = () => page.evaluate(() => document.activeElement.querySelector("title")?.textContent);
      equal(await title(), "close: running", "the first node");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowDown"); // Whichever way it flows.
      const second = await title();
      check(second !== "close: running", "the arrow keys stay on the first node");
      await page.keyboard.press("Enter");
      equal(
        await page.locator("#task").innerText(),
        second.split(":")[0],
        "the task that Enter opens",
      );
      await context.close();
    },
  },
  {
    name: "tasks: a task that ends changes the drawing; a graph is cancelled",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/tasks");
      await settle(page);
      await page.getByRole("link", { name: /nightly maintenance/ }).click();
      const node = (name) => page.getByRole("button", { name: new RegExp(`^${name}:`) });
      await node("upload").waitFor();
      await page.getByRole("button", { name: /^upload: waiting/ }).waitFor();
      target.mock.rooms.finishTask(Date.now(), (topic, data) => target.mock.publish(topic, data));
      await page.getByRole("button", { name: /^upload: running/ }).waitFor({ timeout: 5000 });
      await page.getByRole("button", { name: "Cancel graph" }).click();
      await page.getByRole("button", { name: "Cancel the graph" }).click();
      await page.getByRole("button", { name: /^upload: cancelled/ }).waitFor();
      equal(await page.getByRole("button", { name: "Cancel graph" }).count(), 0, "cancel buttons");
      await context.close();
    },
  },
];

const refereeCases = [
  {
    name: "referee: a refusal arrives while one watches; all verdicts can be shown and paged",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/referee");
      await settle(page);
      const first = page.locator(".verdict").first();
      const before = await page.locator(".verdict").count();
      target.mock.rooms.reject(Date.now(), (topic, data) => target.mock.publish(topic, data));
      await page.waitForFunction(
        (n) => document.querySelectorAll(".verdict").length > n,
        before,
      );
      await first.locator("summary").click();
      await first.getByText("Credit used").waitFor();
      await page.getByRole("button", { name: "All", exact: true }).click();
      await page.getByText("Accepted", { exact: true }).first().waitFor();
      await page.getByRole("button", { name: "Load older ones" }).click();
      await page.locator("[data-filter]").fill("wren");
      await page.waitForFunction(
        () => document.querySelectorAll(".players tbody tr").length === 1,
      );
      await page.getByRole("link", { name: "wren", exact: true }).click();
      await page.getByRole("heading", { level: 1, name: "wren" }).waitFor();
      await context.close();
    },
  },
  {
    name: "referee: reviews are accepted and dismissed with a note; the ratio follows",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/referee/review");
      await settle(page);
      equal(await page.locator(".review").count(), 2, "open reviews");
      await page.getByLabel("Note").first().fill("Seen on video.");
      await page.getByRole("button", { name: "Accept: juniper cheated" }).click();
      await page.waitForFunction(() => document.querySelectorAll(".review").length === 1);
      await page.getByRole("button", { name: /^Dismiss: / }).click();
      await page.getByText("Nothing to review").waitFor();
      await page.getByRole("button", { name: "Decided" }).click();
      await page.getByText("Seen on video.").waitFor();
      equal(target.mock.rooms.stats().false_positive_ratio, 2 / 3, "the ratio");
      await page.getByRole("link", { name: "Watch" }).click();
      await page.getByText("67 %").waitFor();
      await context.close();
    },
  },
  {
    name: "referee: the example trace shows an honest player and a cheat side by side",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/referee/replay");
      await page.getByRole("button", { name: "Judge it" }).click();
      await page.getByText("Paste a trace first").waitFor();
      await page.getByRole("textbox", { name: "Trace" }).fill('{"k":"S","id":"a","vmax":5}\nnot json');
      await page.getByRole("button", { name: "Judge it" }).click();
      await page.getByText("Line 2: this is not JSON.").waitFor();
      await page.getByRole("button", { name: "Use an example" }).click();
      await page.getByRole("button", { name: "Judge it" }).click();
      const honest = page.getByRole("article", { name: "honest-on-wifi" });
      await honest.getByText("All 90 movements accepted.").waitFor();
      const cheat = page.getByRole("article", { name: "runs-1.5-times" });
      await cheat.getByText("For review").first().waitFor();
      check((await cheat.locator(".walk-refused path").count()) > 10, "no refusal is drawn");
      equal(await honest.locator(".walk-refused path").count(), 0, "refusals of the honest one");
      await context.close();
    },
  },
  {
    name: "referee: an unsafe mode is labelled and asked about; a change by another is told",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/referee/options");
      await settle(page);
      await page.getByRole("radio", { name: /TypeScript/ }).check();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByRole("button", { name: "Use it anyway" }).click();
      await page.getByText("The referee's options are changed.").waitFor();
      await page.locator(".lead .chip", { hasText: "Unsafe" }).waitFor();
      target.mock.rooms.version++;
      await page.getByRole("radio", { name: /Bounded/ }).check();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Somebody else changed the options").waitFor();
      await context.close();
    },
  },
];

const sharedCases = [
  {
    name: "rooms: g l, g t, g r lead there with the focus on the heading; a viewer has no buttons",
    mock: true,
    async run(target) {
      const context = await target.context("viewer");
      const page = await target.open(context, "/");
      await settle(page);
      for (const [key, name] of [
        ["l", "Locks"],
        ["t", "Tasks"],
        ["r", "Referee"],
      ]) {
        await page.keyboard.press("g");
        await page.keyboard.press(key);
        await page.getByRole("heading", { level: 1, name }).waitFor();
        await settle(page);
        equal(await focused(page), name, `the focus after g ${key}`);
        const verbs = /create|submit|add|edit|release|cancel|accept|dismiss|save/i;
        for (const text of await page.locator("main .button").allInnerTexts())
          check(!verbs.test(text), `a viewer sees "${text}" on ${name}`);
      }
      for (const path of ["/locks/knight", "/tasks/g-nightly", "/referee/review", "/referee/options"]) {
        await page.goto(target.base + path);
        await settle(page);
        const verbs = /options|release|cancel|accept|dismiss|save/i;
        for (const text of await page.locator("main .button").allInnerTexts())
          check(!verbs.test(text), `a viewer sees "${text}" on ${path}`);
        await page.getByText("Your role may look, not act.").first().waitFor();
      }
      await context.close();
    },
  },
  {
    name: "rooms: topics are followed only while their page is shown",
    mock: true,
    async run(target) {
      const context = await target.context("healthy");
      const page = await target.open(context, "/locks");
      await settle(page);
      const topics = () => [...[...target.mock.sockets].at(-1).topics];
      check(topics().includes("lock:updated"), "the locks page does not follow lock:updated");
      await page.getByRole("link", { name: "Referee" }).click();
      await page.getByRole("heading", { level: 1, name: "Referee" }).waitFor();
      await page.waitForTimeout(200);
      check(topics().includes("movement:updated"), "the referee does not follow movement:updated");
      check(!topics().includes("lock:updated"), "lock:updated is followed for nobody");
      await context.close();
    },
  },
];

export const kRoomCases = [...sharedCases, ...lockCases, ...taskCases, ...refereeCases, ...viewCases];
