// Draws the OpenAPI and AsyncAPI documents of this daemon. No library and no other host: what the
// page shows is what the running program says about itself.

const METHODS = ["get", "post", "put", "patch", "delete"];
const DEPTH = 4; // Source: chosen; deeper levels are one click away under Schemas.

/** An element with attributes and children; text is text, never HTML. */
function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return node;
}

const refName = (schema) => schema?.$ref?.split("/").pop();

/** "string", "Lane[]", "number or null": a type in words; names of schemas are links. */
function typeOf(schema) {
  if (!schema) return [""];
  const name = refName(schema);
  if (name) return [el("a", { href: `#schema-${name}` }, name)];
  if (schema.anyOf) {
    return schema.anyOf.flatMap((part, i) => (i ? [" or ", ...typeOf(part)] : typeOf(part)));
  }
  if (schema.enum) return [schema.enum.map((word) => JSON.stringify(word)).join(" | ")];
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  if (schema.type === "array") return [...typeOf(schema.items), "[]"];
  if (schema.additionalProperties) return ["map of ", ...typeOf(schema.additionalProperties)];
  const types = [schema.type ?? "any"].flat().join(" or ");
  return [schema.format ? `${types} (${schema.format})` : types];
}

/** Rows of a schema's members, those of named schemas below it indented. */
function memberRows(schemas, schema, depth = 0, above = []) {
  const rows = [];
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const needed = schema.required?.includes(name);
    const label = el("span", { class: needed ? "needed" : undefined }, "\u00a0".repeat(depth * 3) + name);
    rows.push(el("tr", {}, el("td", {}, label), el("td", {}, typeOf(member)),
      el("td", {}, member.description ?? "")));
    const inner = refName(member) ?? refName(member.items) ?? refName(member.additionalProperties) ??
      refName(member.anyOf?.[0]);
    if (inner && depth < DEPTH && !above.includes(inner) && schemas[inner]) {
      rows.push(...memberRows(schemas, schemas[inner], depth + 1, [...above, inner]));
    }
  }
  return rows;
}

function table(headings, rows) {
  const head = el("tr", {}, headings.map((text) => el("th", { scope: "col" }, text)));
  return el("div", { class: "wide", tabindex: "0" }, el("table", {}, el("thead", {}, head), el("tbody", {}, rows)));
}

function schemaTable(schemas, name) {
  const schema = schemas[name];
  if (!schema) return el("p", {}, "Any JSON");
  const rows = memberRows(schemas, schema, 0, [name]);
  return rows.length ? table(["Member", "Type", "Meaning"], rows) : el("p", {}, "An empty object");
}

