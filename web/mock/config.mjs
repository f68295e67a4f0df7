// The configuration and the backups of the mock: a few keys, checked as the daemon does.

const kKeys = [
  ["listen", "string", "127.0.0.1:5000", "", false, "Address and port of the web server"],
  ["allow_hosts", "array of strings", [], "at most 64", true, "Further host names that are served"],
  ["behind_proxy", "boolean", false, "true, false", false, "A proxy with TLS stands before this server"],
  ["log.level", "string", "info", '"debug", "info", "warn", "error"', true, "Least severe line that the terminal shows"],
  ["log.max_file_mb", "number", 16, "1 to 1024", false, "MB; then rotate"],
  ["monitor.interval_s", "number", 1, "0.1 to 60", true, "Seconds between two samples while no macro runs (10 Hz then)"],
  ["http.max_connections", "number", 1024, "16 to 65536", false, "Connections at once; the newest is refused"],
  ["macros.quarantine_s", "number", 10, "0 to 3600", false, "Seconds before a macro that was cancelled may start again"],
].map(([key, type, fallback, range, live, meaning]) => ({ key, type, fallback, range, live, meaning }));

const kStart = `# Gamekeeper of the club server
allow_hosts = ["games.example.net"]

[log]
level = "warn"

[monitor]
interval_s = 2
`;
const iso = (at) => new Date(at).toISOString();
const ok = (body, headers = {}, status = 200) => ({ status, body, headers });
const bad = (status, type, detail, errors) => ({
  status,
  type: "application/problem+json",
  body: { type, title: detail, status, detail, ...(errors ? { errors } : {}) },
});

/** {values, complaints}: enough of TOML for the tests. */
function parse(text) {
  const values = Object.fromEntries(kKeys.map((one) => [one.key, one.fallback]));
  const complaints = [];
  let section = "";
  text.split("\n").forEach((raw, i) => {
    const line = raw.trim();
    const head = /^\[(\w+)\]$/.exec(line)?.[1];
    if (head) section = `${head}.`;
    const found = /^(\w+)\s*=\s*(.+)$/.exec(line);
    if (line === "" || line.startsWith("#") || head) return;
    const complain = (key, message) => complaints.push({ line: i + 1, key, message });
    if (!found) return complain("", "expected a key and a value");
    const key = section + found[1];
    const of = kKeys.find((one) => one.key === key);
    if (!of) return complain(key, "there is no such key");
    let value;
    try {
      value = JSON.parse(found[2]);
    } catch {
      return complain(key, `expected a ${of.type}`);
    }
    if (of.type === "string" && typeof value !== "string") return complain(key, "expected a string");
    const [low, high] = of.range.split(" to ").map(Number);
    if (of.type === "number" && !(value >= low && value <= high))
      return complain(key, `expected ${of.range}, got ${JSON.stringify(value)}`);
    values[key] = value;
  });
  return { values, complaints };
}

function write(values) {
  const lines = [];
  let section = "";
  for (const { key, fallback } of kKeys) {
    if (JSON.stringify(values[key]) === JSON.stringify(fallback)) continue;
    const [name, rest] = key.includes(".") ? key.split(".") : ["", key];
    if (name !== section) lines.push("", `[${(section = name)}]`);
    lines.push(`${rest} = ${JSON.stringify(values[key])}`);
  }
  return lines.join("\n") + "\n";
}

const differ = (a, b) =>
  kKeys
    .filter(({ key }) => JSON.stringify(a[key]) !== JSON.stringify(b[key]))
    .map(({ key }) => ({ key, before: a[key], after: b[key] }));

export class Settings {
  constructor(now, some) {
    this.file = "/var/lib/gamekeeper/config/gamekeeper.toml";
    this.complaints = [];
    this.revisions = [];
    this.text = "";
    this.take("", "gamekeeperd", "start", "", now - 9 * 86_400_000);
    if (some) this.take(kStart, "marta", "put", "moved to the club's machine", now - 3 * 86_400_000);
    this.atStart = parse(this.text).values;
    this.backups = some
      ? [["2026-11-27-220000-scheduled", 14], ["2026-11-21-220000", 158]].map(([name, hours], i) => ({
          name,
          created_at: iso(now - hours * 3_600_000),
          bytes: 41_300_000 - i * 9_700_000,
          state: "ready",
          scheduled: name.endsWith("-scheduled"),
          path: `/var/lib/gamekeeper/backups/${name}`,
        }))
      : [];
  }

