// The mock's receivers and outbox.

const iso = (ms) => new Date(ms).toISOString();
const ok = (body, status = 200, headers = {}) => ({ status, body, headers });

export class Notices {
  constructor(now, some) {
    this.now = now;
    this.versions = new Map();
    const receiver = (name, kind, target, more) => ({
      name, kind, enabled: true, events: [], target, signed: false, command: null, pending: 0,
      last_delivered_at: null, last_error: null, ...more });
    const delivery = (n, of, state, more) => ({
      notice_id: `n-${n}`, receiver: of, kind: "macro.cancelled", title: "Macro cancelled: Attack Macro", state,
      attempts: 1, created_at: iso(now - n * 60_000), next_attempt_at: null, ended_at: null, status: null,
      error: null, ...more });
    this.receivers = some
      ? [
          receiver("ops", "discord", "https://discord.com/…", { last_delivered_at: iso(now - 240_000) }),
          receiver("pager", "webhook", "https://pager.example.org/…", {
            signed: true, events: ["macro.cancelled"], pending: 1,
            last_error: "the server answered 503" }),
          receiver("players", "game", "caravan", { command: "say {text}", enabled: false }),
        ]
      : [];
    this.outbox = some
      ? [
          delivery(1, "pager", "pending", {
            attempts: 3, next_attempt_at: iso(now + 42_000), status: 503, error: "the server answered 503" }),
          delivery(4, "ops", "delivered", { ended_at: iso(now - 239_000), status: 204 }),
          delivery(90, "pager", "failed", {
            attempts: 1, ended_at: iso(now - 5_300_000), status: 404, error: "the server answered 404: <b>gone</b>" }),
        ]
      : [];
  }

  etag(name) {
    return `"${this.versions.get(name) ?? 1}"`;
  }

  answer(method, what, name, isTest, body, ifMatch) {
    if (what === "outbox")
      return ok({ items: this.outbox, next_cursor: null, dropped_total: 0,
                  pending: this.outbox.filter((one) => one.state === "pending").length });
    const one = this.receivers.find((each) => each.name === name);
    if (method === "GET" && name && !one) return { status: 404, body: { type: "not-found", title: "Not found", status: 404 } };
    if (method === "GET" && name) return ok(one, 200, { ETag: this.etag(name) });
    if (method === "PUT" && ifMatch && ifMatch !== this.etag(name))
      return { status: 412, body: { type: "precondition-failed", title: "Changed meanwhile", status: 412 } };
    if (method === "GET") return ok({ items: this.receivers, next_cursor: null });
    if (isTest) return this.test(name);
    if (method === "DELETE") {
      this.receivers = this.receivers.filter((one) => one.name !== name);
      return ok({ deleted: name });
    }
    return this.put(name ?? body.name, body);
  }

  put(name, body) {
    if (body.url?.startsWith("http://"))
      return { status: 400, body: {
        type: "validation", title: "Not valid", status: 400, detail: "The request is not valid.",
        errors: [{ path: "url", message: "expected https://" }] } };
    this.versions.set(name, (this.versions.get(name) ?? 1) + 1);
    const before = this.receivers.find((one) => one.name === name);
    const made = {
      last_delivered_at: null, last_error: null, pending: 0, command: null, ...before, name, kind: body.kind,
      enabled: body.enabled, events: body.events, signed: !!body.secret || !!before?.signed };
    made.target = body.game ?? (body.url ? new URL(body.url).origin + "/…" : before?.target);
    if (body.kind === "game") made.command = body.command;
    this.receivers = [...this.receivers.filter((one) => one.name !== name), made];
    return ok(made, before ? 200 : 201);
  }

  test(name) {
    const broken = name === "pager";
    const sent = {
      notice_id: `n-test-${this.outbox.length}`, receiver: name, kind: "test", title: "Gamekeeper test message",
      state: broken ? "pending" : "delivered", attempts: 1, created_at: iso(Date.now()),
      next_attempt_at: broken ? iso(Date.now() + 5_000) : null, ended_at: broken ? null : iso(Date.now()),
      status: broken ? 503 : 204, error: broken ? "the server answered 503" : null };
    this.outbox = [sent, ...this.outbox];
    const at = this.receivers.find((one) => one.name === name);
    if (at && !broken) at.last_delivered_at = sent.ended_at;
    return ok(sent);
  }
}