/** A value that fits a schema, for the example. */
function sample(schemas, schema, depth = 0) {
  if (!schema || depth > DEPTH) return null;
  const name = refName(schema);
  if (name) return sample(schemas, schemas[name], depth + 1);
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return sample(schemas, schema.anyOf[0], depth + 1);
  const type = [schema.type].flat()[0];
  if (type === "object") {
    const needed = schema.required ?? Object.keys(schema.properties ?? {}).slice(0, 2);
    return Object.fromEntries(needed.map((key) => [key, sample(schemas, schema.properties[key], depth + 1)]));
  }
  if (type === "array") return [];
  if (type === "string") return schema.format === "date-time" ? "2026-11-28T07:00:00Z" : "…";
  return { number: 1, integer: 1, boolean: true }[type] ?? null;
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl(schemas, route) {
  const lines = ["curl --unix-socket /var/lib/gamekeeper/gamekeeper.sock"];
  if (route.method !== "get") lines.push(`-X ${route.method.toUpperCase()}`);
  for (const p of route.parameters) {
    if (p.in === "header" && p.required) lines.push(`-H ${quoted(`${p.name}: "…"`)}`);
  }
  if (route.request) {
    const body = JSON.stringify(sample(schemas, schemas[route.request]) ?? {});
    lines.push("-H 'Content-Type: application/json'", `-d ${quoted(body)}`);
  }
  lines.push(quoted(`http://localhost${route.path}`));
  return lines.join(" \\\n  ");
}

function example(text) {
  const button = el("button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(button.nextElementSibling);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return el("div", { class: "example" }, button, el("pre", { tabindex: "0" }, text));
}

function pathParts(path) {
  return path.split(/(\{[^}]+\})/).map((part) => (part.startsWith("{") ? el("var", {}, part) : part));
}

function parameterTable(parameters) {
  return table(["Name", "In", "Type", "Meaning"], parameters.map((p) => el("tr", {},
    el("td", {}, el("span", { class: p.required ? "needed" : undefined }, p.name)),
    el("td", {}, p.in), el("td", {}, typeOf(p.schema)), el("td", {}, p.description ?? ""))));
}

/** A <details> whose body is made when it is opened first. */
function entry(id, kind, head, fill) {
  const node = el("details", { id, class: kind }, el("summary", {}, head));
  node.addEventListener("toggle", () => {
    if (!node.open || node.querySelector(".body")) return;
    node.append(el("div", { class: "body" }, fill()));
  });
  return node;
}

const contentSchema = (part, media = "application/json") => refName(part?.content?.[media]?.schema);

function readRoutes(document) {
  const routes = [];
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const method of METHODS.filter((name) => methods[name])) {
      const operation = methods[method];
      routes.push({
        path, method, scope: operation["x-scope"], summary: operation.summary,
        parameters: operation.parameters ?? [], request: contentSchema(operation.requestBody),
        answers: Object.entries(operation.responses).filter(([status]) => status < "400")
          .map(([status, answer]) => [status, answer.description,
            Object.keys(answer.content ?? {}).filter((media) => media !== "application/json")]),
        response: Object.values(operation.responses).map((answer) => contentSchema(answer)).find(Boolean),
        group: path.replace(/^\/api\/v1/, "").split("/")[1],
      });
    }
  }
  return routes;
}

function routeEntry(schemas, route) {
  const head = [el("span", { class: "method" }, route.method.toUpperCase()),
    el("code", { class: "path" }, pathParts(route.path)),
    el("span", { class: "scope", title: "What the caller needs" }, route.scope),
    el("span", { class: "says" }, route.summary)];
  return entry(`${route.method}-${route.path}`, route.method, head, () => {
    const parts = [];
    if (route.parameters.length) parts.push(el("h3", {}, "Parameters"), parameterTable(route.parameters));
    if (route.request) parts.push(el("h3", {}, "Body: ", ...typeOf({ $ref: route.request })), schemaTable(schemas, route.request));
    parts.push(el("h3", {}, "Success"), table(["Status", "Meaning", "Besides JSON"],
      route.answers.map(([status, meaning, media]) => el("tr", {}, el("td", {}, status), el("td", {}, meaning),
        el("td", {}, media.join(", "))))));
    if (route.response) parts.push(el("h3", {}, "Answer: ", ...typeOf({ $ref: route.response })), schemaTable(schemas, route.response));
    parts.push(el("h3", {}, "Errors"), el("p", {}, "application/problem+json: ", ...typeOf({ $ref: "Problem" })));
    return [...parts, el("h3", {}, "Try it"), example(curl(schemas, route))];
  });
}

