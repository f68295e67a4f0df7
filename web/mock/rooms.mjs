// The rooms of the make-believe daemon: lanes that are taken in turn, graphs of tasks that go on,
// players that walk. `Rooms.answer` plays their part of the API.

import { judgeTrace, walkOf } from "./walks.mjs";
import { generator } from "./world.mjs";

const iso = (ms) => new Date(ms).toISOString();
const round = (value, digits = 2) => Number(value.toFixed(digits));

const kLaneOptions = {
  spacing_s: 1,
  lease_s: 30,
  aging_s: 1,
  burst: 4,
  timeout_s: 30,
  queue_max: 64,
  groups: true,
  rate_per_s: null,
};
const kActors = [
  ["runemaker", 100, null],
  ["trainer", 80, null],
  ["fisher", 60, "fisher_stacker"],
  ["cavebot", 50, null],
  ["auto_loot", 40, "auto_loot_eater"],
  ["stacker", 30, "fisher_stacker"],
  ["eater", 20, "auto_loot_eater"],
];

function modules() {
  const list = kActors.map(([name, priority, group]) => ({
    name,
    group,
    priority,
    rate_per_s: null,
    burst: null,
    uids: [],
    programs: [],
    source: "default",
  }));
  Object.assign(list[0], { rate_per_s: 0.5, burst: 2 });
  list.push({
    name: "harvest-bot",
    group: null,
    priority: 55,
    rate_per_s: 4,
    burst: 8,
    uids: [1001],
    programs: ["/usr/local/bin/harvest-bot"],
    source: "custom",
  });
  return list;
}

class MockLane {
  constructor(name, now) {
    Object.assign(this, { name, options: { ...kLaneOptions }, token: 1411, next: 9000 });
    this.counters = { granted: 0, timeout: 0, cancelled: 0, rejected: 0, expired: 0, stale_sends: 0 };
    this.holder = null;
    this.queue = [];
    this.trace = [];
    this.freeAt = now;
    this.fairness = new Map();
    this.epoch = now - 3_600_000;
  }

  note(event, ticket, now, more = {}) {
    this.trace.unshift({
      at_s: round((now - this.epoch) / 1000, 3),
      event,
      actor: ticket.actor,
      ticket: ticket.id,
      token: null,
      effective_priority: null,
      waited_s: null,
      depth: this.queue.length,
      ...more,
    });
    this.trace.length = Math.min(this.trace.length, 200);
  }

  effective(ticket, now) {
    return ticket.priority + Math.floor((now - ticket.since) / 1000 / this.options.aging_s);
  }

  ask(actor, now, extra = {}) {
    const [name, priority, group] = kActors.find((one) => one[0] === actor) ?? [actor, 50, null];
    const ticket = { id: this.next++, actor: name, priority, group, since: now, ready: true, ...extra };
    this.queue.push(ticket);
    this.note("queued", ticket, now, { effective_priority: priority });
    return ticket;
  }

  grant(now, holdMs) {
    this.queue.sort((a, b) => this.effective(b, now) - this.effective(a, now) || a.since - b.since);
    const at = this.queue.findIndex((ticket) => ticket.ready);
    if (at < 0) return;
    const [ticket] = this.queue.splice(at, 1);
    const waited = (now - ticket.since) / 1000;
    this.holder = { ...ticket, token: ++this.token, at: now, holdMs, eff: this.effective(ticket, now) };
    this.counters.granted++;
    const known = this.fairness.get(ticket.actor) ?? { granted: 0, sum: 0, max: 0 };
    known.granted++;
    known.sum += waited;
    known.max = Math.max(known.max, waited);
    this.fairness.set(ticket.actor, known);
    this.note("granted", ticket, now, {
      token: this.token,
      effective_priority: this.holder.eff,
      waited_s: round(waited, 3),
    });
  }

  release(now, event = "released") {
    if (!this.holder) return;
    this.note(event, this.holder, now, { token: this.holder.token });
    this.freeAt = now + this.options.spacing_s * 1000;
    this.holder = null;
  }

