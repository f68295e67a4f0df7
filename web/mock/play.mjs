// The mock's sessions, modes and commands.

const iso = (at) => new Date(at).toISOString();
const ok = (body, status = 200) => ({ status, body });
const bad = (status, type, title, errors) => ({
  status,
  type: "application/problem+json",
  body: { type, title, status, detail: title, ...(errors ? { errors } : {}) },
});

const kSession = ["session_id", "character_name", "game", "mode_name"];
const kKinds = [
  ["session", "start", "sessions:write", kSession, []],
  ["session", "pause", "sessions:write", kSession.slice(0, 2), []],
  ["session", "stop", "sessions:write", kSession.slice(0, 2), []],
  ["mode", "execute", "macros:run", ["mode_name", "session_id", "character_name"], ["mode_name"]],
  ["mode", "stop", "macros:run", ["mode_name"], ["mode_name"]],
  ["macro", "start", "macros:run", ["macro_id", "game", "args"], ["macro_id"]],
  ["macro", "stop", "macros:run", ["macro_id"], ["macro_id"]],
  ["config", "reload", "config:write", [], []],
  ["diagnostics", "run", "health:read", [], []],
  ["emergency", "stop", "macros:run", [], []],
].map(([type, action, scope, fields, required]) => ({ type, action, scope, fields, required }));

export class Play {
  constructor(now, some) {
    this.made = 0;
    const session = (id, character_name, state, mode, minutes, more = {}) => ({
      id,
      character_name,
      game: "openttd",
      mode,
      state,
      reason: null,
      created: iso(now - minutes * 60_000 - 5000),
      started: state === "created" ? null : iso(now - minutes * 60_000),
      ended: state === "stopped" ? iso(now - 60_000) : null,
      stats: { running_s: minutes * 60, macros_started: 3, macros_refused: 0, macros_cancelled: 0, commands: 4 },
      ...more,
    });
    this.sessions = some
      ? [
          session("se-1", "Knight", "running", "fishing", 83),
          session("se-2", "Ranger of the Old Forest", "paused", "guard", 12),
          session("se-3", "Miner", "interrupted", "mining", 240, {
            reason: "the daemon ended while it ran",
            stats: { running_s: 14_400, macros_started: 9, macros_refused: 1, macros_cancelled: 2, commands: 11 },
          }),
        ]
      : [];
    this.modes = some
      ? [
          { name: "fishing", description: "Quiet water", macros: [{ macro_id: "fish" }, { macro_id: "eat", args: { what: "bread" } }], settings: { rod: "carbon" } },
          { name: "guard", description: "", macros: [{ macro_id: "watch" }], settings: {} },
        ]
      : [];
    const past = (i, type, action, more, state, result, error = null) => ({
      command_id: `c-${i}`,
      type,
      action,
      state,
      by: i === 2 ? "jonas" : "marta",
      submitted_at: iso(now - i * 9 * 60_000),
      ended_at: iso(now - i * 9 * 60_000 + 300),
      request: { type, action, ...more },
      result,
      error,
    });
    this.commands = some
      ? [
          past(1, "diagnostics", "run", {}, "succeeded", { status: "ok", checks: 8 }),
          past(2, "mode", "execute", { mode_name: "mining" }, "failed", null, {
            code: "not_found",
            type: "not-found",
            detail: "there is no mode mining; there are fishing, guard",
          }),
          past(3, "session", "start", { character_name: "Knight" }, "succeeded", { session_id: "se-1" }),
        ]
      : [];
  }

  /** {status, body, type?} or null. */
  answer(method, path, body, may, publish) {
    const [first, id, act] = path.split("/").slice(1).map(decodeURIComponent);
    if (!["sessions", "modes", "commands"].includes(first)) return null;
    if (method !== "GET" && !may) return bad(403, "forbidden", "Your role may not do this");
    if (first === "commands") return this.command(method, id, body, publish);
    if (first === "modes") return this.mode(method, id, body);
    if (method === "GET") return ok({ items: this.sessions, next_cursor: null });
    if (!id) {
      if (this.sessions.some((one) => one.character_name === body.character_name && one.state === "running"))
        return bad(409, "conflict", `${body.character_name} plays already.`);
      const made = {
        id: `se-${++this.made + 10}`,
        game: null,
        mode: null,
        ...body,
        state: "created",
        reason: null,
        created: iso(Date.now()),
        started: null,
        ended: null,
        stats: { running_s: 0, macros_started: 0, macros_refused: 0, macros_cancelled: 0, commands: 0 },
      };
      this.sessions.push(made);
      return ok(made, 201);
    }
    const one = this.sessions.find((other) => other.id === id);
    if (!one) return bad(404, "not-found", "There is no such session");
    if (method === "DELETE") this.sessions = this.sessions.filter((other) => other !== one);
    else this.turn(one, act, publish);
    return ok({ session: one });
  }

  turn(one, act, publish) {
    one.state = { start: "running", pause: "paused", stop: "stopped" }[act];
    if (act === "start") one.started = iso(Date.now());
    one.reason = null;
    publish("session:updated", one);
  }

  mode(method, name, body) {
    if (method === "GET") return ok({ items: this.modes, next_cursor: null });
    this.modes = this.modes.filter((one) => one.name !== name);
    if (method === "PUT") this.modes.push({ name, ...body });
    return ok({ name, ...body });
  }

  command(method, what, body, publish) {
    if (what === "kinds") return ok({ items: kKinds, next_cursor: null });
    if (method === "GET") return ok({ items: this.commands, next_cursor: null });
    const command = {
      command_id: `c-${++this.made + 100}`,
      type: body.type,
      action: body.action,
      state: "running",
      by: "marta",
      submitted_at: iso(Date.now()),
      ended_at: null,
      request: body,
      result: null,
      error: null,
    };
    this.commands.unshift(command);
    setTimeout(() => {
      const one = this.sessions.find((other) => other.id === body.session_id);
      if (one) this.turn(one, body.action, publish);
      command.ended_at = iso(Date.now());
      command.state = body.type === "macro" ? "failed" : "succeeded";
      if (body.type === "macro")
        command.error = { code: "not_found", type: "not-found", detail: `there is no macro ${body.macro_id}` };
      else command.result = { done: true };
      publish(command.error ? "command:error" : "command:result", command);
    }, 150);
    return ok(command, 202);
  }
}
