// Players' paths, and a rough judge of pasted traces: a stand-in for the referee, not its rules.

const iso = (ms) => new Date(ms).toISOString();
const round = (value) => Number(value.toFixed(3));
const kSpeed = 5;
const kStep = 0.1;

/** The last 14 s of a player who wanders; a cheat is set back now and then. */
export function walkOf(random, mode, { speed = 1, fly = false }, now) {
  const points = [];
  let [x, z, y, heading] = [random() * 8, random() * 8, 0, random() * 6.28];
  let bent = 0;
  for (let i = 0; i < 140; i++) {
    const at = iso(now - (140 - i) * kStep * 1000);
    bent += (random() - 0.5) * 0.12;
    bent *= 0.95;
    heading += bent + Math.sin(i / 23) * 0.05;
    const cheats = speed > 1 && ((i > 50 && i < 62) || (i > 104 && i < 112));
    const hovers = fly && i > 70 && i < 96;
    const step = kSpeed * kStep * 0.93;
    const jump = mode === "3d" ? Math.max(0, Math.sin((i % 40) / 40 * Math.PI * 2) * 0.9 - 0.2) : 0;
    if (cheats || hovers) {
      const ahead = cheats ? (i % 52) * step * 0.32 * speed : step;
      points.push({
        at,
        x: round(x + Math.cos(heading) * ahead),
        y: round(mode === "3d" ? y + (hovers ? 1.2 + (i - 70) * 0.08 : 0) : z + Math.sin(heading) * ahead),
        z: round(mode === "3d" ? z + Math.sin(heading) * ahead : 0),
        accepted: false,
        set_back_to: mode === "3d" ? { x: round(x), y: round(y), z: round(z) } : { x: round(x), y: round(z), z: 0 },
        allowed_radius: round(step * 1.33),
      });
      continue;
    }
    x += Math.cos(heading) * step;
    z += Math.sin(heading) * step;
    y = jump;
    points.push({
      at,
      x: round(x),
      y: round(mode === "3d" ? y : z),
      z: round(mode === "3d" ? z : 0),
      accepted: true,
      set_back_to: null,
      allowed_radius: round(step * 1.33),
    });
  }
  return points;
}

/** {sessions, events, paths} of a trace, or {wrong: sentence}. */
export function judgeTrace(text, now) {
  const sessions = new Map();
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    if (lines[i].trim() === "") continue;
    let line;
    try {
      line = JSON.parse(lines[i]);
    } catch {
      return { wrong: `Line ${i + 1}: this is not JSON.` };
    }
    if (line.k === "S")
      sessions.set(line.id, { id: line.id, vmax: line.vmax, moves: [], claims: 0 });
    const session = sessions.get(line.id) ?? [...sessions.values()].at(-1);
    if (!session) return { wrong: `Line ${i + 1}: a movement before any session ("k":"S").` };
    if (line.k === "m") session.moves.push(line);
    if (line.k === "p") session.claims++;
  }
  if (sessions.size === 0) return { wrong: "The trace has no session." };
  const judged = [...sessions.values()].map((session) => judge(session, now));
  return {
    sessions: judged.map((one) => one.session),
    events: judged.flatMap((one) => one.events),
    paths: judged.map((one) => ({ id: one.session.id, path: one.path })),
  };
}

function judge({ id, vmax, moves, claims }, now) {
  const events = [];
  const path = [];
  let [last, budget, lag, used, first] = [null, 0.25, 0, 0, null];
  for (const move of moves) {
    const passed = last === null ? 0 : (move.r - last.r) / 1000;
    lag = Math.max(lag * 0.97, passed - 0.15);
    budget = Math.min(0.25 + Math.max(0, lag), budget + passed);
    const distance = last === null ? 0 : Math.hypot(move.x - last.x, move.y - last.y);
    const need = distance / vmax / 1.005;
    const accepted = need <= budget + 0.15;
    const at = iso(now - 60_000 + move.r);
    const allowed = (budget + 0.15) * vmax;
    path.push({
      at,
      x: move.x,
      y: move.y,
      z: move.z ?? 0,
      accepted,
      set_back_to: accepted ? null : { x: last.x, y: last.y, z: 0 },
      allowed_radius: Math.min(allowed, 1.2),
    });
    if (accepted) {
      used += Math.max(0, need - passed);
      budget -= need;
      last = { ...move };
      continue;
    }
    last.r = move.r;
    first ??= move.r - moves[0].r;
    events.push({
      event: "rejected",
      id,
      s: move.s,
      r: move.r,
      rule: "speed",
      explanation: `speed: ${distance.toPrecision(4)} units in ${Math.round(passed * 1000)} ms, ${allowed.toPrecision(4)} allowed, silence 4 ms seen by server`,
    });
  }
  const rejected = events.length;
  const e = rejected === 0 ? 8.6 : 3_479_279;
  return {
    events,
    path,
    session: {
      id,
      moves: moves.length,
      rejected,
      first_reject_ms: first,
      rejects_by_rule: rejected > 0 ? { speed: rejected } : {},
      state: rejected > 0 ? "review" : "ok",
      confidence: 1 - 1 / e,
      max_e: e,
      first_watch_ms: rejected > 0 ? first + 1800 : null,
      first_review_ms: rejected > 0 ? first + 3900 : null,
      credit_used_ms: Math.round(used * 1000),
      claims,
      claims_corroborated: rejected > 0 ? 0 : claims,
    },
  };
}