  item(now) {
    const { holder, counters } = this;
    const total = [...this.fairness.values()].reduce((sum, one) => sum + one.granted, 0) || 1;
    return {
      lane: this.name,
      holder: holder && {
        actor: holder.actor,
        group: holder.group,
        ticket: holder.id,
        token: holder.token,
        kind: holder.kind ?? "socket",
        pid: holder.pid ?? 2214,
        uid: 1000,
        age_s: round((now - holder.at) / 1000),
        lease_left_s: round(Math.max(0, this.options.lease_s - (now - holder.at) / 1000)),
        effective_priority: holder.eff,
        sub_grants: holder.shared ?? 0,
      },
      queue: [...this.queue]
        .sort(
          (a, b) =>
            Number(b.ready) - Number(a.ready) || this.effective(b, now) - this.effective(a, now),
        )
        .map((ticket) => ({
        ticket: ticket.id,
        actor: ticket.actor,
        group: ticket.group,
        priority: ticket.priority,
        effective_priority: this.effective(ticket, now),
        waited_s: round((now - ticket.since) / 1000),
        deadline_in_s: round(Math.max(0, 60 - (now - ticket.since) / 1000)),
        bound_s: round(Math.max(0, 214 - ticket.priority - (now - ticket.since) / 1000)),
        ready: ticket.ready,
      })),
      cooldown_left_s: holder ? 0 : round(Math.max(0, this.freeAt - now) / 1000),
      min_valid_token: Math.max(0, this.token - 3),
      last_token: this.token,
      counters,
      fairness: [...this.fairness].map(([actor, { granted, sum, max }]) => ({
        actor,
        granted,
        share: granted / total,
        waited_mean_s: round(sum / granted),
        waited_max_s: round(max),
      })),
      options: this.options,
    };
  }
}

function busyLane(name, now, random) {
  const lane = new MockLane(name, now);
  lane.freeAt = 0;
  // Three minutes go by before anybody looks.
  for (let at = now - 180_000; at < now - 4000; at += 1000) {
    if (lane.queue.length < 4) lane.ask(kActors[Math.floor(random() * 6)][0], at);
    if (lane.holder && at - lane.holder.at >= lane.holder.holdMs) lane.release(at);
    if (!lane.holder && at >= lane.freeAt) lane.grant(at, 1500 + random() * 2500);
  }
  lane.counters = { ...lane.counters, granted: 12_874, timeout: 3, cancelled: 41, expired: 1 };
  return lane;
}

function lanesOf(scene, now, random) {
  if (scene === "empty" || scene === "setup") return [];
  const knight = busyLane("knight", now, random);
  knight.release(now - 4000);
  knight.queue = [];
  knight.ask("fisher", now - 9000);
  knight.grant(now - 3200, 9_000);
  knight.ask("trainer", now - 5200);
  knight.ask("eater", now - 18_400);
  knight.ask("auto_loot", now - 2100);
  knight.ask("runemaker", now - 700, { ready: false });
  const caravan = new MockLane("caravan", now);
  caravan.ask("harvest-bot", now - 26_500, { kind: "http", pid: null, priority: 55 });
  caravan.grant(now - 26_000, 1e9);
  caravan.counters = { ...caravan.counters, granted: 212, expired: 2, stale_sends: 2 };
  return [knight, caravan, new MockLane("gate", now)];
}

const task = (id, depends_on = [], more = {}) => ({ id, depends_on, ...more });

function makeGraph(id, name, submitted, specs) {
  const tasks = specs.map((spec) => ({
    id: `${id}:${spec.id}`,
    graph_id: id,
    name: spec.id,
    priority: spec.priority ?? "normal",
    state: spec.state ?? "waiting",
    reason: spec.reason ?? null,
    attempts: spec.attempts ?? (["waiting", "ready", "skipped"].includes(spec.state ?? "waiting") ? 0 : 1),
    depends_on: spec.depends_on.map((other) => `${id}:${other}`),
    submitted_at: iso(submitted),
    started_at: spec.started === undefined ? null : iso(spec.started),
    ended_at: spec.ended === undefined ? null : iso(spec.ended),
    deadline_at: spec.deadline_s ? iso(submitted + spec.deadline_s * 1000) : null,
    action: spec.action ?? { type: "command", command: spec.id },
    result: spec.result ?? null,
  }));
  return { id, name, submitted_at: iso(submitted), tasks, cancelled: false };
}

