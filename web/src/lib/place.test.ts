import { describe, expect, it } from "vitest";

import { placeOf } from "./place";

const at = (options: Record<string, unknown>, port = 0): string => placeOf({ host: "127.0.0.1", port, options });

describe("where a game is linked", () => {
  it("is its address when it has one", () => {
    expect(at({}, 3977)).toBe("127.0.0.1:3977");
  });
  it("is the command of a program, with its arguments on one line", () => {
    expect(at({ program: "/usr/games/mud", arguments: "--port\n4201\n" })).toBe("/usr/games/mud --port 4201");
    expect(at({ program: "/usr/games/mud" })).toBe("/usr/games/mud");
  });
  it("is the folder of a world, and never the port 0 of nothing", () => {
    expect(at({ world: "/srv/world" })).toBe("/srv/world");
    expect(at({})).toBe("");
  });
});
