// The daemon, faked: serves dist/ with the daemon's headers, plays the API and the WebSocket from
// a scene. For development and for the tests of the pages; it proves nothing about the daemon.
//
//   node mock/server.mjs [--port 5177] [--scene healthy]
//   POST /__mock/scene?name=degraded      changes the scene; open sockets are closed
//   POST /__mock/cancel                   cancels the first macro, as the engine would
//   POST /__mock/reject                   refuses a movement
//   POST /__mock/finish                   ends a running task

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { WebSocketServer } from "ws";

import { Accounts } from "./accounts.mjs";
import { Settings } from "./config.mjs";
import { frames } from "./frames.mjs";
import { Games } from "./games.mjs";
import { simulation } from "./simulation.mjs";
import { Play } from "./play.mjs";
import { trends } from "./trends.mjs";
import { kScenes, scene as makeScene } from "./scenarios.mjs";
import { Profiles } from "./profiles.mjs";

const kDist = fileURLToPath(new URL("../dist/", import.meta.url));
const kTypes = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
const kPages = [
  /^\/$/,
  /^\/overview$/,
  /^\/macro-safety$/,
  /^\/cancellations(\/[^/]+)?$/,
  /^\/login$/,
  /^\/setup$/,
  /^\/(locks|tasks|referee|logs|settings|sessions|games)(\/.*)?$/,
  /^\/(explore|library|trends)$/,
];
export const kHeaders = {
  "Content-Security-Policy":
    "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'",
  "X-Frame-Options": "DENY",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
};
const kScopes = {
  admin: ["*"],
  viewer: [
    "dashboard:read",
    "metrics:read",
    "health:read",
    "macros:read",
    "sessions:read",
    "commands:read",
    "games:read",
    "locks:read",
    "tasks:read",
    "anticheat:read",
  ],
};
export const kSetupCode = "7f3a-91c2-5be0-d4e8";
export const kUser = { username: "marta", password: "four quiet grey herons" };

/** Assets as they are sent, by content: packing the same file for each page costs more than sending it. */
const kPacked = new Map();

function packed(raw) {
  const key = createHash("sha256").update(raw).digest("hex");
  if (!kPacked.has(key)) kPacked.set(key, gzipSync(raw, { level: 9 }));
  return kPacked.get(key);
}

function problem(response, status, type, title, detail, errors) {
  send(
    response,
    status,
    {
      type,
      title,
      status,
      detail,
      instance: "/mock",
      correlation_id: "mock-1",
      ...(errors ? { errors } : {}),
    },
    "application/problem+json",
  );
}

