import { describe, expect, it } from "vitest";

import type { GameCandidate } from "../api/games";
import { candidateLine } from "./candidate";

const server: GameCandidate = {
  kind: "openttd",
  title: "OpenTTD (admin port)",
  port: 3977,
  process: "openttd",
  pid: 812,
  proven: true,
  game: null,
  needs: null,
  body: { name: "openttd", kind: "openttd", host: "127.0.0.1", port: 3977 },
};

describe("a detected server in words", () => {
  it("says where it is, which program it is and that it answered", () => {
    expect(candidateLine(server)).toBe("127.0.0.1:3977 · openttd, process 812 · it answered");
  });
  it("says that it is not proven, and leaves out what is unknown", () => {
    expect(candidateLine({ ...server, process: null, pid: null, proven: false })).toBe(
      "127.0.0.1:3977 · not proven: it says nothing before a log-in",
    );
  });
  it("names the world of one that has no port", () => {
    const body = { name: "luanti", kind: "luanti", options: { world: "/srv/world" } };
    const line = candidateLine({ ...server, port: null, pid: null, process: "luanti", body });
    expect(line).toBe("/srv/world · luanti · it answered");
  });
});
