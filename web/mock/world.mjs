// A small make-believe machine: signals that wander, macros that run, cancellations with evidence.
// Numbers come from a seeded generator and the time passed in, so that a test sees the same world.

/** mulberry32: small, seeded, good enough for a play. */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const kLevels = {
  safe: {
    cpu_usage_max: 90,
    memory_usage_max: 92,
    fps_min: 10,
    latency_max: 800,
    response_time_max: 2000,
  },
  risky: {
    cpu_usage_max: 80,
    memory_usage_max: 85,
    fps_min: 15,
    latency_max: 500,
    response_time_max: 1000,
  },
  dangerous: {
    cpu_usage_max: 60,
    memory_usage_max: 75,
    fps_min: 25,
    latency_max: 300,
    response_time_max: 600,
  },
};
const kDefaults = {
  cpu_usage_max: 80,
  memory_usage_max: 85,
  fps_min: 15,
  latency_max: 500,
  response_time_max: 1000,
};

function profile(macro_id, name, category, safety_level, max_duration, extra = {}) {
  return {
    macro_id,
    name,
    category,
    safety_level,
    max_duration,
    thresholds: { ...kDefaults },
    auto_cancel_enabled: true,
    discord_notify: true,
    dry_run: macro_id === "craft",
    windows:
      macro_id === "dance"
        ? [
            {
              name: "night",
              cron: "0 22 * * *",
              time_zone: "Europe/Berlin",
              duration_s: 28800,
              thresholds: { cpu_usage_max: 40, fps_min: 30 },
            },
          ]
        : [],
    description: "",
    patterns: [],
    source: "builtin",
    etag: `"${macro_id}-1"`,
    ...extra,
  };
}

export const kProfiles = [
  profile("heal", "Heal Macro", "support", "safe", 60),
  profile("buff", "Buff Macro", "support", "safe", 120),
  profile("attack", "Attack Macro", "combat", "risky", 300),
  profile("craft", "Craft Macro", "economy", "safe", 600),
  profile("travel", "Travel Macro", "movement", "risky", 180),
  profile("dance", "Dance Macro", "social", "dangerous", 3600),
  profile("announce", "Hourly Announcements", "operations", "safe", 3600, {
    source: "custom",
    thresholds: { ...kLevels.safe },
    description: "Rules and restart times in the chat.",
  }),
  profile("backup", "Nightly Backup", "operations", "risky", 900, {
    source: "override",
    auto_cancel_enabled: false,
    thresholds: { ...kLevels.risky },
    description: "Watched only: its owner stops it by hand.",
  }),
];

const iso = (ms) => new Date(ms).toISOString();
const round = (value, digits = 1) => Number(value.toFixed(digits));
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** A value that drifts towards `home`, with noise; asked in order of time. */
class Wander {
  constructor(random, home, noise, low, high) {
    Object.assign(this, { random, home, noise, low, high, value: home });
  }
  next() {
    this.value += (this.home - this.value) * 0.08 + (this.random() - 0.5) * this.noise;
    if (this.random() < 0.012) this.value += (this.random() - 0.25) * this.noise * 4;
    this.value = clamp(this.value, this.low, this.high);
    return this.value;
  }
}

const known = (value, at, digits = 1) => ({
  value: round(value, digits),
  state: "known",
  reason: null,
  at: iso(at),
});
const unknown = (reason) => ({ value: null, state: "unknown", reason, at: null });

export class World {
  constructor(seed, now) {
    this.random = generator(seed);
    this.now = now;
    this.wander = {
      cpu_usage: new Wander(this.random, 34, 9, 3, 99),
      memory_usage: new Wander(this.random, 61, 1.2, 30, 97),
      fps: new Wander(this.random, 58, 5, 4, 61),
      latency: new Wander(this.random, 38, 14, 9, 900),
      response_time: new Wander(this.random, 74, 30, 20, 3000),
    };
    this.macros = [];
    this.cancellations = [];
    this.evidence = new Map();
    this.quarantine = [];
    this.history = [];
    this.blind = new Set(); // Signals that nobody can measure.
    this.healthChecks = healthChecks(now);
    this.totalCancellations = 0;
    for (let second = 300; second > 0; second--) this.step(now - second * 1000);
  }

