// The scenes that the mock can play. `scene(name, now)` builds one.

import { Rooms } from "./rooms.mjs";
import { World } from "./world.mjs";

export const kScenes = [
  "setup",
  "logged-out",
  "empty",
  "healthy",
  "degraded",
  "failed",
  "busy",
  "viewer",
  "gone",
  "broken",
];

const kMinute = 60_000;

function past(world, now) {
  const add = (minutes, spec) => world.cancel({ at: now - minutes * kMinute, ...spec });
  const metrics = (cpu_usage, memory_usage, fps, latency, response_time) => ({
    cpu_usage,
    memory_usage,
    fps,
    latency,
    response_time,
  });
  for (let i = 0; i < 64; i++) {
    const minutes = 60 * 26 + i * 47;
    if (i % 3 === 0)
      add(minutes, {
        macro_id: "heal",
        macro_name: "Heal Macro",
        signal: "duration",
        reason: "Duration exceeded: 61 s > 60 s",
      });
    else if (i % 3 === 1)
      add(minutes, {
        macro_id: "travel",
        macro_name: "Travel Macro",
        signal: "latency",
        reason: "Performance threshold exceeded: latency 538 > 500",
        outcome: "signalled",
        gone_ms: 9,
      });
    else
      add(minutes, {
        macro_id: "attack",
        macro_name: "Attack Macro",
        signal: "fps",
        reason: "Performance threshold exceeded: fps 13.2 < 15",
      });
  }
  add(1512, {
    macro_id: "buff",
    macro_name: "Buff Macro",
    signal: "duration",
    limit: 120,
    reason: "Duration exceeded: 121 s > 120 s",
    outcome: "notified",
    gone_ms: null,
  });
  add(402, {
    macro_id: "backup",
    macro_name: "Nightly Backup",
    signal: "memory_usage",
    reason: "Performance threshold exceeded: memory_usage 86.1 > 85",
    outcome: "watched",
    gone_ms: null,
  });
  add(188, {
    macro_id: "dance",
    macro_name: "Dance Macro",
    signal: "response_time",
    reason: "Performance threshold exceeded: response_time 1184 > 1000",
    outcome: "still_acting",
    gone_ms: null,
    metrics: metrics(44.9, 62, 51.2, 96, 1184),
  });
  add(47, {
    macro_id: "heal",
    macro_name: "Heal Macro",
    signal: "duration",
    reason: "Duration exceeded: 61 s > 60 s",
    gone_ms: 11,
    noResponse: true,
    metrics: metrics(31.5, 60.7, 58.8, 35, null),
  });
  add(12, {
    id: "c-attack-cpu",
    macro_id: "attack",
    macro_name: "Attack Macro",
    signal: "cpu_usage",
    reason: "Performance threshold exceeded: cpu_usage 85.5 > 80",
    metrics: metrics(85.5, 62.4, 44.1, 131, 214),
  });
}

function running(world, now) {
  world.start({ macro_id: "announce", pid: 2214, demand: 3, rss: 9.2e6 }, now, 1264);
  world.start(
    { macro_id: "craft", pid: 2381, demand: 22, rss: 31.4e6, session_id: "s-marta" },
    now,
    211,
  );
  world.start(
    { macro_id: "attack", pid: 2402, demand: 46, rss: 48.1e6, session_id: "s-marta" },
    now,
    96,
  );
}

function worsen(world, name, status, detail, now, minutes) {
  const check = world.healthChecks.find((one) => one.name === name);
  Object.assign(check, { status, detail, since: new Date(now - minutes * kMinute).toISOString() });
}

/** {world, rooms, loggedIn, needsSetup, role, gone, broken} */
export function scene(name, now) {
  const world = new World(20240611, now);
  const result = {
    name,
    world,
    rooms: new Rooms(name, now),
    loggedIn: true,
    needsSetup: false,
    role: "admin",
    gone: false,
    broken: false,
  };
  switch (name) {
    case "setup":
      return { ...result, loggedIn: false, needsSetup: true };
    case "logged-out":
      past(world, now);
      running(world, now);
      return { ...result, loggedIn: false };
    case "empty":
      world.blind = new Set(["fps", "latency", "response_time"]);
      for (const point of world.history) point.fps = point.latency = point.response_time = null;
      return result;
    case "degraded":
      past(world, now);
      running(world, now);
      world.gap = [now - 170_000, now - 130_000];
      for (const point of world.history) {
        const at = Date.parse(point.at);
        if (at > world.gap[0] && at < world.gap[1])
          point.cpu_usage = point.memory_usage = point.fps = point.latency = null;
      }
      worsen(
        world,
        "disk",
        "degraded",
        "86 % of /var/lib/gamekeeper is used; it fails at 95 %",
        now,
        38,
      );
      worsen(
        world,
        "dependencies",
        "degraded",
        "Discord does not answer; 3 messages wait in the outbox",
        now,
        6,
      );
      return result;
    case "failed":
      past(world, now);
      running(world, now);
      worsen(world, "database", "failed", "write and read took 412 ms, the limit is 50 ms", now, 2);
      return result;
    case "busy":
      past(world, now);
      world.quarantine = [
        {
          macro_id: "dance",
          strikes: 3,
          until: new Date(now + 25 * kMinute).toISOString(),
          needs_confirmation: true,
          reason: "Performance threshold exceeded: cpu_usage 101.1 > 60",
        },
        {
          macro_id: "gather",
          strikes: 1,
          until: new Date(now + 4 * kMinute).toISOString(),
          needs_confirmation: false,
          reason: "Pattern: 30 errors in 10 s",
        },
      ];
      world.wander.cpu_usage.home = 87;
      world.wander.fps.home = 17;
      for (let i = 120; i > 0; i--) world.step(now - i * 1000);
      world.start({ macro_id: "heal", pid: 3011, demand: 12, rss: 12e6 }, now, 56);
      world.start(
        {
          macro_id: "attack",
          pid: 3020,
          demand: 76,
          rss: 88e6,
          state: "warned",
          kind: "script",
          reason: "Performance threshold exceeded: cpu_usage 82.0 > 80",
          session_id: "s-marta",
        },
        now,
        141,
      );
      world.start({ macro_id: "dance", macro_name: "Dance Macro" }, now, 640);
      world.start(
        { macro_id: "craft", pid: 3077, demand: 20, rss: 30e6, state: "paused" },
        now,
        305,
      );
      world.start(
        { macro_id: "travel", pid: 3102, demand: 84, rss: 41e6, state: "cancelling" },
        now,
        77,
      );
      return result;
    case "viewer":
      past(world, now);
      running(world, now);
      return { ...result, role: "viewer" };
    case "gone":
      past(world, now);
      running(world, now);
      return { ...result, gone: true };
    case "broken":
      return { ...result, broken: true };
    default:
      past(world, now);
      running(world, now);
      return { ...result, name: "healthy" };
  }
}
