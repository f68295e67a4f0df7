import { describe, expect, it } from "vitest";

import { score, search } from "./fuzzy";

const things = ["Overview", "Macros", "Cancellations", "Reload the configuration", "Configuration", "Logs & audit"].map(
  (label) => ({ label, hint: label === "Macros" ? "g m" : "page" }),
);
const names = (query: string): string[] => search(things, query, 9).map(({ label }) => label);

describe("search", () => {
  it("puts the start of a name before its middle", () => {
    expect(names("conf")).toEqual(["Configuration", "Reload the configuration"]);
  });
  it("forgives letters that are left out, in order only", () => {
    expect(names("cfg")).toEqual(["Configuration", "Reload the configuration"]);
    expect(names("cncl")).toEqual(["Cancellations"]);
    expect(names("gfc")).toEqual([]);
  });
  it("wants every word, in any order", () => {
    expect(names("config rel")).toEqual(["Reload the configuration"]);
    expect(names("macros zebra")).toEqual([]);
  });
  it("takes hints as they are written, after names", () => {
    expect(names("g m")[0]).toBe("Macros");
    expect(names("pg")).toEqual([]);
  });
  it("keeps the order for an empty query, and the limit", () => {
    expect(search(things, " ", 2).map(({ label }) => label)).toEqual(["Overview", "Macros"]);
  });
  it("does not take scattered letters of a long text for a name", () => {
    expect(score("rdw", "read all pages and then wait", "")).toBeNull();
  });
});
