// The mock's users, roles, tokens, sessions and audit; and its series.

import { Notices } from "./notices.mjs";

const iso = (at) => new Date(at).toISOString();
const kHour = 3_600_000;

const ok = (body, status = 200) => ({ status, body });
const gone = { status: 204, body: undefined };
const bad = (status, type, title, errors) => ({
  status,
  type: "application/problem+json",
  body: { type, title, status, detail: title, ...(errors ? { errors } : {}) },
});

const kViewer = ["dashboard:read", "metrics:read", "health:read", "macros:read", "locks:read"];

/** The routes that the scope picker reads. */
export const kOpenApi = {
  paths: Object.fromEntries(
    [
      ["/macro-safety/start", "macros:run", "Start a macro"],
      ["/macro-safety/status", "macros:read", "How many macros run"],
      ["/macro-safety/profiles", "macros:admin", "Change a profile"],
      ["/locks", "locks:read", "Lanes: who holds them"],
      ["/locks/{lane}/acquire", "locks:use", "Ask for a lane"],
      ["/samples", "samples:write", "Hand in measured values"],
      ["/health", "health:read", "The health checks"],
      ["/metrics", "metrics:read", "All metrics"],
      ["/overview", "dashboard:read", "What the dashboard opens with"],
      ["/users", "users:read", "Who may log in"],
      ["/users/{id}", "users:write", "Change a user"],
      ["/audit", "audit:read", "Who changed what"],
    ].map(([path, scope, summary]) => [path, { get: { summary, "x-scope": scope } }]),
  ),
};

