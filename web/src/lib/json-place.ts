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
  return { line: lineOf(text, start), start, end: reader.at };
}

/** Reads JSON; a mistake comes with its line, as far as the browser tells. */
export function readJson(
  text: string,
): { value: unknown } | { message: string; place: Place | null } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const at = /position (\d+)/.exec(message)?.[1];
    const line = /line (\d+) column (\d+)/.exec(message);
    const short = message.replace(/^JSON\.parse: /, "").replace(/ in JSON.*$/, "").replace(/, "?\.\.\..*$/, "");
    if (at !== undefined) {
      const start = Math.min(Number(at), text.length);
      return { message: short, place: { line: lineOf(text, start), start, end: start + 1 } };
    }
    if (line) {
      const lines = text.split("\n").slice(0, Number(line[1]) - 1);
      const start = lines.join("\n").length + (lines.length > 0 ? 1 : 0) + Number(line[2]) - 1;
      return { message: short, place: { line: Number(line[1]), start, end: start + 1 } };
    }
    const start = text.trimEnd().length;
    const isEnd = /end of/i.test(message);
    return { message: short, place: isEnd ? { line: lineOf(text, start), start, end: start } : null };
  }
}
