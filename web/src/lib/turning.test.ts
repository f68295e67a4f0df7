import { expect, test } from "vitest";

import { withoutTurning } from "./turning";

test("what turns the line is shown, whether it is closed or not", () => {
  expect(withoutTurning("\u202etxt.exe")).toBe("\\u{202e}txt.exe");
  expect(withoutTurning("a\u2069\u202eb\u202c")).toBe("a\\u{2069}\\u{202e}b\\u{202c}");
});

test("scripts from right to left, joiners and marks stay as they are", () => {
  for (const text of ["\u05e9\u05dc\u05d5\u05dd abc", "a\u200db", "a\u200eb", "e\u0301"])
    expect(withoutTurning(text)).toBe(text);
});
