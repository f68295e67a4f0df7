import { describe, expect, it } from "vitest";

import { readNumber, readWords } from "./form";
import { firstMistake, placeOf, readJson, segmentsOf } from "./json-place";

const text = `{
  "name": "a \\"quoted\\" name, with : and ]",
  "tasks": [
    {"id": "one", "depends_on": []},
    {"id": "two",
     "depends_on": ["one", "nobody"]}
  ]
}`;

describe("segmentsOf", () => {
  it("reads pointers and dotted paths alike", () => {
    for (const path of ["/tasks/1/depends_on/0", "tasks.1.depends_on.0", "tasks[1].depends_on[0]"])
      expect(segmentsOf(path)).toEqual(["tasks", "1", "depends_on", "0"]);
    expect(segmentsOf("/a~1b/~0c")).toEqual(["a/b", "~c"]);
    expect(segmentsOf("")).toEqual([]);
  });
});

describe("placeOf", () => {
  const at = (path: string) => {
    const { line, start, end } = placeOf(text, path);
    return [line, text.slice(start, end)];
  };
  it("finds a value, past strings that look like structure", () => {
    expect(at("/tasks/1/depends_on/1")).toEqual([6, '"nobody"']);
    expect(at("/tasks/0")).toEqual([4, '{"id": "one", "depends_on": []}']);
    expect(at("name")[0]).toBe(2);
  });
  it("points at the deepest that exists when the rest is missing", () => {
    expect(at("/tasks/1/action/type")[0]).toBe(5);
    expect(at("/nothing")[0]).toBe(1);
    expect(at("/tasks/7")[0]).toBe(3);
  });
  it("ends on text that is cut off", () => {
    for (let i = 0; i < text.length; i++)
      expect(placeOf(text.slice(0, i), "/tasks/1/depends_on/1").end).toBeLessThanOrEqual(i);
  });
});

describe("readJson", () => {
  it("says the line of a mistake", () => {
    const read = readJson('{\n  "a": 1,\n  "b": oops\n}');
    expect(read).toMatchObject({ place: { line: 3 }, message: "This is not expected here: oops" });
    expect(readJson("[1]")).toEqual({ value: [1] });
  });
  it("points behind a text that ends too early", () => {
    expect(readJson('{\n  "a": [1,\n')).toMatchObject({ message: "The text ends too early." });
  });
  it("agrees with the browser on what is JSON", () => {
    for (const good of [text, "-0.5e+3", '"\\u00e9\\n"', " [ ] ", '{"a":{}}', "null"]) {
      expect(() => JSON.parse(good) as unknown).not.toThrow();
      expect(firstMistake(good)).toBeNull();
    }
    for (const bad of ["", "01", "[1,]", "{a:1}", '{"a" 1}', "'a'", '"\n"', "[1] 2", "nul", "+1"]) {
      expect(() => JSON.parse(bad) as unknown).toThrow();
      expect(firstMistake(bad), bad).not.toBeNull();
    }
  });
});

describe("number fields", () => {
  it("take what is inside the range, and say the range otherwise", () => {
    expect(readNumber(" 1,5 ", { low: 0, high: 2 })).toEqual({ value: 1.5 });
    expect(readNumber("", { low: 0, high: 2, optional: true })).toEqual({ value: null });
    for (const wrong of ["", "2.1", "-1", "x", "1e999"])
      expect(readNumber(wrong, { low: 0, high: 2 })).toHaveProperty("wrong");
    expect(readNumber("1.5", { low: 0, high: 2, integer: true })).toEqual({
      wrong: "Enter a whole number from 0 to 2.",
    });
  });
  it("split words at commas and spaces", () => {
    expect(readWords(" 1000, 1001\n33 ")).toEqual(["1000", "1001", "33"]);
  });
});
