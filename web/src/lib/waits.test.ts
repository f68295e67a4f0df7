import { describe, expect, it } from "vitest";

import type { Lane } from "../api/rooms";
import { layersOf } from "./dag";
import { waitGraph } from "./waits";

function lane(name: string, holder: string | null, queue: readonly string[]): Lane {
  return {
    lane: name,
    holder: holder === null ? null : { actor: holder },
    queue: queue.map((actor, i) => ({
      ticket: name.length * 100 + i,
      actor,
      waited_s: i,
      effective_priority: 50 - i,
      ready: true,
    })),
  } as unknown as Lane;
}

describe("the graph of who waits for whom", () => {
  it("goes from those who wait over the lane to its holder", () => {
    const { nodes, rows, cycle } = waitGraph([lane("knight", "trainer", ["fisher", "eater"])]);
    expect(Object.fromEntries(layersOf(nodes))).toEqual({
      "actor:fisher": 0,
      "actor:eater": 0,
      "lane:knight": 1,
      "actor:trainer": 2,
    });
    expect(rows.map((row) => [row.actor, row.lane, row.holder])).toEqual([
      ["fisher", "knight", "trainer"],
      ["eater", "knight", "trainer"],
    ]);
    expect(cycle).toBeNull();
  });

  it("joins lanes where one actor holds and waits", () => {
    const { nodes, cycle } = waitGraph([
      lane("boat", "trainer", ["eater"]),
      lane("knight", "fisher", ["trainer"]),
    ]);
    expect(layersOf(nodes).get("actor:fisher")).toBe(4);
    expect(cycle).toBeNull();
  });

  it("names a cycle", () => {
    const { cycle } = waitGraph([
      lane("boat", "trainer", ["fisher"]),
      lane("knight", "fisher", ["trainer"]),
    ]);
    expect(cycle).not.toBeNull();
    expect(new Set(cycle)).toEqual(new Set(["boat", "trainer", "knight", "fisher"]));
    expect(cycle![0]).toBe(cycle![cycle!.length - 1]);
  });

  it("does not take an actor that asks twice for a cycle", () => {
    expect(waitGraph([lane("knight", "fisher", ["fisher", "fisher"])]).cycle).toBeNull();
  });

  it("leaves out what nobody wants", () => {
    expect(waitGraph([lane("idle", null, [])]).nodes).toEqual([]);
  });
});
