// Eight hours of dashboard in a minute: every frame of a day at work goes through the socket while
// the pages change; the heap after a forced collection must not grow. With a planted leak as control.

import { check, settle } from "./harness.mjs";

/** Source: platform specification, dashboard: 8 h of an open page. */
const kHours = 8;
const kMostGrowth = 5 << 20;
/** metric:sample while a macro runs. */
const kHz = 10;
const kPages = [
  "/macro-safety", "/cancellations", "/trends", "/library", "/games", "/sessions", "/locks", "/tasks", "/referee",
  "/explore", "/logs", "/settings", "/",
];
/** A page is looked at for this long. */
const kStayMin = 10;

/** The page's clock goes as fast as the frames; a `leaky` page keeps each frame. */
function prepare({ leaky }) {
  const real = Date.now.bind(Date);
  window.skew = 0;
  const now = () => real() + window.skew;
  window.Date = class extends Date {
    constructor(...given) {
      super(...(given.length === 0 ? [now()] : given));
    }
    static now() {
      return now();
    }
  };
  if (!leaky) return;
  window.kept = [];
  const parse = JSON.parse;
  JSON.parse = (text, ...more) => {
    const value = parse(text, ...more);
    window.kept.push(value);
    return value;
  };
}

class Heap {
  static async of(page) {
    const heap = new Heap();
    heap.session = await page.context().newCDPSession(page);
    await heap.session.send("HeapProfiler.enable");
    return heap;
  }

  /** Bytes in use after collections; the first ones free what finalizers hold. */
  async used() {
    for (let i = 0; i < 4; i++) await this.session.send("HeapProfiler.collectGarbage");
    return (await this.session.send("Runtime.getHeapUsage")).usedSize;
  }
}

/** One minute of a daemon with running macros. */
function publishMinute(mock, minute) {
  const { world } = mock;
  for (let i = 0; i < 60 * kHz; i++) {
    if (i % kHz === 0) {
      world.step(Date.now());
      mock.publish("macro:updated", world.activeMacros());
      mock.rooms.step(Date.now(), (topic, data) => mock.publish(topic, data));
    }
    mock.publish("metric:sample", { ...world.signals(), processes: world.processes() });
    if (i % (6 * kHz) === 0) {
      mock.publish("heartbeat", {});
      const ts = new Date(Date.now() + minute * 60_000 + i).toISOString();
      mock.publish("log:line", { ts, level: "info", event: "x.y", message: `line ${minute}.${i}`, minute });
    }
  }
  mock.publish("health:changed", world.health());
  if (minute % 20 === 0 && world.cancellations[0]) {
    const event = { ...world.cancellations[0], id: `c-heap-${minute}`, timestamp: new Date().toISOString() };
    mock.publish("macro:cancelled", event);
  }
}

async function drained(mock) {
  while ([...mock.sockets].some((socket) => socket.bufferedAmount > 0))
    await new Promise((resolve) => setTimeout(resolve, 2));
}

async function show(page, path) {
  await page.locator(`.nav a[href="${path}"]`).click();
  await settle(page);
}

async function work(page, mock, minutes) {
  for (let minute = 0; minute < minutes; minute++) {
    if (minute % kStayMin === 0) await show(page, kPages[(minute / kStayMin) % kPages.length]);
    await page.evaluate(() => (window.skew += 60_000));
    publishMinute(mock, minute);
    await drained(mock);
    await page.evaluate(() => 0); // The page has handled what it got before.
  }
}

/** Growth in bytes over `minutes`, after each page was seen and every ring is full. */
async function growth(target, minutes, leaky) {
  const context = await target.context("busy");
  await context.addInitScript(prepare, { leaky });
  const page = await target.open(context, "/");
  await settle(page);
  for (const path of kPages) await show(page, path);
  await work(page, target.mock, 2 * kStayMin);
  await show(page, "/");
  const heap = await Heap.of(page);
  const before = await heap.used();
  await work(page, target.mock, minutes);
  await show(page, "/");
  const after = await heap.used();
  const live = await page.locator(".connection").innerText();
  check(/Live/.test(live), `the connection is not live at the end: ${live}`);
  await context.close();
  const mb = (bytes) => (bytes / (1 << 20)).toFixed(1);
  const frames = minutes * 60 * (kHz + 1);
  console.log(`    ${leaky ? "leaky, " : ""}${minutes} min, ${frames} frames: ${mb(before)} MB, then ${mb(after)} MB`);
  return after - before;
}

export const kHeapCases = [
  {
    name: "heap: a page that keeps its frames is noticed (planted leak)",
    mock: true,
    async run(target) {
      const grown = await growth(target, 20, true);
      check(grown > kMostGrowth, `a leak of every frame grew the heap by ${grown} bytes only`);
    },
  },
  {
    name: `heap: ${kHours} h of frames and page changes grow it by at most 5 MB`,
    mock: true,
    async run(target) {
      const grown = await growth(target, kHours * 60, false);
      check(grown <= kMostGrowth, `the heap grew by ${(grown / (1 << 20)).toFixed(1)} MB`);
    },
  },
];
