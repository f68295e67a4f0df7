// Where in a JSON text a path leads, so that a message of the daemon can point at its line. Pure.

export interface Place {
  /** From 1. */
  line: number;
  start: number;
  end: number;
}

/** "/tasks/0/id", "tasks.0.id" and "tasks[0].id" are the same path. */
export function segmentsOf(path: string): string[] {
  if (path.startsWith("/") || path.startsWith("#/")) {
    return path
      .replace(/^#?\//, "")
      .split("/")
      .filter((part) => part !== "")
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  }
  return path.split(/[.[\]]/).filter((part) => part !== "" && part !== "$");
}

class Reader {
  at = 0;
  constructor(readonly text: string) {}

  space(): void {
    while (/[\s,:]/.test(this.text[this.at] ?? "")) this.at++;
  }

  /** Skips one value and returns where it began. */
  value(): number {
    this.space();
    const start = this.at;
    const first = this.text[this.at];
    if (first === '"') this.string();
    else if (first === "{" || first === "[") {
      const close = first === "{" ? "}" : "]";
      this.at++;
      for (;;) {
        this.space();
        if (this.at >= this.text.length) break;
        if (this.text[this.at] === close) {
          this.at++;
          break;
        }
        const before = this.at;
        this.value();
        if (this.at === before) break;
      }
    } else while (/[^\s,\]}:]/.test(this.text[this.at] ?? " ")) this.at++;
    return start;
  }

  string(): string {
    const start = this.at++;
    while (this.at < this.text.length && this.text[this.at] !== '"')
      this.at += this.text[this.at] === "\\" ? 2 : 1;
    this.at++;
    try {
      return JSON.parse(this.text.slice(start, this.at)) as string;
    } catch {
      return "";
    }
  }

  /** Steps into the member or element named `key`; false when there is none. */
  enter(key: string): boolean {
    this.space();
    const open = this.text[this.at];
    if (open !== "{" && open !== "[") return false;
    const close = open === "{" ? "}" : "]";
    this.at++;
    for (let i = 0; ; i++) {
      this.space();
      if (this.at >= this.text.length || this.text[this.at] === close) return false;
      const name = open === "[" ? String(i) : this.text[this.at] === '"' ? this.string() : null;
      if (name === null) return false;
      this.space();
      if (name === key) return true;
      const before = this.at;
      this.value();
      if (this.at === before) return false;
    }
  }
}

export const lineOf = (text: string, at: number): number => text.slice(0, at).split("\n").length;

/** The value at `path` in `text`; the deepest that exists when a member is missing. */
export function placeOf(text: string, path: string): Place {
  const reader = new Reader(text);
  let inside = 0;
  for (const segment of segmentsOf(path)) {
    if (!reader.enter(segment)) break;
    reader.space();
    inside = reader.at;
  }
  reader.at = inside;
  const start = reader.value();
  return { line: lineOf(text, start), start, end: Math.min(reader.at, text.length) };
}

/** Where `text` stops being JSON; null when it is. */
export function firstMistake(text: string): number | null {
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found !== null;
  };
  const space = (): boolean => take(/[ \t\r\n]*/y);
  const string = (): boolean => take(/"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
  const list = (close: RegExp, item: () => boolean): boolean => {
    space();
    if (take(close)) return true;
    for (;;) {
      space();
      if (!item()) return false;
      space();
      if (take(close)) return true;
      if (!take(/,/y)) return false;
    }
  };
  const member = (): boolean => string() && space() && take(/:/y) && value();
  const value = (): boolean => {
    space();
    if (take(/\{/y)) return list(/\}/y, member);
    if (take(/\[/y)) return list(/\]/y, value);
    return string() || take(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y);
  };
  const good = value() && space() && at === text.length;
  return good ? null : at;
}

/** Reads JSON; a mistake comes with its place. */
export function readJson(text: string): { value: unknown } | { message: string; place: Place } {
  try {
    return { value: JSON.parse(text) };
  } catch {
    const start = firstMistake(text) ?? text.length;
    const found = /\S{1,12}/y;
    found.lastIndex = start;
    const word = found.exec(text)?.[0];
    const message =
      word === undefined ? "The text ends too early." : `This is not expected here: ${word}`;
    const end = start + (word?.length ?? 0);
    return { message, place: { line: lineOf(text, start), start, end } };
  }
}