function graphsOf(scene, now) {
  if (scene === "empty" || scene === "setup") return [];
  const at = now - 42_000;
  const done = (from, to, result) => ({
    state: "succeeded",
    started: at + from * 1000,
    ended: at + to * 1000,
    result,
  });
  const nightly = makeGraph("g-nightly", "nightly maintenance", at, [
    task("announce", [], done(0, 1, { sent: true })),
    task("drain-players", ["announce"], done(1, 12, { moved: 14 })),
    task("save-world", ["drain-players"], { ...done(12, 18, { bytes: 48_211_004 }), priority: "high" }),
    task("snapshot-db", ["drain-players"], done(12, 21, { bytes: 7_340_032 })),
    task("compress-backup-archive", ["save-world", "snapshot-db"], {
      state: "running",
      started: at + 22_000,
      attempts: 2,
      reason: "Second try: the disk was busy.",
      priority: "high",
      deadline_s: 600,
    }),
    task("rotate-logs", ["announce"], { state: "running", started: at + 30_000, priority: "low" }),
    task("upload", ["compress-backup-archive"], { deadline_s: 900 }),
    task("verify-upload", ["upload"]),
    task("open-doors", ["save-world", "verify-upload"], { priority: "critical" }),
    task("tell-discord", ["open-doors", "rotate-logs"], { priority: "deferred" }),
  ]);
  const was = now - 5_400_000;
  const deploy = makeGraph("g-deploy", "deploy map v12", was, [
    task("fetch", [], { state: "succeeded", started: was, ended: was + 4000, result: { bytes: 918_222 } }),
    task("check-signature", ["fetch"], {
      state: "failed",
      started: was + 4000,
      ended: was + 4120,
      reason: "Exit code 3: the signature does not match the key of map-builders.",
      result: { exit_code: 3, stderr: "gpgv: BAD signature from map-builders" },
    }),
    task("install", ["check-signature"], { state: "skipped", reason: "check-signature failed." }),
    task("restart", ["install"], { state: "skipped", reason: "check-signature failed." }),
    task("clean-up", ["fetch"], { state: "succeeded", started: was + 4100, ended: was + 4300 }),
  ]);
  const old = now - 90_000_000;
  const ended = (id, needs = []) =>
    task(id, needs, { state: "succeeded", started: old, ended: old + 3000 });
  const weekly = makeGraph("g-weekly", "weekly report", old, [
    ended("collect-sessions"),
    ended("collect-metrics"),
    ended("collect-cancellations"),
    ended("join", ["collect-sessions", "collect-metrics", "collect-cancellations"]),
    ended("render", ["join"]),
    ended("mail", ["render"]),
  ]);
  const stopped = makeGraph("g-import", "import old accounts", old - 4e6, [
    task("read", [], { state: "succeeded", started: old, ended: old + 100 }),
    task("write", ["read"], { state: "cancelled", reason: "Cancelled by marta." }),
  ]);
  stopped.cancelled = true;
  return [nightly, deploy, weekly, stopped];
}

function graphItem(graph, withTasks) {
  const counts = {};
  for (const { state } of graph.tasks) counts[state] = (counts[state] ?? 0) + 1;
  const open = (counts.waiting ?? 0) + (counts.ready ?? 0) + (counts.running ?? 0);
  const state =
    open > 0 ? "running" : counts.failed ? "failed" : graph.cancelled ? "cancelled" : "succeeded";
  const { id, name, submitted_at, tasks } = graph;
  return { id, name, state, submitted_at, counts, ...(withTasks ? { tasks } : {}) };
}

