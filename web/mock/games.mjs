// The mock's games with their consoles, and the macro library.

const iso = (at) => new Date(at).toISOString();
const ok = (body, status = 200) => ({ status, body });
const bad = (status, type, title, errors) => ({
  status,
  type: "application/problem+json",
  body: { type, title, status, detail: title, ...(errors ? { errors } : {}) },
});

const kKinds = [
  { name: "teeworlds", title: "Teeworlds / DDNet (econ)", transport: "tcp", port: 8303, has_password: true, rate_per_s: 100, burst: 20, in_flight: 1, queries: ["echo", "status"], options: [] },
  {
    name: "openttd", title: "OpenTTD (admin port)", transport: "tcp", port: 3977, has_password: true, rate_per_s: 120, burst: 8, in_flight: 8, queries: ["list_*", "getdate"],
    options: [{ name: "client_name", type: "text", default: "gamekeeper", description: "Name that the server shows" }],
  },
];

export class Games {
  constructor(now, some) {
    this.now = now;
    const game = (name, kind, state, more = {}) => ({
      name, kind, host: "127.0.0.1", port: kind === "openttd" ? 3977 : 8303, enabled: true, options: {},
      rate_per_s: 100, burst: 20, adaptive_pace: true, in_flight: 1, reply_timeout_ms: 10_000, output_limit: 65_536,
      allow: [], dangerous: ["shutdown", "quit"], queries: ["echo"], users: [], roles: [], has_password: true, state, reason: "",
      health: { tick_ratio: null, latency_ms: null, response_time_ms: null, pace_per_s: 100, waiting: 0, in_flight: 0 },
      ...more,
    });
    this.games = some
      ? [
          game("caravan", "openttd", "ready", { health: { tick_ratio: 0.978, latency_ms: 31.2, response_time_ms: 30.4, pace_per_s: 60, waiting: 0, in_flight: 1 } }),
          game("arena", "teeworlds", "waiting", { reason: "cannot connect: Connection refused; again in 8 s" }),
          game("cave", "stdio", "ready", { port: 0, options: { program: "/opt/cave/server", arguments: "--world\nnight" } }),
          game("old-arena", "teeworlds", "failed", { reason: "the server says: Wrong password 1/3." }),
        ]
      : [];
    const said = [
      ...Array.from({ length: 60 }, (_, i) => ["line", "", `Autosave ${i + 1} of the night was written`]),
      ["state", "", "ready"],
      ["command", "user:marta", "getdate"],
      ["reply", "user:marta", "Date: 1950-03-14"],
      ["line", "", "*** Lena has joined the game (Client #4)"],
      ["command", "macro:greeter", 'say "Welcome, Lena"'],
      ["reply", "macro:greeter", ""],
      ["error", "user:jonas", "quit needs a confirmation: it is on the list of dangerous commands"],
      ["line", "", "[All] Lena: <b>hello</b>, is there a night backup on this server? It would be a pity about the long line to the harbour."],
    ];
    this.lines = some
      ? said.map(([kind, sender, text], i) => ({ game: "caravan", seq: i + 1, at: iso(now - (said.length - i) * 21_000), kind, sender, text }))
      : [];
    const script = (name, kind, description, more = {}) => ({
      name, kind, version: 3, readable: true, description, category: "operations", runs_on: "", enabled: true, resume: false,
      game: "caravan", profile: "", args: null, schedule: null, created_at: iso(now - 9e8), created_by: "marta",
      changed_at: iso(now - 7_200_000), changed_by: "marta", bytes: 1480,
      source: kind === "lua" ? "-- name: cleanup\nsleep(1)\n" : '{\n  "name": "backup",\n  "actions": [\n    {"type": "command", "command": "save backup1"}\n  ]\n}\n',
      ...more,
    });
    this.scripts = some
      ? [
          script("backup", "steps", "Saves the game under five names in turn", { schedule: { cron: "0 4 * * *", time_zone: "Europe/Berlin" } }),
          script("attack", "lua", "Cleans up when the tick rate drops"),
          script("greeter", "steps", "Greets whoever joins", { enabled: false }),
        ]
      : [];
  }

  /** {status, body, type?} or null. */
  answer(method, path, query, body, may, publish) {
    const [first, name, act, more] = path.split("/").slice(1).map(decodeURIComponent);
    if (first === "game-kinds") return ok({ items: kKinds });
    if (first !== "games" && first !== "macro-scripts") return null;
    if (method !== "GET" && name !== "validate" && !may) return bad(403, "forbidden", "Your role may not do this");
    return first === "games" ? this.game(method, name, act, query, body, publish) : this.script(method, name, act, more, body);
  }