  step(at) {
    this.now = at;
    const point = { at: iso(at) };
    for (const [name, wander] of Object.entries(this.wander)) {
      const value = wander.next();
      const hidden = this.blind.has(name) || (this.gap && at > this.gap[0] && at < this.gap[1]);
      point[name] = hidden ? null : round(value);
    }
    this.history.push(point);
    if (this.history.length > 301) this.history.shift();
  }

  signals() {
    const at = this.now;
    const result = {};
    const last = this.history[this.history.length - 1];
    const blindReason = {
      fps: "no client reports frames and no game link is connected",
      latency: "no game link is connected",
      response_time: "no game link is connected",
    };
    for (const name of Object.keys(this.wander)) {
      const value = last[name];
      result[name] =
        value === null ? unknown(blindReason[name] ?? "the sensor failed") : known(value, at);
    }
    const r = this.random;
    result.tick_ratio = this.blind.has("fps")
      ? unknown("no game link is connected")
      : known(0.985 + r() * 0.015, at, 3);
    result.disk_usage = known(47.2, at);
    result.load1 = known(0.6 + this.wander.cpu_usage.value / 40, at, 2);
    result.swap_usage = known(2.1, at);
    result.network_rx_bytes_per_s = known(182_000 + r() * 40_000, at, 0);
    result.network_tx_bytes_per_s = known(96_000 + r() * 20_000, at, 0);
    result.disk_read_bytes_per_s = known(r() * 12_000, at, 0);
    result.disk_write_bytes_per_s = known(38_000 + r() * 9_000, at, 0);
    result.psi_cpu = known(r() * 2.4, at);
    result.psi_memory = known(0, at);
    result.psi_io = { value: 0.4, state: "stale", reason: null, at: iso(at - 41_000) };
    result.gpu_usage = unknown("no GPU driver reports its load");
    result.score =
      result.fps.value === null
        ? unknown("needs fps")
        : known(clamp(result.fps.value * 1.55, 0, 100), at, 0);
    return result;
  }

  averages() {
    const window = this.history.slice(-30);
    const result = {};
    for (const name of Object.keys(this.wander)) {
      const values = window.map((point) => point[name]).filter((value) => value !== null);
      const sum = values.reduce((total, value) => total + value, 0);
      result[name] = {
        value: values.length ? round(sum / values.length) : null,
        samples_used: values.length,
        samples_total: window.length,
        window_s: 30,
      };
    }
    return result;
  }

  processes() {
    const result = {};
    for (const macro of this.macros.filter((one) => one.pid !== null)) {
      result[macro.macro_id] = {
        pid: macro.pid,
        cpu_pct: round(macro.demand * 0.9),
        demand_pct: round(macro.demand),
        rss_bytes: macro.rss,
      };
    }
    return result;
  }

  start(spec, now = this.now, ranFor = 0) {
    const chosen = kProfiles.find((one) => one.macro_id === (spec.profile ?? spec.macro_id));
    const macro = {
      macro_id: spec.macro_id,
      macro_name: spec.macro_name ?? chosen?.name ?? spec.macro_id,
      safety_level: spec.safety_level ?? chosen?.safety_level ?? "risky",
      kind: spec.kind ?? (spec.command ? "process" : "external"),
      reason: spec.reason,
      started: now - ranFor * 1000,
      max: chosen?.max_duration ?? 300,
      thresholds: chosen?.thresholds ?? kDefaults,
      state: spec.state ?? "running",
      pid: spec.pid ?? (spec.command ? 4000 + Math.floor(this.random() * 3000) : null),
      demand: spec.demand ?? 6,
      rss: spec.rss ?? 24 * 1024 * 1024,
      session_id: spec.session_id ?? null,
    };
    this.macros.push(macro);
    return macro;
  }