function send(response, status, body, type = "application/json") {
  response.writeHead(status, { ...kHeaders, "Content-Type": type, "Cache-Control": "no-store" });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

async function readBody(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  if (/ndjson/.test(request.headers["content-type"] ?? "")) return text;
  return text ? JSON.parse(text) : {};
}

export class MockDaemon {
  constructor(name = "healthy") {
    this.sockets = new Set();
    this.seq = new Map();
    this.play(name);
    this.http = createServer((request, response) =>
      this.answer(request, response).catch((error) => {
        console.error(error);
        problem(response, 500, "internal", "Internal error", String(error));
      }),
    );
    this.ws = new WebSocketServer({ noServer: true, handleProtocols: () => "gamekeeper.v1.json" });
    this.http.on("upgrade", (request, socket, head) => this.upgrade(request, socket, head));
    this.timers = [
      setInterval(() => this.tick(), 1000),
      setInterval(() => this.publish("heartbeat", {}), 5000),
    ];
  }

  play(name) {
    this.scene = makeScene(name, Date.now());
    this.draws = () => true; // Of the subjects, those that are there; null: the topic is silent.
    this.accounts = new Accounts(Date.now(), name !== "empty");
    this.settings = new Settings(Date.now(), name !== "empty");
    this.profiles = new Profiles();
    this.links = new Games(Date.now(), name !== "empty");
    this.characters = new Play(Date.now(), name !== "empty");
    for (const socket of this.sockets) socket.terminate();
  }

  listen(port) {
    return new Promise((resolve) =>
      this.http.listen(port, "127.0.0.1", () => resolve(this.http.address().port)),
    );
  }

  close() {
    this.timers.forEach(clearInterval);
    for (const socket of this.sockets) socket.terminate();
    this.http.closeAllConnections?.();
    return new Promise((resolve) => this.http.close(resolve));
  }

  get world() {
    return this.scene.world;
  }

  get rooms() {
    return this.scene.rooms;
  }

  tick() {
    if (this.scene.gone) return;
    this.world.step(Date.now());
    for (const macro of [...this.world.macros]) {
      if (macro.state === "cancelling" || this.world.now - macro.started < macro.max * 1000)
        continue;
      this.cancel(macro, "duration", `Duration exceeded: ${macro.max + 1} s > ${macro.max} s`);
    }
    this.publish("metric:sample", { ...this.world.signals(), processes: this.world.processes() });
    this.publish("macro:updated", this.world.activeMacros());
    if (this.draws) this.publish("frames:updated", { subjects: this.subjects() });
    this.rooms.step(Date.now(), (topic, data) => this.publish(topic, data));
  }

  subjects() {
    return frames(this.scene.name, Date.now()).filter(this.draws ?? (() => true));
  }

  cancel(macro, signal, reason) {
    this.world.macros = this.world.macros.filter((other) => other !== macro);
    const event = this.world.cancel({
      macro_id: macro.macro_id,
      macro_name: macro.macro_name,
      signal,
      reason,
      limit: macro.max,
    });
    this.publish("macro:cancelled", event);
    return event;
  }

  publish(topic, data, only) {
    const seq = (this.seq.get(topic) ?? 0) + 1;
    this.seq.set(topic, seq);
    const frame = JSON.stringify({ type: topic, topic, seq, ts: new Date().toISOString(), data });
    for (const socket of only ? [only] : this.sockets) {
      if (socket.topics.has(topic)) socket.send(frame);
    }
  }

  upgrade(request, socket, head) {
    const ok =
      request.url === "/api/v1/ws" && this.scene.loggedIn && !this.scene.gone && !this.scene.broken;
    if (!ok) return socket.destroy();
    this.ws.handleUpgrade(request, socket, head, (client) => {
      client.topics = new Set();
      this.sockets.add(client);
      client.on("close", () => this.sockets.delete(client));
      client.on("message", (text) => this.operate(client, JSON.parse(String(text))));
    });
  }

  operate(client, { op, id, topics = [] }) {
    if (op === "ping") return client.send(JSON.stringify({ type: "pong", id }));
    for (const topic of topics)
      op === "subscribe" ? client.topics.add(topic) : client.topics.delete(topic);
    const seq = Object.fromEntries(topics.map((topic) => [topic, this.seq.get(topic) ?? 0]));
    client.send(JSON.stringify({ type: "ack", id, ...(op === "subscribe" && { seq }) }));
    if (op !== "subscribe") return;
    this.publish(
      "metric:sample",
      { ...this.world.signals(), processes: this.world.processes() },
      client,
    );
    this.publish("macro:updated", this.world.activeMacros(), client);
    this.publish("health:changed", this.world.health(), client);
    this.publish("task:updated", this.rooms.graphsBody(), client);
    if (this.draws) this.publish("frames:updated", { subjects: this.subjects() }, client);
  }

  async answer(request, response) {
    const url = new URL(request.url, "http://mock");
    if (url.pathname.startsWith("/__mock/")) return this.control(url, response);
    if (this.scene.gone) return request.socket.destroy();
    if (url.pathname.startsWith("/api/"))
      return this.api(
        request,
        response,
        url.pathname.replace(/^\/api(\/v1)?/, ""),
        url.searchParams,
      );
    this.asset(request, response, url.pathname);
  }

  control(url, response) {
    const name = url.searchParams.get("name");
    if (url.pathname === "/__mock/scene" && kScenes.includes(name)) this.play(name);
    else if (url.pathname === "/__mock/cancel" && this.world.macros[0])
      this.cancel(
        this.world.macros[0],
        "cpu_usage",
        "Performance threshold exceeded: cpu_usage 88.1 > 80",
      );
    else if (url.pathname === "/__mock/gone") {
      this.scene.gone = true;
      for (const socket of this.sockets) socket.terminate();
    } else if (url.pathname === "/__mock/reject")
      this.rooms.reject(Date.now(), (topic, data) => this.publish(topic, data));
    else if (url.pathname === "/__mock/finish")
      this.rooms.finishTask(Date.now(), (topic, data) => this.publish(topic, data));
    else return problem(response, 404, "not-found", "No such control");
    send(response, 200, { scene: this.scene.name, scenes: kScenes });
  }

  asset(request, response, path) {
    const file = join(kDist, normalize(path));
    const isFile =
      extname(path) !== "" && file.startsWith(kDist) && existsSync(file) && !path.endsWith(".br");
    const isPage = kPages.some((pattern) => pattern.test(path));
    const raw = readFileSync(isFile ? file : join(kDist, "index.html"));
    const type = kTypes[isFile ? extname(path) : ".html"] ?? "application/octet-stream";
    const gzip = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "") && raw.length > 150;
    response.writeHead(isFile || isPage ? 200 : 404, {
      ...kHeaders,
      "Content-Type": type,
      "Cache-Control": path.startsWith("/assets/")
        ? "public, max-age=31536000, immutable"
        : "no-cache",
      ETag: `W/"${createHash("sha256").update(raw).digest("hex").slice(0, 16)}"`,
      Vary: "Accept-Encoding",
      ...(gzip ? { "Content-Encoding": "gzip" } : {}),
    });
    response.end(gzip ? packed(raw) : raw);
  }

  user() {
    const role = this.scene.role;
    return { id: "u-1", username: kUser.username, role, scopes: kScopes[role] };
  }

  async api(request, response, path, query) {
    const { method } = request;
    if (method !== "GET" && request.headers["x-gamekeeper-csrf"] !== "1") {
      return problem(
        response,
        403,
        "forbidden",
        "Missing header",
        "State changes need X-Gamekeeper-Csrf: 1.",
      );
    }
    const body = method === "GET" ? {} : await readBody(request);
    const key = `${method} ${path}`;
    const open = this.openRoute(key, body, response);
    if (open) return;
    if (!this.scene.loggedIn) return problem(response, 401, "unauthenticated", "Not signed in");
    if (this.scene.broken && path !== "/auth/profile" && path !== "/overview")
      return problem(
        response,
        500,
        "internal",
        "Internal error",
        "The database could not be read. See the log for correlation id mock-1.",
      );
    const own = kScopes[this.scene.role];
    const may = (scope) => own.includes("*") || own.includes(scope);
    const publish = (topic, data) => this.publish(topic, data);
    const room =
      this.settings.answer(method, path, request.headers, body, may, publish) ??
      this.profiles.answer(method, path, request.headers, body, may) ??
      this.accounts.answer(method, path, query, body, kScopes[this.scene.role], request.headers) ??
      this.characters.answer(method, path, body, this.scene.role !== "viewer", (topic, data) =>
        this.publish(topic, data),
      ) ??
      this.links.answer(method, path, query, body, this.scene.role !== "viewer", (topic, data) =>
        this.publish(topic, data),
      ) ??
      this.roomAnswer(request, path, query, body);
    if (!room) return this.closedRoute(key, path, query, body, response);
    for (const [name, value] of Object.entries(room.headers ?? {})) response.setHeader(name, value);
    send(response, room.status, room.body, room.type);
  }

  /** The rooms' part of the API; a viewer may only read. */
  roomAnswer(request, path, query, body) {
    const { method, headers } = request;
    const isRoom = /^\/(locks|lock-modules|task-graphs|tasks|movement)(\/|$)/.test(path);
    const isReplay = path === "/movement/replay";
    if (isRoom && method !== "GET" && !isReplay && this.scene.role === "viewer")
      return {
        status: 403,
        type: "application/problem+json",
        body: { type: "forbidden", title: "Your role may not do this", status: 403 },
      };
    return this.rooms.answer(method, path, query, body, headers, (topic, data) =>
      this.publish(topic, data),
    );
  }

  openRoute(key, body, response) {
    const scene = this.scene;
    switch (key) {
      case "GET /health/live":
        send(response, 200, { status: "ok" });
        return true;
      case "GET /setup":
        send(response, 200, { needed: scene.needsSetup });
        return true;
      case "POST /setup":
        if (body.code !== kSetupCode)
          problem(
            response,
            422,
            "validation",
            "The setup code is not right",
            "The setup code is not right, or older than 15 minutes. Restart gamekeeperd for a new one.",
            [{ path: "/code", message: "Not the code that was printed." }],
          );
        else {
          scene.needsSetup = false;
          scene.loggedIn = true;
          send(response, 201, { user: this.user() });
        }
        return true;
      case "POST /auth/login":
        if (body.username !== kUser.username || body.password !== kUser.password)
          problem(response, 401, "unauthenticated", "Not signed in");
        else if (this.accounts.factor.enabled && body.code !== "654321")
          problem(response, 401, "unauthenticated", "A code is needed", "A code is needed.", [
            { path: "code", message: "expected six digits, or a recovery code" },
          ]);
        else {
          scene.loggedIn = true;
          send(response, 200, {
            user: this.user(),
            expires_at: new Date(Date.now() + 12 * 3600_000).toISOString(),
          });
        }
        return true;
      default:
        return false;
    }
  }

  closedRoute(key, path, query, body, response) {
    const world = this.world;
    const now = new Date().toISOString();
    const stop = /^POST \/macro-safety\/stop\/(.+)$/.exec(key)?.[1];
    const evidence = /^GET \/macro-safety\/cancellations\/([^/]+)\/evidence$/.exec(key)?.[1];
    if (key.startsWith("POST /macro-safety") && this.scene.role === "viewer")
      return problem(
        response,
        403,
        "forbidden",
        "Your role may not do this",
        "This needs the scope macros:run.",
      );
    const [, turn, turned] = /^POST \/macro-safety\/(pause|resume)\/(.+)$/.exec(key) ?? [];
    if (turn) {
      const macro = world.macros.find((one) => one.macro_id === decodeURIComponent(turned));
      if (!macro) return problem(response, 404, "not-found", "Not running");
      macro.state = turn === "pause" ? "paused" : "running";
      macro.reason = turn === "pause" ? "Paused by marta" : null;
      this.publish("macro:updated", world.activeMacros());
      return send(response, 200, { macro_id: macro.macro_id, paused: turn === "pause" });
    }
    const lifted = /^POST \/macro-safety\/quarantine\/(.+)\/lift$/.exec(key)?.[1];
    if (lifted) {
      world.quarantine = world.quarantine.filter((one) => one.macro_id !== decodeURIComponent(lifted));
      return send(response, 200, { macro_id: decodeURIComponent(lifted), lifted: true });
    }
    if (stop) return this.stop(decodeURIComponent(stop), response);
    if (evidence) {
      const found = world.evidence.get(decodeURIComponent(evidence));
      return found
        ? send(response, 200, found())
        : problem(response, 404, "not-found", "No such cancellation");
    }
    switch (key) {
      case "POST /auth/logout":
        this.scene.loggedIn = false;
        return send(response, 204);
      case "GET /auth/profile":
        return send(response, 200, this.profile(now));
      case "GET /overview":
        return send(response, 200, this.overview(now));
      case "GET /health": {
        const health = world.health();
        return send(response, health.status === "failed" ? 503 : 200, health);
      }
      case "GET /macro-safety/performance":
        return send(response, 200, this.performance());
      case "GET /macro-safety/status":
        return send(response, 200, {
          monitoring_active: true,
          active_macros: world.macros.length,
          total_cancellations: world.totalCancellations,
          last_check: now,
        });
      case "GET /macro-safety/active-macros":
        return send(response, 200, world.activeMacros());
      case "GET /macro-safety/cancellations": {
        const from = Number(query.get("cursor") ?? 0);
        const limit = Number(query.get("limit") ?? 50);
        const next = from + limit < world.cancellations.length ? String(from + limit) : null;
        return send(response, 200, {
          items: world.cancellations.slice(from, from + limit),
          next_cursor: next,
        });
      }
      case "GET /macro-safety/quarantine":
        return send(response, 200, { items: world.quarantine, next_cursor: null });
      case "POST /macro-safety/simulate":
        return send(response, 200, simulation(body, Date.now()));
      case "GET /macro-safety/trends":
        return this.trends(query, response);
      case "POST /macro-safety/start":
        return this.start(body, response);
      case "POST /macro-safety/stop-all": {
        const stopped = world.macros.length;
        world.macros = [];
        this.publish("macro:updated", world.activeMacros());
        return send(response, 200, { stopped });
      }
      case "POST /macro-safety/check":
        return send(response, 200, { cancellations: [] });
      default:
        return problem(response, 404, "not-found", `No route ${path}`);
    }
  }

  profile(now) {
    const session = { id: "s-1", created_at: now, last_seen_at: now, expires_at: now };
    return { user: this.user(), session };
  }

  trends(query, response) {
    const zone = query.get("time_zone") ?? "UTC";
    try {
      new Intl.DateTimeFormat("en", { timeZone: zone });
    } catch {
      const message = `expected an IANA time zone, as Europe/Berlin; this system has no "${zone}"`;
      return problem(response, 400, "validation", "The request is not valid", message, [{ path: "time_zone", message }]);
    }
    send(response, 200, trends(Number(query.get("days") ?? 7), zone, Date.now(), this.scene.name === "empty"));
  }

  performance() {
    const world = this.world;
    const history = world.history.slice(-300);
    return { current: world.signals(), averages: world.averages(), history, subjects: this.subjects() };
  }

  overview(now) {
    const world = this.world;
    const part = (body) => (this.scene.broken ? null : body);
    const more = world.cancellations.length > 50 ? "50" : null;
    const topics = ["macro:started", "macro:paused", "macro:cancelled", "system:alert"];
    return {
      profile: this.profile(now),
      health: part(world.health()),
      performance: part(this.performance()),
      active_macros: part(world.activeMacros()),
      cancellations: part({ items: world.cancellations.slice(0, 50), next_cursor: more }),
      series: {},
      seq: Object.fromEntries(topics.map((topic) => [topic, this.seq.get(topic) ?? 0])),
    };
  }

  start(body, response) {
    const world = this.world;
    if (!/^[a-z0-9_-]{1,64}$/.test(body.macro_id ?? ""))
      return problem(
        response,
        422,
        "validation",
        "The macro id is not valid",
        "The macro id is not valid.",
        [{ path: "/macro_id", message: "Use [a-z0-9_-], 1 to 64." }],
      );
    if (world.macros.some((macro) => macro.macro_id === body.macro_id))
      return problem(
        response,
        409,
        "conflict",
        "Already running",
        `A macro with the id ${body.macro_id} is already running.`,
      );
    const macro = world.start(body, Date.now());
    this.publish("macro:updated", world.activeMacros());
    send(response, 201, world.macroItem(macro));
  }

  stop(id, response) {
    const world = this.world;
    if (!world.macros.some((macro) => macro.macro_id === id))
      return problem(
        response,
        404,
        "not-found",
        "Not running",
        `No macro with the id ${id} is running.`,
      );
    world.macros = world.macros.filter((macro) => macro.macro_id !== id);
    this.publish("macro:updated", world.activeMacros());
    send(response, 200, { macro_id: id, stopped: true });
  }
}

function option(name, fallback) {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : fallback;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const daemon = new MockDaemon(option("scene", "healthy"));
  const port = await daemon.listen(Number(option("port", "5177")));
  console.log(`http://127.0.0.1:${port}/  scenes: ${kScenes.join(", ")}`);
  console.log(`user ${kUser.username}, password "${kUser.password}", setup code ${kSetupCode}`);
}
