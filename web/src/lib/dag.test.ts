import { describe, expect, it } from "vitest";

import { type DagNode, edgePath, layersOf, layoutDag, neighbour } from "./dag";

const size = { width: 100, height: 40, along: 50, across: 20 };
const node = (id: string, ...depends_on: string[]): DagNode => ({ id, depends_on });
const diamond = [node("a"), node("b", "a"), node("c", "a"), node("d", "b", "c")];

/** A graph with edges over several layers; the same every time. */
function tangle(count: number): DagNode[] {
  return Array.from({ length: count }, (_, i) =>
    node(`n${i}`, ...[i - 1, i - 3, Math.floor(i / 2) - 1].filter((k) => k >= 0 && k < i && (i * k) % 3 !== 1).map((k) => `n${k}`)),
  );
}

function crossingPairs(nodes: readonly DagNode[]): number {
  const layout = layoutDag(nodes, size, "right");
  const lines = layout.edges.flatMap(({ points }) =>
    points.slice(1).map((to, i) => [points[i]!, to] as const),
  );
  let count = 0;
  for (const [i, [a1, a2]] of lines.entries())
    for (const [b1, b2] of lines.slice(i + 1))
      if (a1[0] === b1[0] && a2[0] === b2[0] && (a1[1] - b1[1]) * (a2[1] - b2[1]) < 0) count++;
  return count;
}

describe("layersOf", () => {
  it("puts a node behind the deepest that it depends on", () => {
    const layers = layersOf([...diamond, node("e", "a", "d")]);
    expect([...layers.entries()]).toEqual([["a", 0], ["b", 1], ["c", 1], ["d", 2], ["e", 3]]);
  });
  it("survives a circle, itself and a stranger", () => {
    const layers = layersOf([node("a", "b"), node("b", "a"), node("c", "c"), node("d", "nobody")]);
    expect([...layers.values()].every(Number.isFinite)).toBe(true);
    expect(layers.get("d")).toBe(0);
  });
});

describe("layoutDag", () => {
  it("lays no node over another and all inside the picture", () => {
    for (const direction of ["right", "down"] as const) {
      const { nodes, width, height } = layoutDag(tangle(40), size, direction);
      for (const [i, a] of nodes.entries()) {
        expect(a.x - size.width / 2).toBeGreaterThanOrEqual(0);
        expect(a.x + size.width / 2).toBeLessThanOrEqual(width);
        expect(a.y - size.height / 2).toBeGreaterThanOrEqual(0);
        expect(a.y + size.height / 2).toBeLessThanOrEqual(height);
        for (const b of nodes.slice(i + 1)) {
          const apart = Math.abs(a.x - b.x) >= size.width || Math.abs(a.y - b.y) >= size.height;
          expect(apart, `${a.id} and ${b.id}`).toBe(true);
        }
      }
    }
  });
  it("goes forward: an edge ends in a later layer than it began", () => {
    const layout = layoutDag(tangle(30), size, "right");
    const at = new Map(layout.nodes.map((one) => [one.id, one]));
    for (const { from, to, points } of layout.edges) {
      expect(at.get(from)!.layer).toBeLessThan(at.get(to)!.layer);
      points.slice(1).forEach((point, i) => expect(point[0]).toBeGreaterThanOrEqual(points[i]![0]));
    }
  });
  it("untangles two crossed pairs", () => {
    const crossed = [node("a"), node("b"), node("c", "b"), node("d", "a")];
    expect(crossingPairs(crossed)).toBe(0);
  });
  it("draws a chain as a straight line", () => {
    const { nodes } = layoutDag([node("a"), node("b", "a"), node("c", "b")], size, "down");
    expect(new Set(nodes.map((one) => one.x)).size).toBe(1);
  });
  it("leaves dependencies on strangers out", () => {
    expect(layoutDag([node("a", "nobody")], size, "right").edges).toEqual([]);
    expect(layoutDag([], size, "right").width).toBe(0);
  });
  it("lays out 240 tasks in a blink", () => {
    const started = performance.now();
    layoutDag(tangle(240), size, "right");
    expect(performance.now() - started).toBeLessThan(1500);
  });
});

describe("edgePath", () => {
  it("bends between layers and is straight inside one", () => {
    expect(edgePath([[0, 0], [10, 20], [30, 20]], "right")).toBe("M0 0C5 0 5 20 10 20L30 20");
    expect(edgePath([[0, 0], [10, 20]], "down")).toBe("M0 0C0 10 10 10 10 20");
  });
});

describe("neighbour", () => {
  const layout = layoutDag(diamond, size, "right");
  const go = (from: string, key: string) => neighbour(layout, diamond, from, key, "right");
  it("follows the edges along the flow", () => {
    expect(go("a", "ArrowRight")).toBe("b");
    expect(go("d", "ArrowLeft")).toBe("b");
    expect(go("a", "ArrowLeft")).toBeNull();
  });
  it("walks a layer across it, and jumps to the ends", () => {
    expect(go("b", "ArrowDown")).toBe("c");
    expect(go("c", "ArrowDown")).toBeNull();
    expect(go("b", "End")).toBe("d");
    expect(go("d", "Home")).toBe("a");
    expect(go("b", "x")).toBeNull();
  });
  it("turns with the direction", () => {
    const down = layoutDag(diamond, size, "down");
    expect(neighbour(down, diamond, "a", "ArrowDown", "down")).toBe("b");
    expect(neighbour(down, diamond, "b", "ArrowRight", "down")).toBe("c");
  });
});
