// The mock's safety profiles: reading and changing them, with the version that a change must name.

import { kProfiles } from "./world.mjs";

const kType = "application/problem+json";
const problem = (status, type, title, errors) => ({
  status,
  type: kType,
  body: { type, title, status, detail: title, ...(errors && { errors }) },
});

/** The rules of the daemon that a page's test needs. */
function complaints(body) {
  const found = [];
  for (const [i, window] of (body.windows ?? []).entries()) {
    const at = (name) => `windows[${i}].${name}`;
    const fields = window.cron.split(/\s+/).length;
    if (fields !== 5) found.push({ path: at("cron"), message: `expected 5 fields (minute hour day month weekday), got ${fields}` });
    if (!/^(UTC|[A-Z]\w+\/\w+)$/.test(window.time_zone))
      found.push({ path: at("time_zone"), message: `expected a time zone of this system such as Europe/Berlin, got "${window.time_zone}"` });
  }
  return found;
}

/** The daemon reads cron lines; here each window opens at the next full hour, a day apart. */
function windowsNext({ macro_id, windows }) {
  const hour = Math.ceil(Date.now() / 3_600_000) * 3_600_000;
  const next = windows.slice(0, 3).map((window, i) => {
    const from = hour + i * 86_400_000;
    return { window: window.name, from: new Date(from).toISOString(), to: new Date(from + window.duration_s * 1000).toISOString() };
  });
  return { macro_id, open: windows.at(-1)?.name ?? null, until: next[0]?.from ?? null, next };
}

export class Profiles {
  constructor() {
    this.items = structuredClone(kProfiles);
    /** What was sent by the last change. */
    this.changed = null;
  }

  /** As somebody else would: the next change that names the old version is refused. */
  touch(macroId) {
    const one = this.items.find((item) => item.macro_id === macroId);
    one.etag += "+";
  }

  answer(method, path, headers, body, may) {
    if (path === "/macro-safety/profiles" && method === "GET")
      return { status: 200, body: { items: this.items, next_cursor: null } };
    const [, ahead] = /^\/macro-safety\/profiles\/([^/]+)\/windows\/next$/.exec(path) ?? [];
    const of = ahead && this.items.find((item) => item.macro_id === ahead);
    if (of && method === "GET") return { status: 200, body: windowsNext(of) };
    const [, id] = /^\/macro-safety\/profiles\/([^/]+)$/.exec(path) ?? [];
    const one = id && this.items.find((item) => item.macro_id === id);
    if (!one) return null;
    if (method === "GET") return { status: 200, headers: { ETag: `"${one.etag}"` }, body: one };
    if (method !== "PATCH") return null;
    if (!may("macros:admin")) return problem(403, "forbidden", "Your role may not do this");
    if (headers["if-match"] !== `"${one.etag}"`) return problem(412, "precondition-failed", "It was changed meanwhile");
    const wrong = complaints(body);
    if (wrong.length > 0) return problem(400, "validation", "The body is not valid", wrong);
    this.changed = body;
    const windows = body.windows?.map((window) => ({ name: window.cron, thresholds: {}, ...window }));
    Object.assign(one, body, windows && { windows }, { source: "custom", etag: `${one.etag}+` });
    return { status: 200, body: one };
  }
}