  /** A linked server, one that answered and one that says nothing; nothing where no game is linked. */
  detect() {
    if (this.games.length === 0) return ok({ items: [] });
    const found = (kind, port, process, more = {}) => ({
      kind, title: kKinds.find((one) => one.name === kind).title, port, process, pid: 812, proven: true, game: null,
      needs: "password: that of its console", body: { name: `${kind}-2`, kind, host: "127.0.0.1", port }, ...more,
    });
    return ok({
      items: [
        found("openttd", 3977, "openttd", { game: "caravan", body: { name: "openttd", kind: "openttd", host: "127.0.0.1", port: 3977 } }),
        found("openttd", 3988, "openttd", { pid: 2310 }),
        found("teeworlds", 8313, null, { pid: null, proven: false }),
      ],
    });
  }

  game(method, name, act, query, body, publish) {
    if (!name && method === "GET") return ok({ items: this.games });
    if (name === "detect" && method === "POST") return this.detect();
    const one = this.games.find((other) => other.name === (name ?? body.name));
    const changed = () => publish("game:state", { items: this.games });
    if (!name) {
      if (one) return bad(409, "conflict", `There is a game ${body.name} already.`, [{ path: "name", message: "taken" }]);
      const { password: _, ...rest } = body;
      this.games.push({ allow: [], dangerous: [], queries: [], users: [], roles: [], has_password: true, state: "ready", reason: "", health: { tick_ratio: null, latency_ms: 4.2, response_time_ms: null, pace_per_s: 100, waiting: 0, in_flight: 0 }, ...rest });
      changed();
      return ok(this.games.at(-1), 201);
    }
    if (!one) return bad(404, "not-found", `There is no game ${name}`);
    if (act === "history") return ok({ items: this.lines.filter((line) => line.game === name) });
    if (act === "completions") return ok({ items: ["getdate", "getseed", "list_settings"].filter((word) => word.startsWith(query.get("prefix") ?? "")) });
    if (act === "connect" || act === "disconnect") {
      one.state = act === "connect" ? "ready" : "stopped";
      one.reason = "";
      changed();
      return ok(one);
    }
    if (act === "commands") {
      if (one.dangerous.includes(body.command) && !body.confirmed)
        return bad(409, "conflict", `${body.command} needs a confirmation: send confirmed`);
      for (const [kind, text] of [["command", body.command], ["reply", `done: ${body.command}`]]) {
        const line = { game: name, seq: this.lines.length + 1, at: iso(Date.now()), kind, sender: "user:marta", text };
        this.lines.push(line);
        publish("game:line", line);
      }
      return ok({ text: `done: ${body.command}`, truncated: false, waited_ms: 0, response_ms: 12 });
    }
    if (method === "DELETE") {
      this.games = this.games.filter((other) => other !== one);
      changed();
      return { status: 204, body: undefined };
    }
    if (method === "PUT") Object.assign(one, body);
    changed();
    return ok(one);
  }

  script(method, name, act, version, body) {
    if (!name) return ok({ items: this.scripts.map(({ source: _, ...rest }) => rest), next_cursor: null });
    if (name === "validate") {
      const jump = body.source.includes('"jump"');
      return ok({
        valid: !jump,
        errors: jump ? [{ path: "actions[0].type", message: "expected command, pause, wait_for, if, loop or say, got jump" }] : [],
        warnings: [],
        action_count: 2,
        estimated_duration: body.kind === "lua" ? null : 61,
      });
    }
    const one = this.scripts.find((other) => other.name === name);
    if (method === "PUT") {
      const made = one ?? { name, version: 0, readable: true, description: "", category: "", runs_on: "", enabled: true, resume: false, profile: "", args: null, created_at: iso(Date.now()), created_by: "marta" };
      Object.assign(made, body, { version: made.version + 1, bytes: body.source.length, changed_at: iso(Date.now()), changed_by: "marta" });
      if (!one) this.scripts.push(made);
      return ok(made);
    }
    if (!one) return bad(404, "not-found", `no macro ${name}`);
    if (act === "versions" && version) return ok(one);
    if (act === "versions") return ok({ items: [3, 2, 1].map((n) => ({ version: n, saved_at: iso(this.now - (4 - n) * 7e6), saved_by: "marta", bytes: 1400 })) });
    if (act === "log") return ok({ macro_id: name, lines: [{ number: 1, at: iso(this.now - 60_000), text: "Saving the game" }, { number: 2, at: iso(this.now - 59_000), text: "Map successfully saved to backup1.sav" }], last: 2 });
    if (act === "schedule") return ok({ name, next: one.schedule ? [iso(this.now + 18_000_000)] : [] });
    if (act === "enable" || act === "disable") one.enabled = act === "enable";
    if (act === "run") return ok({ macro_id: name }, 201);
    if (method === "DELETE") this.scripts = this.scripts.filter((other) => other !== one);
    return ok(one);
  }
}