/** What the daemon would say about a graph; the errors carry their path. */
function graphErrors(body) {
  if (!Array.isArray(body?.tasks) || body.tasks.length === 0)
    return [{ path: "/tasks", message: "Give at least one task." }];
  const errors = [];
  const ids = new Set();
  body.tasks.forEach((one, i) => {
    if (!/^[A-Za-z0-9_.-]{1,64}$/.test(one.id ?? ""))
      errors.push({ path: `/tasks/${i}/id`, message: "Use 1 to 64 letters, digits or . _ -" });
    if (ids.has(one.id)) errors.push({ path: `/tasks/${i}/id`, message: `${one.id} is there twice.` });
    ids.add(one.id);
    if (!one.action?.type)
      errors.push({ path: `/tasks/${i}/action`, message: "An action needs a type." });
  });
  body.tasks.forEach((one, i) =>
    (one.depends_on ?? []).forEach((other, k) => {
      if (!ids.has(other))
        errors.push({ path: `/tasks/${i}/depends_on/${k}`, message: `No task has the id ${other}.` });
    }),
  );
  if (errors.length > 0) return errors;
  const open = new Map(body.tasks.map((one) => [one.id, new Set(one.depends_on ?? [])]));
  for (let left = -1; left !== open.size; ) {
    left = open.size;
    for (const [id, needs] of open) {
      if ([...needs].some((other) => open.has(other))) continue;
      open.delete(id);
    }
  }
  if (open.size > 0) {
    const i = body.tasks.findIndex((one) => open.has(one.id));
    errors.push({
      path: `/tasks/${i}/depends_on`,
      message: `A circle: ${[...open.keys()].join(" → ")} → ${[...open.keys()][0]}.`,
    });
  }
  return errors;
}

const kPlayers = [
  ["juniper", "2d", "review", 3.4e6, { speed: 1.5 }],
  ["holt", "3d", "watch", 412, { fly: true }],
  ["otter", "2d", "ok", 8.6, { stalls: true }],
  ["bram", "2d", "ok", 1, {}],
  ["finch", "3d", "ok", 1, {}],
  ["tess", "2d", "ok", 1, { stalls: true }],
  ["wren", "2d", "ok", 2.1, {}],
];

function playersOf(scene, now, random) {
  if (scene === "empty" || scene === "setup") return [];
  return kPlayers.map(([player, mode, state, max_e, how], i) => {
    const lag = how.stalls ? 0.9 - i * 0.05 : 0;
    const path = walkOf(random, mode, how, now);
    return {
      player,
      mode,
      state,
      confidence: 1 - 1 / max_e,
      max_e,
      moves: 18_200 + Math.floor(random() * 4000),
      rejected: path.filter((point) => !point.accepted).length,
      tolerance: {
        credit_s: round(0.06 + (lag > 0 ? 0.19 + lag : i % 2 ? 0.19 : 0)),
        base_s: i % 2 || lag > 0 ? 0.25 : 0.06,
        reason: lag > 0 ? `silence ${Math.round(lag * 1000)} ms seen by server` : i % 2 ? null : "steady link",
      },
      rtt_ms: i === 4 ? null : Math.round(18 + random() * 90),
      last_at: iso(now - i * 700),
      path,
    };
  });
}

function explanationOf(player, point, i) {
  const over = 0.72 + (i % 7) * 0.11;
  return {
    sentence: `${i % 5 === 4 ? "teleport" : "speed"}: ${over.toFixed(3)} units in 100 ms, 0.666 allowed, ${i % 3 === 0 ? "RTT +31 ms" : "silence 4 ms seen by server"}`,
    window_s: 0.1,
    distance: over,
    allowed: 0.666,
    granted_s: 0.1,
    credit_used_s: i % 3 === 0 ? 0.03 : 0,
    credit_reason: i % 3 === 0 ? "RTT +31 ms" : null,
    declarations: i % 4 === 0 ? ["speed ×1.2"] : [],
    claims: i % 6,
    claims_corroborated: 0,
    e_before: 8.6 * (1 + i),
    e_after: 74 * (1 + i),
  };
}

function verdictOf(player, point, i, at) {
  const explanation = point.accepted ? null : explanationOf(player, point, i);
  return {
    id: `v-${player.player}-${i}`,
    player: player.player,
    seq: 4000 + i,
    at: iso(at),
    valid: point.accepted,
    rule: point.accepted ? null : i % 5 === 4 ? "teleport" : "speed",
    reason: point.accepted ? null : "Farther than the time allows.",
    confidence: player.confidence,
    performance_adjusted: i % 3 === 0,
    state: player.state,
    position: { x: point.x, y: point.y, z: point.z },
    set_back_to: point.set_back_to,
    explanation,
  };
}

