// The arithmetic of the configuration page: values as text and back, sections, lines that differ.

import type { ConfigChange, ConfigSetting } from "../api/settings";

/** A value as one types it: a list has one entry a line. */
export function draftOf(value: unknown): string {
  return Array.isArray(value) ? value.join("\n") : String(value ?? "");
}

/** The words that a setting may be: of its range, `"debug", "info"` or `true, false`. */
export function choicesOf({ type, range }: Pick<ConfigSetting, "type" | "range">): string[] {
  if (type === "boolean") return ["true", "false"];
  return type === "string" ? [...range.matchAll(/"([^"]*)"/g)].map(([, word]) => word!) : [];
}

/** What was typed as the JSON value of its type. A wrong number stays text: the daemon says why. */
export function valueOf(type: string, draft: string): unknown {
  if (type === "boolean") return draft === "true";
  if (type === "array of strings") {
    return draft
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
  }
  if (type !== "number") return draft;
  const text = draft.trim();
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : draft;
}

/** A value in a sentence: as TOML writes it. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return "not set";
  return Array.isArray(value) ? `[${value.map((one) => JSON.stringify(one)).join(", ")}]` : JSON.stringify(value);
}

export function isDefault({ value, default: fallback }: ConfigSetting): boolean {
  return valueText(value) === fallback;
}

/** "log.level" is in "log"; a key without a dot is in "". In the order of the keys. */
export function sectionsOf(settings: readonly ConfigSetting[]): [string, ConfigSetting[]][] {
  const found = new Map<string, ConfigSetting[]>();
  for (const one of settings) {
    const name = one.key.includes(".") ? one.key.slice(0, one.key.indexOf(".")) : "";
    found.set(name, [...(found.get(name) ?? []), one]);
  }
  return [...found];
}

/** The keys whose values differ. */
export function changesBetween(
  before: readonly ConfigSetting[],
  after: readonly ConfigSetting[],
): ConfigChange[] {
  const old = new Map(before.map((one) => [one.key, one.value]));
  return after
    .filter((one) => valueText(one.value) !== valueText(old.get(one.key)))
    .map((one) => ({ key: one.key, before: old.get(one.key), after: one.value }));
}

export interface DiffLine {
  kind: "same" | "added" | "removed";
  text: string;
}

/** Beyond, the middle is shown as wholly replaced. Chosen: the table below has its square. */
const kMostLines = 1500;

function withoutEnds(a: readonly string[], b: readonly string[]): [number, number] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  const most = Math.min(a.length, b.length) - head;
  while (tail < most && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  return [head, tail];
}

/** The middle by the longest common subsequence. */
function middle(a: readonly string[], b: readonly string[]): DiffLine[] {
  const line = (kind: DiffLine["kind"]) => (text: string) => ({ kind, text });
  if (a.length > kMostLines || b.length > kMostLines)
    return [...a.map(line("removed")), ...b.map(line("added"))];
  const wide = b.length + 1;
  const best = new Uint16Array((a.length + 1) * wide);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const skip = Math.max(best[(i + 1) * wide + j]!, best[i * wide + j + 1]!);
      best[i * wide + j] = a[i] === b[j] ? best[(i + 1) * wide + j + 1]! + 1 : skip;
    }
  }
  const out: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      out.push({ kind: "same", text: a[i++]! });
      j++;
    } else if (best[(i + 1) * wide + j]! >= best[i * wide + j + 1]!) {
      out.push({ kind: "removed", text: a[i++]! });
    } else out.push({ kind: "added", text: b[j++]! });
  }
  return [...out, ...a.slice(i).map(line("removed")), ...b.slice(j).map(line("added"))];
}

/** What has to happen to `before` to become `after`, line by line. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  const [head, tail] = withoutEnds(a, b);
  const same = (text: string): DiffLine => ({ kind: "same", text });
  return [
    ...a.slice(0, head).map(same),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same),
  ];
}

/** Where line `number` (from 1) begins and ends in `text`. */
export function lineRange(text: string, number: number): [number, number] {
  const lines = text.split("\n");
  const at = Math.min(Math.max(1, number), lines.length) - 1;
  const start = lines.slice(0, at).reduce((sum, line) => sum + line.length + 1, 0);
  return [start, start + lines[at]!.length];
}

/** "512 B", "1.2 MB": sizes of files, by thousands as disks are sold. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = bytes;
  let at = 0;
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000;
    at++;
  }
  return `${at > 0 && size < 100 ? size.toFixed(1) : Math.round(size)} ${units[at]}`;
}