  take(text, by, cause, comment, at = Date.now()) {
    const changes = differ(parse(this.text).values, parse(text).values);
    this.text = text;
    const id = this.revisions.length + 1;
    this.revisions.push({ id, at: iso(at), by, cause, comment, correlation_id: `c0ffee${id}5a`, bytes: text.length, changes, text });
    return changes;
  }

  get revision() {
    return this.revisions.length;
  }

  /** {status, body, …} or null when the path is not of here. */
  answer(method, path, headers, body, may, publish) {
    const [first, second, third, fourth] = path.split("/").slice(1);
    if (first !== "config" && first !== "backups") return null;
    const scope = first === "backups" ? "admin" : "config";
    const looks = method === "GET" || second === "check";
    if (!may(`${scope}:${looks ? "read" : "write"}`)) return bad(403, "forbidden", "Your role may not do this");
    if (first === "backups") return this.backup(method, second);
    if (second === "check") return this.check(body.text);
    if (second === "reload") return this.outcome([]);
    if (second === "revisions") return this.old(method, third, fourth, publish);
    if (method === "GET") return this.present();
    if (headers["if-match"] !== `"r${this.revision}"`)
      return bad(412, "precondition-failed", "The configuration has changed since it was read");
    const text = method === "PUT" ? body.text : write({ ...parse(this.text).values, ...this.filled(body.set) });
    const { complaints } = parse(text);
    if (complaints.length > 0)
      return bad(400, "validation", "the configuration is not valid", complaints.map(({ key, message, line }) => ({ path: key, message: `${message} (line ${line})` })));
    return this.change(text, method.toLowerCase(), body.comment ?? "", publish);
  }

  filled(set) {
    return Object.fromEntries(
      Object.entries(set).map(([key, value]) => [key, value ?? kKeys.find((one) => one.key === key)?.fallback]),
    );
  }

  change(text, cause, comment, publish, by = "marta") {
    this.complaints = [];
    const answer = this.outcome(this.take(text, by, cause, comment));
    publish("config:changed", { ...answer.body, valid: true, complaints: [], by, cause, at: iso(Date.now()) });
    return answer;
  }

  waiting() {
    return differ(this.atStart, parse(this.text).values)
      .map(({ key }) => key)
      .filter((key) => !kKeys.find((one) => one.key === key).live);
  }

  outcome(changes) {
    return ok(
      { revision: this.revision, changed: changes.length > 0, changes, restart_required: this.waiting() },
      { ETag: `"r${this.revision}"` },
    );
  }

  present() {
    const { values } = parse(this.text);
    const settings = kKeys.map(({ fallback, ...one }) => ({ ...one, value: values[one.key], default: JSON.stringify(fallback) }));
    return ok(
      {
        revision: this.revision,
        file: this.file,
        valid: this.complaints.length === 0,
        complaints: this.complaints,
        restart_required: this.waiting(),
        settings,
        text: this.text,
      },
      { ETag: `"r${this.revision}"` },
    );
  }

  check(text) {
    const { values, complaints } = parse(text);
    const changes = complaints.length > 0 ? [] : differ(parse(this.text).values, values);
    const later = changes.map(({ key }) => key).filter((key) => !kKeys.find((one) => one.key === key).live);
    return ok({ valid: complaints.length === 0, complaints, changes, restart_required: later });
  }

  old(method, id, what, publish) {
    const withoutText = ({ text: _, ...rest }) => rest;
    if (!id) return ok({ items: this.revisions.map(withoutText).reverse(), next_cursor: null });
    const found = this.revisions.find((one) => String(one.id) === id);
    if (!found) return bad(404, "not-found", `there is no revision ${id}`);
    return what === "restore" ? this.change(found.text, "restore", `revision ${id}`, publish) : ok(found);
  }

  backup(method, name) {
    if (method === "GET") return ok({ items: this.backups, next_cursor: null });
    if (method === "DELETE") {
      this.backups = this.backups.filter((one) => one.name !== name);
      return { status: 204 };
    }
    if (this.full) return bad(503, "unavailable", "the backup could not be made: database or disk is full");
    const now = Date.now();
    const made = iso(now).slice(0, 19).replace("T", "-").replaceAll(":", "");
    const one = { name: made, created_at: iso(now), bytes: 43_000_000, state: "ready", scheduled: false, path: `/var/lib/gamekeeper/backups/${made}` };
    this.backups = [one, ...this.backups];
    return ok(one, {}, 201);
  }
}