export class Rooms {
  constructor(scene, now) {
    const random = generator(20261121);
    this.scene = scene;
    this.random = random;
    this.lanes = lanesOf(scene, now, random);
    this.modules = modules();
    this.graphs = graphsOf(scene, now);
    this.players = playersOf(scene, now, random);
    this.verdicts = this.players
      .flatMap((player) =>
        player.path.map((point, i) => verdictOf(player, point, i, Date.parse(point.at))),
      )
      .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
    this.version = 3;
    this.options = {
      mode: "bounded",
      preset: "default",
      max_credit_s: 3,
      base_credit_s: 0.25,
      min_base_credit_s: 0.06,
      join_credit_s: 1,
      slack_s: 0.15,
      evidence_hold_s: 4,
      watch_at: 100,
      review_at: 10_000,
    };
    this.history = [
      { at: iso(now - 86_400_000), by: "marta", options: this.options },
      { at: iso(now - 8 * 86_400_000), by: null, options: { ...this.options, mode: "shadow" } },
    ];
    this.reviews = this.players.length === 0 ? [] : this.makeReviews(now);
  }

  makeReviews(now) {
    const item = (id, player, e, channel, ago, more = {}) => ({
      id,
      player: player.player,
      opened_at: iso(now - ago),
      max_e: e,
      channel,
      state: "open",
      decided_by: null,
      decided_at: null,
      note: null,
      path: player.path,
      ...more,
    });
    const [juniper, holt, otter] = this.players;
    const decided = { decided_by: "marta", decided_at: iso(now - 7_000_000) };
    return [
      item("r-1", juniper, 3.4e6, "reject", 64_000),
      item("r-2", holt, 21_400, "airborne", 1_900_000),
      item("r-3", otter, 10_900, "gap", 8_000_000, {
        ...decided,
        state: "dismissed",
        note: "Bad Wi-Fi, known.",
      }),
    ];
  }

  stats() {
    const count = (state) => this.reviews.filter((one) => one.state === state).length;
    const [accepted, dismissed] = [count("accepted"), count("dismissed")];
    const decided = accepted + dismissed;
    const some = this.players.length > 0;
    return {
      events: some ? 184_220 : 0,
      rejections_by_rule: some ? { speed: 61, teleport: 14, airborne: 9, rise: 2 } : {},
      adjustments_by_reason: some ? { silence: 318, rtt: 121, tick_overrun: 12 } : {},
      reviews: { open: count("open"), accepted, dismissed },
      false_positive_ratio: decided > 0 ? dismissed / decided : null,
      detection_ratio: accepted > 0 ? 1 : null,
    };
  }

  movementUpdated() {
    return { players: this.players.map(({ path: _, ...rest }) => rest).slice(0, 50), stats: this.stats() };
  }

  lanesBody(now) {
    return { items: this.lanes.map((lane) => lane.item(now)), next_cursor: null };
  }

  graphsBody() {
    return { graphs: this.graphs.slice(0, 20).map((graph) => graphItem(graph, true)) };
  }

  /** A second goes by. */
  step(now, publish) {
    const lane = this.lanes.find((one) => one.name === "knight");
    if (lane) {
      if (lane.holder && now - lane.holder.at > lane.holder.holdMs) lane.release(now);
      else if (!lane.holder && now >= lane.freeAt) {
        lane.grant(now, 4000);
        if (lane.holder) {
          publish("lock:granted", { lane: lane.name, actor: lane.holder.actor, ticket: lane.holder.id, token: lane.holder.token, waited_s: 1 });
          if (lane.queue.length < 4) lane.ask(kActors[Math.floor(this.random() * 6)][0], now);
        }
      }
      publish("lock:updated", this.lanesBody(now));
    }
    if (this.players.length > 0) {
      for (const player of this.players) if (player.state === "ok") player.last_at = iso(now);
      publish("movement:updated", this.movementUpdated());
    }
  }

