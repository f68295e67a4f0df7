import { describe, expect, it } from "vitest";

import type { PathPoint } from "../api/rooms";
import { exampleTrace } from "./example-trace";
import { drawWalk, roundLength, walkSentence } from "./walk";

const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
const point = (ms: number, x: number, y: number, more: Partial<PathPoint> = {}): PathPoint => ({
  at: at(ms),
  x,
  y,
  z: 0,
  accepted: true,
  set_back_to: null,
  allowed_radius: null,
  ...more,
});
const refused = (ms: number, x: number, y: number, back: [number, number]): PathPoint =>
  point(ms, x, y, { accepted: false, set_back_to: { x: back[0], y: back[1], z: 0 } });

describe("drawWalk", () => {
  const square = [point(0, 0, 0), point(100, 10, 0), point(200, 10, 10), point(300, 0, 10)];
  it("keeps the shape: one scale for both directions", () => {
    const walk = drawWalk(square, "plan", 400, 200, 20);
    const xs = walk.dots.map((dot) => dot[0]);
    const ys = walk.dots.map((dot) => dot[1]);
    expect(Math.max(...xs) - Math.min(...xs)).toBeCloseTo(160);
    expect(Math.max(...ys) - Math.min(...ys)).toBeCloseTo(160);
    expect((Math.max(...xs) + Math.min(...xs)) / 2).toBeCloseTo(200);
  });
  it("marks a refusal with where it came from and where the player was set back", () => {
    const walk = drawWalk([...square, refused(400, 4, 4, [10, 10])], "plan", 400, 200, 20);
    const [one] = walk.refused;
    expect([one!.fromX, one!.fromY]).toEqual(walk.end);
    expect([one!.backX, one!.backY]).toEqual(walk.dots[2]);
    expect(one!.off).toBe(false);
    expect(walk.dots).toHaveLength(4);
  });
  it("does not let a far jump squash the path: it goes to the edge", () => {
    const without = drawWalk(square, "plan", 400, 200, 20);
    const walk = drawWalk([...square, refused(400, 5000, 5, [0, 10])], "plan", 400, 200, 20);
    expect(walk.line).toBe(without.line);
    expect(walk.refused[0]).toMatchObject({ x: 392, off: true });
  });
  it("draws the tube around where the player was", () => {
    const path = [point(0, 0, 0), point(100, 5, 0, { allowed_radius: 2 }), point(200, 10, 0)];
    const walk = drawWalk(path, "plan", 400, 200, 20);
    expect(walk.tube).toHaveLength(1);
    expect([walk.tube[0]!.x, walk.tube[0]!.y]).toEqual(walk.dots[0]);
    expect(walk.tube[0]!.r).toBeGreaterThan(0);
  });
  it("shows height over time, upwards", () => {
    const jump = [0, 1, 2, 1].map((y, i) => point(i * 1000, i, y, { z: i }));
    const walk = drawWalk(jump, "height", 300, 100, 10);
    expect(walk.dots[2]![1]).toBe(10);
    expect(walk.dots[3]![0]).toBe(290);
    expect(walk.bar).toBeNull();
  });
  it("survives nobody moving, nothing at all, and numbers that are none", () => {
    expect(drawWalk([], "plan", 100, 100).start).toBeNull();
    expect(drawWalk([point(0, 3, 3)], "plan", 100, 100).start).toEqual([50, 50]);
    expect(drawWalk([point(0, Number.NaN, 3)], "plan", 100, 100).line).toBe("");
  });
});

describe("roundLength", () => {
  it("gives 1, 2 or 5 times a power of ten", () => {
    expect([0.07, 0.9, 1, 4.9, 51, 260].map(roundLength)).toEqual([0.05, 0.5, 1, 2, 50, 200]);
    expect(roundLength(0)).toBe(0);
  });
});

describe("walkSentence", () => {
  it("counts what the picture shows", () => {
    expect(walkSentence([point(0, 0, 0), refused(1500, 9, 9, [0, 0])])).toBe(
      "2 movements over 1.5 s: 1 accepted, 1 refused, set back 1 times.",
    );
    expect(walkSentence([])).toBe("No movement is kept.");
  });
});

describe("exampleTrace", () => {
  const lines = exampleTrace()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, number | string>);
  it("has two sessions, in the order of arrival", () => {
    expect(lines.filter((line) => line.k === "S").map((line) => line.id)).toEqual([
      "honest-on-wifi",
      "runs-1.5-times",
    ]);
    for (const id of ["honest-on-wifi", "runs-1.5-times"]) {
      const times = lines.filter((line) => line.id === id && "r" in line).map((line) => Number(line.r));
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
  });
  it("lets only the cheat outrun its speed", () => {
    const fastest = (id: string): number => {
      const moves = lines.filter((line) => line.id === id && line.k === "m");
      return Math.max(
        ...moves.slice(1).map((line, i) => {
          const [a, b] = [moves[i]!, line];
          const d = Math.hypot(Number(b.x) - Number(a.x), Number(b.y) - Number(a.y));
          return d / ((Number(b.c) - Number(a.c)) / 1000);
        }),
      );
    };
    expect(fastest("honest-on-wifi")).toBeLessThan(5.1);
    expect(fastest("runs-1.5-times")).toBeGreaterThan(7);
  });
});