export class Accounts {
  constructor(now, some) {
    this.now = now;
    this.users = [
      ["u-1", "marta", "admin", 200],
      ["u-2", "jonas", "user", 90],
      ["u-3", "stream-screen", "viewer", 12],
      ...(some ? [["u-4", "old-helper", "user", 300]] : []),
    ].map(([id, username, role, days]) => ({
      id,
      username,
      role,
      created_at: iso(now - days * 24 * kHour),
      disabled: username === "old-helper",
    }));
    this.roles = [
      { name: "admin", builtin: true, scopes: ["*"] },
      { name: "moderator", builtin: false, scopes: [...kViewer, "macros:run"] },
      { name: "user", builtin: true, scopes: [...kViewer, "macros:run", "samples:write"] },
      { name: "viewer", builtin: true, scopes: kViewer },
    ];
    this.notices = new Notices(now, some);
    this.tokens = some
      ? [
          {
            id: "t-1",
            user_id: "u-1",
            name: "luanti-server",
            scopes: ["samples:write"],
            created_at: iso(now - 40 * 24 * kHour),
            expires_at: iso(now + 50 * 24 * kHour),
            last_used_at: iso(now - 40_000),
          },
        ]
      : [];
    this.sessions = [
      ["s-1", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0", "127.0.0.1", true],
      ["s-2", "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/139.0 Mobile", "192.0.2.17", false],
    ].map(([id, user_agent, address, current]) => ({
      id,
      user_agent,
      address,
      current,
      held_by: "cookie",
      created_at: iso(now - 2 * kHour),
      last_seen_at: iso(now - (current ? 2000 : 50 * 60_000)),
      expires_at: iso(now + 10 * kHour),
    }));
    this.factor = { enabled: false, pending: false, recovery_codes_left: 0 };
    this.auditRows = some ? this.someAudit() : [];
    this.names = [
      ["cpu_usage", "", "%"],
      ["memory_usage", "", "%"],
      ["load1", "", ""],
      ["tick_ratio", "game:openttd", "ratio"],
      ["latency", "game:openttd", "ms"],
      ["demand_pct", "macro:attack", "%"],
    ].map(([name, subject, unit]) => ({ name, subject, unit }));
  }

  someAudit() {
    const rows = [
      ["marta", "auth.login", "u-1", null, { address: "127.0.0.1" }],
      ["marta", "macro.profile.approve", "combat", null, { sha256: "9f2c…" }],
      ["marta", "user.create", "u-3", null, { username: "stream-screen", role: "viewer" }],
      ["marta", "user.update", "u-4", { disabled: false }, { disabled: true }],
      ["system", "auth.refresh_reused", "u-2", null, { session: "s-77" }],
      ["local-admin", "token.create", "t-1", null, { name: "luanti-server", scopes: ["samples:write"] }],
    ];
    return rows.map(([actor, action, target, before, after], i) => ({
      seq: rows.length - i,
      at: iso(this.now - (i * i + 1) * 17 * 60_000),
      actor_id: actor === "marta" ? "u-1" : "",
      actor,
      action,
      target,
      target_name: { "u-1": "marta", "u-2": "otto", "u-4": "piet" }[target] ?? after?.username ?? after?.name ?? null,
      before,
      after,
      correlation_id: actor === "system" ? "" : `c0ffee${i}5a`,
      hash: "9f3b1c".repeat(8) + String(i),
    }));
  }

  /** {status, body, type?, headers?} or null when the path is not of here. `own`: the caller's scopes. */
  answer(method, path, query, body, own, headers) {
    const may = (scope) => own.includes("*") || own.includes(scope);
    const [first, second, third] = path.split("/").slice(1).map(decodeURIComponent);
    if (first === "openapi.json") return ok(kOpenApi);
    if (first === "metrics" && second === "series-list") return ok({ items: this.names, next_cursor: null });
    if (first === "metrics" && second === "series" && query.get("name")) return this.series(query);
    if (first === "logs" && !may("logs:read")) return bad(403, "forbidden", "Your role may not do this");
    if (first === "logs") return this.logs(second, third, query);
    if (first === "auth") return this.auth(method, second, third, body);
    const scope = { users: "users", roles: "users", audit: "audit", notices: "alerts" }[first];
    if (!scope) return null;
    if (!may(`${scope}:${method === "GET" ? "read" : "write"}`))
      return bad(403, "forbidden", "Your role may not do this");
    if (first === "audit") return this.audit(second, query);
    if (first === "notices") return this.notices.answer(method, second, third, path.endsWith("/test"), body, headers["if-match"]);
    return first === "users" ? this.user(method, second, third, body) : this.role(method, second, body);
  }

  logs(what, id, query) {
    const line = (i, level, event, message, more = {}) => ({ ts: iso(this.now - i * 61_000), level, event, message, ...more });
    const all = [
      line(0, "info", "macro_started", "A macro runs", { macro_id: "attack", by: "marta", correlation_id: "c0ffee05a" }),
      line(1, "warn", "accounts.login_failed", "wrong password <img src=x>", { address: "192.0.2.17", correlation_id: "c0ffee15a" }),
      line(2, "error", "store.write_failed", "The disk is full", { store: "telemetry" }),
      line(3, "info", "audit.recorded", "change recorded", { action: "user.update", correlation_id: "c0ffee35a" }),
      line(4, "info", "daemon.ready", "gamekeeperd is ready", { duration_ms: 7.2 }),
    ];
    if (what === "story") return ok({ items: all.filter((one) => one.correlation_id === id), next_cursor: null });
    const rank = ["debug", "info", "warn", "error"];
    const items = all.filter(
      (one) =>
        rank.indexOf(one.level) >= rank.indexOf(query.get("level") ?? "debug") &&
        JSON.stringify(one).includes(query.get("q") ?? ""),
    );
    return ok({ items, next_cursor: null });
  }

  auth(method, what, id, body) {
    if (what === "sessions" && method === "GET") return ok({ items: this.sessions, next_cursor: null });
    if (what === "sessions") {
      this.sessions = this.sessions.filter((one) => one.id !== id);
      return gone;
    }
    if (what === "tokens" && method === "GET")
      return ok({ items: this.tokens.map(({ token: _, ...rest }) => rest), next_cursor: null });
    if (what === "tokens" && method === "DELETE") {
      this.tokens = this.tokens.filter((one) => one.id !== id);
      return gone;
    }
    if (what === "tokens") {
      const made = {
        id: `t-${this.tokens.length + 2}`,
        user_id: "u-1",
        ...body,
        created_at: iso(Date.now()),
        last_used_at: null,
        token: "gk_pat_" + "Zk3v".repeat(10),
      };
      this.tokens = [made, ...this.tokens];
      return ok(made, 201);
    }
    if (what === "password")
      return body.current_password === "wrong password"
        ? bad(403, "forbidden", "The password is not right", [
            { path: "current_password", message: "not the password of today" },
          ])
        : gone;
    if (what !== "2fa") return null;
    if (method === "GET") return ok(this.factor);
    const codes = { recovery_codes: Array.from({ length: 10 }, (_, i) => `k7m${i}-x2p${i}-9dq${i}`) };
    if (!id) return ok({ secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", uri: "otpauth://totp/Gamekeeper:marta?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Gamekeeper" });
    if (id === "confirm") {
      if (body.code !== "123456")
        return bad(403, "forbidden", "That code is not right", [
          { path: "code", message: "not a code of this key, or used already" },
        ]);
      this.factor = { enabled: true, pending: false, recovery_codes_left: 10 };
      return ok(codes);
    }
    if (id === "recovery-codes") return ok(codes);
    this.factor = { enabled: false, pending: false, recovery_codes_left: 0 };
    return gone;
  }

  user(method, id, _part, body) {
    if (method === "GET") return ok({ items: this.users, next_cursor: null });
    if (method === "POST") {
      if (this.users.some((one) => one.username === body.username))
        return bad(409, "conflict", `There is a user ${body.username} already.`, [
          { path: "username", message: "taken" },
        ]);
      const made = { id: `u-${this.users.length + 1}`, username: body.username, role: body.role, created_at: iso(Date.now()), disabled: false };
      this.users.push(made);
      return ok(made, 201);
    }
    const one = this.users.find((other) => other.id === id);
    if (!one) return bad(404, "not-found", "There is no such user");
    if (method === "DELETE" && !_part) this.users = this.users.filter((other) => other !== one);
    if (method === "DELETE") return gone;
    const { password: _, ...patch } = body;
    Object.assign(one, patch);
    return ok(one);
  }

  role(method, name, body) {
    if (method === "GET") return ok({ items: this.roles, next_cursor: null });
    if (method === "DELETE") {
      if (this.users.some((one) => one.role === name))
        return bad(409, "conflict", `Somebody has the role ${name}.`);
      this.roles = this.roles.filter((one) => one.name !== name);
      return gone;
    }
    const made = { name, builtin: false, scopes: body.scopes };
    this.roles = [...this.roles.filter((one) => one.name !== name), made];
    return ok(made);
  }

  audit(what, query) {
    if (what === "verify") return ok({ sound: true, rows: this.auditRows.length, hash: "9f3b" });
    const wanted = ["actor", "action", "target"].map((name) => [name, query.get(name) ?? ""]);
    const items = this.auditRows.filter((row) =>
      wanted.every(([name, value]) => row[name].startsWith(value)),
    );
    return ok({ items, next_cursor: null });
  }

  series(query) {
    const found = this.names.find(
      (one) => one.name === query.get("name") && one.subject === (query.get("subject") ?? ""),
    );
    if (!found) return bad(404, "not-found", "No such series");
    const [from, to, step] = [Date.parse(query.get("from")), Date.parse(query.get("to")), Number(query.get("step"))];
    const top = { "%": 55, ms: 48, ratio: 0.9 }[found.unit] ?? 1.4;
    const points = [];
    for (let at = from - (from % (step * 1000)); at < to; at += step * 1000) {
      const t = at / 1000;
      const gap = Math.floor(t / 3600) % 5 === 3 && t % 3600 < 300;
      const wave = Math.sin(t / 700) * 0.2 + Math.sin(t / 97) * 0.12 + Math.sin(t / 13) * 0.05;
      points.push({ timestamp: iso(at), value: gap || at > Date.now() ? null : top * (0.8 + wave) });
    }
    return ok({ name: found.name, unit: found.unit, points });
  }
}