  reject(now, publish) {
    const player = this.players[0];
    const point = player.path.find((one) => !one.accepted);
    const verdict = { ...verdictOf(player, point, 2, now), id: `v-live-${now}` };
    this.verdicts.unshift(verdict);
    publish("movement:rejected", verdict);
  }

  finishTask(now, publish) {
    const graph = this.graphs[0];
    const running = graph?.tasks.find((one) => one.state === "running");
    if (!running) return;
    Object.assign(running, { state: "succeeded", ended_at: iso(now), result: { exit_code: 0 } });
    for (const one of graph.tasks) {
      const ready = one.depends_on.every(
        (id) => graph.tasks.find((other) => other.id === id)?.state === "succeeded",
      );
      if (one.state === "waiting" && ready)
        Object.assign(one, { state: "running", started_at: iso(now), attempts: 1 });
    }
    publish("task:completed", running);
    publish("task:updated", this.graphsBody());
  }

  /** {status, body, headers?, type?} or null when the path is not of the rooms. */
  answer(method, path, query, body, headers, publish) {
    const now = Date.now();
    const parts = path.split("/").slice(1).map(decodeURIComponent);
    switch (parts[0]) {
      case "locks":
        return this.locks(method, parts, query, body, now, publish);
      case "lock-modules":
        return this.lockModules(method, parts, body);
      case "task-graphs":
        return this.taskGraphs(method, parts, body, now, publish);
      case "tasks":
        return this.tasks(method, parts, now, publish);
      case "movement":
        return this.movement(method, parts, query, body, headers, now);
      default:
        return null;
    }
  }

  locks(method, [, name, act], query, body, now, publish) {
    if (!name) return ok(this.lanesBody(now));
    if (name === "graph") return ok({ waits: [] });
    const lane = this.lanes.find((one) => one.name === name);
    const changed = () => publish("lock:updated", this.lanesBody(now));
    if (method === "PUT") {
      const made = lane ?? new MockLane(name, now);
      if (body.lease_s > 600)
        return bad(422, "validation", "The options are not valid", [
          { path: "/lease_s", message: "At most 600." },
        ]);
      Object.assign(made.options, body);
      if (!lane) this.lanes.push(made);
      changed();
      return ok(made.item(now));
    }
    if (!lane) return bad(404, "not-found", `There is no lane ${name}.`);
    if (method === "DELETE") {
      if (lane.holder || lane.queue.length > 0)
        return bad(409, "conflict", `The lane ${name} is in use.`);
      this.lanes = this.lanes.filter((one) => one !== lane);
      changed();
      return { status: 204 };
    }
    if (act === "trace")
      return ok({ items: lane.trace.slice(0, Number(query.get("limit") ?? 50)), next_cursor: null });
    if (act === "revoke") {
      const had = lane.holder !== null;
      lane.release(now, "revoked");
      changed();
      return ok({ revoked: had });
    }
    return ok(lane.item(now));
  }

  lockModules(method, [, name], body) {
    if (method === "GET" && !name) return ok({ items: this.modules });
    let module = this.modules.find((one) => one.name === name);
    if (!module) {
      module = { name, source: "custom" };
      this.modules.push(module);
    }
    Object.assign(module, body, { source: "custom" });
    return ok(module);
  }

  taskGraphs(method, [, id, act], body, now, publish) {
    if (!id && method === "GET")
      return ok({ items: this.graphs.map((graph) => graphItem(graph, false)), next_cursor: null });
    if (!id) {
      const errors = graphErrors(body);
      if (errors.length > 0)
        return bad(422, "validation", `The graph has ${errors.length} mistake${errors.length > 1 ? "s" : ""}.`, errors);
      const graph = makeGraph(`g-${now}`, body.name ?? null, now, body.tasks.map((one) =>
        task(one.id, one.depends_on ?? [], { ...one, state: one.depends_on?.length ? "waiting" : "running", ...(one.depends_on?.length ? {} : { started: now }) }),
      ));
      this.graphs.unshift(graph);
      publish("task:updated", this.graphsBody());
      return { status: 201, body: graphItem(graph, true) };
    }
    const graph = this.graphs.find((one) => one.id === id);
    if (!graph) return bad(404, "not-found", `There is no graph ${id}.`);
    if (act === "cancel") {
      graph.cancelled = true;
      for (const one of graph.tasks)
        if (["waiting", "ready", "running"].includes(one.state))
          Object.assign(one, { state: "cancelled", reason: "Cancelled by marta.", ended_at: iso(now) });
      publish("task:updated", this.graphsBody());
    }
    return ok(graphItem(graph, true));
  }