function topicEntry(schemas, topic) {
  const head = [el("span", { class: "method" }, topic["x-delivery"] === "every" ? "EVENT" : "STATE"),
    el("code", { class: "path" }, topic.address), el("span", { class: "scope" }, topic["x-scope"]),
    el("span", { class: "says" }, topic.description)];
  return entry(`topic-${topic.address}`, "topic", head, () => [
    el("p", {}, topic["x-delivery"] === "every"
      ? "Each frame counts: a slow client loses the oldest and is told of the gap."
      : "A state: a slow client gets the newest and skips the rest."),
    el("h3", {}, "Data"), topic.schema ? schemaTable(schemas, topic.schema) : el("p", {}, "An empty object"),
    el("h3", {}, "Try it"),
    example(`curl -N --unix-socket /var/lib/gamekeeper/gamekeeper.sock \\\n  ${quoted(`http://localhost/api/v1/events?topics=${topic.address}`)}`),
  ]);
}

/** What both sides of the WebSocket say besides the frames of topics. */
function controlEntry(schemas, channel, messages) {
  const head = [el("span", { class: "method" }, "SOCKET"), el("code", { class: "path" }, "control"),
    el("span", { class: "scope" }, channel["x-scope"]), el("span", { class: "says" }, channel.description)];
  return entry("topic-control", "topic", head, () => Object.keys(channel.messages).flatMap((name) => {
    const { summary, payload } = messages[name];
    const from = payload.properties.op ? "you send" : "the daemon sends";
    return [el("h3", {}, `${name}: ${from}`), el("p", {}, summary),
      table(["Member", "Type", "Meaning"], memberRows(schemas, payload))];
  }));
}

function schemaEntry(schemas, name) {
  const head = [el("span", { class: "method" }, "JSON"), el("code", { class: "path" }, name)];
  return entry(`schema-${name}`, "schema", head, () => schemaTable(schemas, name));
}

const lists = { routes: [], topics: [], schemas: [] };
const list = document.getElementById("list");
const words = document.getElementById("words");
let part = "routes";

/** Shows the entries of the chosen part that have all the words. */
function show() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = lists[part].filter((item) => wanted.every((word) => item.text.includes(word)));
  const groups = new Map();
  for (const item of found) groups.set(item.group, [...(groups.get(item.group) ?? []), item.node]);
  list.replaceChildren(...[...groups].map(([name, nodes]) =>
    el("section", {}, name ? el("h2", {}, name) : null, nodes)));
  if (!found.length) list.append(el("p", { class: "none" }, "Nothing has all of these words."));
  document.getElementById("count").textContent = `${found.length} of ${lists[part].length}`;
  for (const button of document.querySelectorAll("[data-part]")) {
    button.setAttribute("aria-pressed", String(button.dataset.part === part));
  }
}

/** Opens what the address names after "#". */
function follow() {
  const id = decodeURIComponent(location.hash.slice(1));
  const where = Object.keys(lists).find((name) => lists[name].some((item) => item.node.id === id));
  if (!where) return;
  part = where;
  words.value = "";
  show();
  const node = document.getElementById(id);
  node.open = true;
  node.scrollIntoView({ block: "center" });
  node.querySelector("summary").focus({ preventScroll: true });
}

async function read(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.detail ?? `${path}: ${answer.status}`);
  return json;
}

function fillLists(openapi, asyncapi) {
  const schemas = { ...asyncapi.components.schemas, ...openapi.components.schemas };
  lists.routes = readRoutes(openapi).map((route) => ({
    group: route.group, node: routeEntry(schemas, route),
    text: `${route.method} ${route.path} ${route.scope} ${route.summary}`.toLowerCase() }));
  const { control, ...channels } = asyncapi.channels;
  lists.topics = Object.values(channels).map((channel) => {
    const message = asyncapi.components.messages[channel.address.replace(":", "-")];
    const topic = { ...channel, schema: refName(message?.payload.properties.data) };
    return { group: "", node: topicEntry(schemas, topic),
      text: `${topic.address} ${topic["x-scope"]} ${topic.description}`.toLowerCase() };
  });
  document.getElementById("version").textContent =
    `Version ${openapi.info.version}: ${lists.routes.length} routes, ${lists.topics.length} topics`;
  lists.topics.unshift({ group: "", node: controlEntry(schemas, control, asyncapi.components.messages),
    text: `control socket ${Object.keys(control.messages).join(" ")} ${control.description}`.toLowerCase() });
  lists.schemas = Object.keys(schemas).sort().map((name) => ({
    group: "", node: schemaEntry(schemas, name),
    text: `${name} ${Object.keys(schemas[name].properties ?? {}).join(" ")}`.toLowerCase() }));
}

async function start() {
  words.addEventListener("input", show);
  document.getElementById("search").addEventListener("submit", (event) => event.preventDefault());
  for (const button of document.querySelectorAll("[data-part]")) {
    button.addEventListener("click", () => {
      part = button.dataset.part;
      show();
    });
  }
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target === words) return;
    event.preventDefault();
    words.focus();
  });
  try {
    fillLists(...(await Promise.all([read("/api/openapi.json"), read("/api/asyncapi.json")])));
    show();
    follow();
  } catch (error) {
      list.replaceChildren(el("p", { class: "note", role: "alert" }, error.message));
  }
}

start();
