import { describe, expect, it } from "vitest";

import type { ConfigSetting } from "../api/settings";
import {
  changesBetween,
  choicesOf,
  diffLines,
  draftOf,
  isDefault,
  lineRange,
  sectionsOf,
  valueOf,
  valueText,
} from "./config";

const setting = (key: string, value: unknown, more: Partial<ConfigSetting> = {}): ConfigSetting => ({
  key,
  value,
  type: "number",
  default: "1",
  range: "",
  meaning: "",
  live: true,
  ...more,
});

describe("values", () => {
  it("survive being typed: a list has one entry a line", () => {
    for (const [type, value] of [
      ["array of strings", ["a.example", "b.example"]],
      ["boolean", false],
      ["number", 0.5],
      ["string", "127.0.0.1:5000"],
    ] as const)
      expect(valueOf(type, draftOf(value))).toEqual(value);
  });
  it("stay text when they are no number, so that the daemon complains and not we", () => {
    expect(valueOf("number", "ten")).toBe("ten");
    expect(valueOf("number", " ")).toBe(" ");
  });
  it("are compared with the default as TOML", () => {
    expect(isDefault(setting("a", ["127.0.0.1", "::1"], { default: '["127.0.0.1", "::1"]' }))).toBe(true);
    expect(isDefault(setting("a", 2))).toBe(false);
    expect(valueText(undefined)).toBe("not set");
  });
  it("have choices when the range is a list of words", () => {
    expect(choicesOf({ type: "string", range: '"debug", "info"' })).toEqual(["debug", "info"]);
    expect(choicesOf({ type: "number", range: "1 to 10" })).toEqual([]);
  });
});

it("groups by section in the order of the keys", () => {
  const names = sectionsOf([setting("listen", ""), setting("log.level", ""), setting("log.format", "")]);
  expect(names.map(([name, all]) => [name, all.length])).toEqual([["", 1], ["log", 2]]);
});

it("names the keys that differ only", () => {
  const [before, after] = [[setting("a", 1), setting("b", [1])], [setting("a", 2), setting("b", [1])]];
  expect(changesBetween(before, after)).toEqual([{ key: "a", before: 1, after: 2 }]);
});

describe("diffLines", () => {
  const words = (a: string, b: string): string =>
    diffLines(a, b)
      .map(({ kind, text }) => ({ same: " ", added: "+", removed: "-" })[kind] + text)
      .join("|");
  it("keeps what is common in the middle", () => {
    expect(words("a\nb\nc\nd", "a\nx\nc\ny\nd")).toBe(" a|-b|+x| c|+y| d");
    expect(words("a", "a")).toBe(" a");
    expect(words("a\na", "a")).toBe(" a|-a");
  });
  it("rebuilds both texts from any pair of texts", () => {
    let seed = 7;
    const next = (n: number): number => (seed = (seed * 16807) % 2147483647) % n;
    for (let round = 0; round < 200; round++) {
      const [a, b] = [0, 0].map(() => Array.from({ length: next(9) + 1 }, () => "abc"[next(3)]).join("\n"));
      const all = diffLines(a!, b!);
      const side = (gone: string): string => all.filter(({ kind }) => kind !== gone).map(({ text }) => text).join("\n");
      expect([side("added"), side("removed")]).toEqual([a, b]);
    }
  });
});

it("finds a line, and the last one beyond the end", () => {
  expect(lineRange("ab\ncd\n", 2)).toEqual([3, 5]);
  expect(lineRange("ab\ncd", 9)).toEqual([3, 5]);
});