  macroItem(macro) {
    const last = this.history[this.history.length - 1];
    const duration = (this.now - macro.started) / 1000;
    const below = (value, limit) => (value === null ? null : round(1 - value / limit, 3));
    const above = (value, limit) =>
      value === null ? null : round(clamp((value - limit) / limit, -1, 1), 3);
    const demand = macro.pid === null ? null : macro.demand * (0.85 + this.random() * 0.3);
    return {
      macro_id: macro.macro_id,
      macro_name: macro.macro_name,
      safety_level: macro.safety_level,
      kind: macro.kind,
      start_time: iso(macro.started),
      duration: round(duration),
      time_left: round(Math.max(0, macro.max - duration)),
      headroom: {
        duration: round(Math.max(0, 1 - duration / macro.max), 3),
        cpu_usage: demand === null ? null : below(demand, macro.thresholds.cpu_usage_max),
        memory_usage: below(last.memory_usage, macro.thresholds.memory_usage_max),
        fps: above(last.fps, macro.thresholds.fps_min),
        latency: below(last.latency, macro.thresholds.latency_max),
        response_time: below(last.response_time, macro.thresholds.response_time_max),
      },
      state: macro.state,
      reason: macro.reason ?? null,
      pid: macro.pid,
      demand_pct:
        demand === null ? unknown("the macro gave no process id") : known(demand, this.now),
      session_id: macro.session_id,
    };
  }

  activeMacros() {
    return { items: this.macros.map((macro) => this.macroItem(macro)) };
  }

  cancel(spec) {
    const at = spec.at ?? this.now;
    const id = spec.id ?? `c-${(0x10000 + this.totalCancellations * 7919).toString(16)}`;
    const event = {
      id,
      macro_id: spec.macro_id,
      macro_name: spec.macro_name,
      cancellation_reason: spec.reason,
      rule: `limit:${spec.signal}`,
      performance_metrics: spec.metrics ?? {
        cpu_usage: 41.2,
        memory_usage: 61.8,
        fps: 52.1,
        latency: 44,
        response_time: 81,
      },
      timestamp: iso(at),
      session_id: spec.session_id ?? null,
      evidence_id: id,
      outcome: spec.outcome ?? "killed",
      decision_ms: spec.decision_ms ?? 104,
      gone_ms: "gone_ms" in spec ? spec.gone_ms : 14,
    };
    this.totalCancellations++;
    this.cancellations.unshift(event);
    this.cancellations.sort((a, b) => Date.parse(b.timestamp) - Date.parse(a.timestamp));
    this.evidence.set(id, () => evidenceOf(event, spec, at));
    return event;
  }

  health() {
    const rank = { ok: 0, degraded: 1, failed: 2 };
    const worst = this.healthChecks.reduce(
      (most, one) => (rank[one.status] > rank[most] ? one.status : most),
      "ok",
    );
    return { status: worst, version: "0.1.0", uptime_s: 93_784, checks: this.healthChecks };
  }
}

function healthChecks(now) {
  const since = iso(now - 26 * 3600_000);
  const check = (name, detail, latency_ms) => ({ name, status: "ok", latency_ms, detail, since });
  return [
    check("memory", "the daemon uses 11 MB of 200 MB", 0.1),
    check("cpu", "the daemon uses 0.4 % of one core", 0.1),
    check("disk", "47 % used", 0.2),
    check("database", "write and read took 2.1 ms", 2.1),
    check("cache", "in memory, 212 entries", 0.1),
    check("logging", "last line 0.4 s ago, none dropped", 0.1),
    check("dependencies", "2 workers and the notifier are well", 0.9),
    check("configuration", "revision 7 is valid", 0.1),
  ];
}

/** One of the five series: ordinary before, `rise` as the breach nears, calm after. */
function seriesOf(random, signal, unit, limit, base, noise, peak, isRule, low) {
  const points = [];
  for (let i = -600; i <= 300; i++) {
    const t = i / 10;
    let value = base + (random() - 0.5) * noise + Math.sin(t / 7 + base) * noise * 0.5;
    if (t > -14 && t <= 0) value += (peak - base) * Math.min(1, ((t + 14) / 12.5) ** 2);
    else if (t > 0) value += (peak - base) * Math.exp(-t / 1.6);
    if (low) value = Math.max(0.5, value);
    const lost = !isRule && t > -42 && t < -36;
    points.push([round(t), lost ? null : round(clamp(value, 0, unit === "%" ? 100 : 1e6))]);
  }
  return { signal, unit, limit, points };
}

