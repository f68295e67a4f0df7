// The dashboard's command line as text: read into a command, and completed. Pure.
//
//   session start character_name=Knight mode_name=fishing
//   macro start macro_id=heal args={"rod":"carbon"}
//   mode execute fishing                      a bare word fills the first required field

import type { CommandBody, CommandKind } from "../api/play";

export type Reading = { body: CommandBody } | { wrong: string };

const kWord = /(?:[^\s"{]+|"(?:[^"\\]|\\.)*"|\{.*\})+/g;

function words(text: string): string[] {
  return text.match(kWord) ?? [];
}

/** A word's value: a quoted text, an object, or itself. */
function valueOf(word: string): { value: unknown } | { wrong: string } {
  if (!word.startsWith('"') && !word.startsWith("{")) return { value: word };
  try {
    return { value: JSON.parse(word) as unknown };
  } catch {
    return { wrong: `${word} is not ${word.startsWith("{") ? "an object in JSON" : "a quoted text"}.` };
  }
}

const list = (items: readonly string[]): string => [...new Set(items)].join(", ");

/** Reads a line. What is wrong is said with what is allowed. */
export function readCommand(text: string, kinds: readonly CommandKind[]): Reading {
  const [type, action, ...rest] = words(text);
  const ofType = kinds.filter((kind) => kind.type === type);
  if (ofType.length === 0) return { wrong: `Start with one of: ${list(kinds.map((kind) => kind.type))}.` };
  const kind = ofType.find((one) => one.action === action);
  if (!kind) return { wrong: `${type} takes one of: ${list(ofType.map((one) => one.action))}.` };
  const body: CommandBody = { type: kind.type, action: kind.action };
  for (const word of rest) {
    const equals = /^([a-z_]+)=/.exec(word);
    const name = equals?.[1] ?? [...kind.required, ...kind.fields].find((field) => !(field in body));
    if (name === undefined || !kind.fields.includes(name)) {
      const allowed = kind.fields.length > 0 ? `takes ${list(kind.fields)}` : "takes nothing more";
      return { wrong: `${kind.type} ${kind.action} ${allowed}, not ${equals?.[1] ?? word}.` };
    }
    if (name in body) return { wrong: `${name} is there twice.` };
    const read = valueOf(equals ? word.slice(equals[0].length) : word);
    if ("wrong" in read) return read;
    body[name] = read.value;
  }
  const missing = kind.required.filter((field) => !(field in body));
  if (missing.length > 0) return { wrong: `${kind.type} ${kind.action} needs ${list(missing)}.` };
  return { body };
}

/** Known values by field name: modes, macros, characters. */
export type Known = Readonly<Record<string, readonly string[]>>;

const quoted = (value: string): string => (/^[^\s"{=]+$/.test(value) ? value : JSON.stringify(value));

/** What may stand instead of the last word; whole words, best first. */
export function complete(text: string, kinds: readonly CommandKind[], known: Known): string[] {
  const all = words(text);
  const atNew = text === "" || /\s$/.test(text);
  const last = atNew ? "" : (all[all.length - 1] ?? "");
  const before = atNew ? all : all.slice(0, -1);
  const startingWith = (choices: readonly string[]): string[] =>
    [...new Set(choices)].filter((choice) => choice.startsWith(last) && choice !== last);
  if (before.length === 0) return startingWith(kinds.map((kind) => kind.type));
  const ofType = kinds.filter((kind) => kind.type === before[0]);
  if (before.length === 1) return startingWith(ofType.map((kind) => kind.action));
  const kind = ofType.find((one) => one.action === before[1]);
  if (!kind) return [];
  const given = before.slice(2).map((word) => /^([a-z_]+)=/.exec(word)?.[1]);
  const fields = [...new Set([...kind.required, ...kind.fields])].filter((field) => !given.includes(field));
  const equals = /^([a-z_]+)=/.exec(last);
  if (equals?.[1])
    return startingWith((known[equals[1]] ?? []).map((value) => `${equals[1]}=${quoted(value)}`));
  const bare = before.length === 2 && kind.required[0] ? (known[kind.required[0]] ?? []).map(quoted) : [];
  return startingWith([...bare, ...fields.map((field) => `${field}=`)]);
}

/** The line with its last word replaced. */
export function accept(text: string, choice: string): string {
  const start = text === "" || /\s$/.test(text) ? text : text.slice(0, text.length - (words(text).at(-1)?.length ?? 0));
  return start + choice + (choice.endsWith("=") ? "" : " ");
}

/** A command as the line that makes it. */
export function lineOf(request: Record<string, unknown>): string {
  const { type, action, ...rest } = request;
  const fields = Object.entries(rest).map(([name, value]) =>
    `${name}=${typeof value === "string" ? quoted(value) : JSON.stringify(value)}`,
  );
  return [type, action, ...fields].join(" ");
}