  tasks(method, [, id, act], now, publish) {
    const all = this.graphs.flatMap((graph) => graph.tasks);
    if (!id) return ok({ items: all, next_cursor: null });
    const found = all.find((one) => one.id === id);
    if (!found) return bad(404, "not-found", `There is no task ${id}.`);
    if (act === "cancel") {
      Object.assign(found, { state: "cancelled", reason: "Cancelled by marta.", ended_at: iso(now) });
      publish("task:updated", this.graphsBody());
    }
    return ok(found);
  }

  movement(method, [, what, id, act], query, body, headers, now) {
    switch (what) {
      case "players": {
        if (!id) return ok({ items: this.movementUpdated().players, next_cursor: null });
        const player = this.players.find((one) => one.player === id);
        if (!player) return bad(404, "not-found", `There is no player ${id}.`);
        return ok({
          ...player,
          ratios: { clock_60s: 1.001, clock_600s: 0.999, clock_session: 1, distance_60s: player.state === "review" ? 1.48 : 0.81, distance_600s: 0.66, distance_session: null },
          channels: ["needs_slack", "stolen_time", "airborne", "reach", "rate", "claim_mismatch", "gap", "reject"].map((channel, i) => ({
            channel,
            e: i === 7 ? player.max_e : Math.max(1, player.max_e ** (i / 9)),
          })),
          baseline: { gaps_per_minute: 0.4, rtt_ms: 41, frame_time_ms: 16.7 },
        });
      }
      case "verdicts": {
        const only = query.get("only") === "rejected";
        const list = this.verdicts.filter(
          (one) => !(only && one.valid) && (!query.get("player") || one.player === query.get("player")),
        );
        const from = Number(query.get("cursor") ?? 0);
        const limit = Number(query.get("limit") ?? 50);
        return ok({
          items: list.slice(from, from + limit),
          next_cursor: from + limit < list.length ? String(from + limit) : null,
        });
      }
      case "stats":
        return ok(this.stats());
      case "review": {
        if (!id) return ok({ items: this.reviews, next_cursor: null });
        const item = this.reviews.find((one) => one.id === id);
        if (!item) return bad(404, "not-found", `There is no review ${id}.`);
        Object.assign(item, {
          state: act === "accept" ? "accepted" : "dismissed",
          note: body.note ?? null,
          decided_by: "marta",
          decided_at: iso(now),
        });
        return ok(item);
      }
      case "options": {
        if (id === "history") return ok({ items: this.history, next_cursor: null });
        const etag = `"o-${this.version}"`;
        if (method === "PUT") {
          if (headers["if-match"] !== etag)
            return bad(412, "precondition-failed", "The options were changed meanwhile.");
          if (body.max_credit_s > 10)
            return bad(422, "validation", "The options are not valid.", [
              { path: "/max_credit_s", message: "From 0 to 10." },
            ]);
          this.options = body;
          this.version++;
          this.history.unshift({ at: iso(now), by: "marta", options: body });
        }
        return {
          status: 200,
          body: { ...this.options, unsafe: this.options.mode.startsWith("smart") },
          headers: { ETag: `"o-${this.version}"` },
        };
      }
      case "replay": {
        const result = judgeTrace(String(body), now);
        return "wrong" in result ? bad(422, "validation", result.wrong) : ok(result);
      }
      default:
        return bad(404, "not-found", "No such thing.");
    }
  }
}

const ok = (body) => ({ status: 200, body });
const bad = (status, type, detail, errors) => ({
  status,
  type: "application/problem+json",
  body: { type, title: detail, status, detail, instance: "/mock", correlation_id: "mock-1", ...(errors ? { errors } : {}) },
});