function evidenceOf(event, spec, at) {
  const random = generator([...event.id].reduce((sum, c) => sum * 31 + c.charCodeAt(0), 7));
  const t = kDefaults;
  const isRule = (name) => spec.signal === name;
  const peak = (name, quiet, loud) => (isRule(name) ? loud : quiet);
  const series = [
    seriesOf(
      random,
      "cpu_usage",
      "%",
      t.cpu_usage_max,
      38,
      9,
      peak("cpu_usage", 58, 93),
      isRule("cpu_usage"),
    ),
    seriesOf(
      random,
      "memory_usage",
      "%",
      t.memory_usage_max,
      61,
      1.5,
      peak("memory_usage", 63, 92),
      isRule("memory_usage"),
    ),
    seriesOf(random, "fps", "fps", t.fps_min, 57, 4, peak("fps", 46, 8), isRule("fps"), true),
    seriesOf(
      random,
      "latency",
      "ms",
      t.latency_max,
      42,
      14,
      peak("latency", 120, 710),
      isRule("latency"),
    ),
    spec.noResponse
      ? {
          signal: "response_time",
          unit: "ms",
          limit: t.response_time_max,
          points: Array.from({ length: 91 }, (_, i) => [i - 60, null]),
        }
      : seriesOf(
          random,
          "response_time",
          "ms",
          t.response_time_max,
          80,
          24,
          peak("response_time", 210, 1480),
          isRule("response_time"),
        ),
  ];
  const limits = {
    cpu_usage: 80,
    memory_usage: 85,
    fps: 15,
    latency: 500,
    response_time: 1000,
    duration: spec.limit ?? 60,
  };
  const limit = limits[spec.signal];
  const step = (ms, what, result) => ({ at: iso(at + ms), what, result });
  const share = spec.share ?? 0.71;
  return {
    event,
    rule: {
      signal: spec.signal,
      enter: limit,
      leave: spec.signal === "fps" ? round(limit * 1.1) : round(limit * 0.9),
      for_s: 0,
      min_samples: spec.signal === "duration" ? 1 : 2,
      limit,
      measured: spec.signal,
      value: series.find((one) => one.signal === spec.signal)?.points.find(([t]) => t === 0)?.[1] ?? null,
      profile: spec.macro_id,
      safety_level:
        kProfiles.find((one) => one.macro_id === spec.macro_id)?.safety_level ?? "risky",
    },
    culprit:
      spec.signal === "duration"
        ? null
        : {
            score: 0.82,
            margin: 0.61,
            threshold: 0.5,
            candidates: [
              { macro_id: spec.macro_id, score: 0.82, demand_pct: 91, share },
              { macro_id: "craft", score: 0.21, demand_pct: 22, share: 0.17 },
              { macro_id: "announce", score: 0.04, demand_pct: 4, share: 0.03 },
              { macro_id: "travel", score: 0.02, demand_pct: null, share: null },
            ].filter(
              (one, i, all) => all.findIndex((other) => other.macro_id === one.macro_id) === i,
            ),
          },
    decision: {
      at: iso(at),
      steps: [
        step(-104, "second sample over the limit", event.cancellation_reason),
        step(0, "decided to cancel", "checked again right before: still over"),
        step(0.4, "fenced its lane", "3 queued commands dropped, nothing more is sent"),
        step(1, "soft stop by signal", "no answer within 20 ms"),
        step(
          21,
          "SIGKILL",
          event.gone_ms === null ? "not confirmed" : `gone after ${event.gone_ms} ms`,
        ),
        step(38, "recorded and told", "log, dashboard, Discord"),
      ],
    },
    series,
  };
}
