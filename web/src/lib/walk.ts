// A player's path, scaled into a picture: what was accepted, what was refused and where the player
// was set back, and how far they could have come (the tube). Pure.

import type { PathPoint, Point } from "../api/rooms";

/** From above, or height over time (3d only). */
export type WalkView = "plan" | "height";

export interface Refusal {
  /** Where the report claimed to be, moved to the edge when it is off the picture. */
  x: number;
  y: number;
  fromX: number;
  fromY: number;
  backX: number;
  backY: number;
  off: boolean;
  index: number;
}

export interface Walk {
  /** "x,y x,y …" for a polyline of what was accepted. */
  line: string;
  dots: [number, number][];
  tube: { x: number; y: number; r: number }[];
  refused: Refusal[];
  start: [number, number] | null;
  end: [number, number] | null;
  /** A round length in world units and its pixels; null without extent. */
  bar: { units: number; pixels: number } | null;
}

/** A refused jump farther than this many extents of the accepted path would squash it. Chosen. */
const kFarExtents = 1.2;
/** More circles or dots than this only darken the picture. Chosen. */
const kMostCircles = 240;

/** 1, 2 or 5 times a power of ten, at most `length`. */
export function roundLength(length: number): number {
  if (!(length > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(length));
  const lead = length / power;
  return (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power;
}

export function isSolid(path: readonly PathPoint[]): boolean {
  return path.some((point) => point.z !== 0);
}

interface Flat {
  h: number;
  v: number;
}

function flattener(path: readonly PathPoint[], view: WalkView, solid: boolean) {
  const first = Date.parse(path[0]?.at ?? "");
  return (point: Point, at: string): Flat => {
    if (view === "height") return { h: (Date.parse(at) - first) / 1000, v: -point.y };
    return solid ? { h: point.x, v: point.z } : { h: point.x, v: point.y };
  };
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const kNowhere: Box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };

function grow(box: Box, { h, v }: Flat, by = 0): Box {
  return {
    left: Math.min(box.left, h - by),
    right: Math.max(box.right, h + by),
    top: Math.min(box.top, v - by),
    bottom: Math.max(box.bottom, v + by),
  };
}

function extent(box: Box): number {
  return Math.max(box.right - box.left, box.bottom - box.top);
}

/** Every n-th of a long list, with the last. */
function thin<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  const step = Math.ceil(list.length / most);
  return list.filter((_, i) => i % step === 0 || i === list.length - 1);
}

/** Scales `path` into `width` × `height` pixels with `pad` around it. */
export function drawWalk(
  path: readonly PathPoint[],
  view: WalkView,
  width: number,
  height: number,
  pad = 18,
): Walk {
  const usable = path.filter((point) => [point.x, point.y, point.z].every(Number.isFinite));
  const flat = flattener(usable, view, isSolid(usable));
  let box = kNowhere;
  let last: Flat | null = null;
  const tube: { at: Flat; radius: number }[] = [];
  const accepted: Flat[] = [];
  const refused: { at: Flat; from: Flat; back: Flat; index: number }[] = [];
  usable.forEach((point, index) => {
    const at = flat(point, point.at);
    if (last && view === "plan" && point.allowed_radius !== null && point.allowed_radius > 0)
      tube.push({ at: last, radius: point.allowed_radius });
    if (point.accepted) {
      box = grow(box, at);
      accepted.push(at);
      last = at;
      return;
    }
    const from = last ?? at;
    const back = point.set_back_to ? flat(point.set_back_to, point.at) : from;
    box = grow(box, back);
    refused.push({ at, from, back, index });
    if (point.set_back_to) last = back;
  });
  const core = Math.max(extent(box), 1e-6);
  for (const { at, radius } of tube) if (radius <= core) box = grow(box, at, radius);
  for (const { at } of refused) {
    const bigger = grow(box, at);
    if (extent(bigger) <= core * (1 + kFarExtents) || accepted.length === 0) box = bigger;
  }
  if (!Number.isFinite(box.left)) {
    return { line: "", dots: [], tube: [], refused: [], start: null, end: null, bar: null };
  }
  const [w, h] = [Math.max(box.right - box.left, 1e-9), Math.max(box.bottom - box.top, 1e-9)];
  const fit = Math.min((width - 2 * pad) / w, (height - 2 * pad) / h);
  const [sx, sy] =
    view === "plan" ? [fit, fit] : [(width - 2 * pad) / w, (height - 2 * pad) / h];
  const still = w < 1e-6 && h < 1e-6;
  const round = (n: number): number => Math.round(n * 10) / 10;
  const x = (at: Flat): number =>
    round(still ? width / 2 : (width - w * sx) / 2 + (at.h - box.left) * sx);
  const y = (at: Flat): number =>
    round(still ? height / 2 : (height - h * sy) / 2 + (at.v - box.top) * sy);
  const clampX = (n: number): number => Math.min(width - 8, Math.max(8, n));
  const clampY = (n: number): number => Math.min(height - 8, Math.max(8, n));
  const bar = still || view === "height" ? 0 : roundLength(width / 4 / fit);
  const [startAt, endAt] = [accepted[0], accepted.at(-1)];
  return {
    line: accepted.map((at) => `${x(at)},${y(at)}`).join(" "),
    dots: thin(accepted, kMostCircles).map((at) => [x(at), y(at)]),
    tube: still
      ? []
      : thin(tube, kMostCircles).map(({ at, radius }) => ({
          x: x(at),
          y: y(at),
          r: round(radius * fit),
        })),
    refused: refused.map(({ at, from, back, index }) => {
      const [px, py] = [x(at), y(at)];
      const [cx, cy] = [clampX(px), clampY(py)];
      return {
        x: cx,
        y: cy,
        fromX: x(from),
        fromY: y(from),
        backX: x(back),
        backY: y(back),
        off: cx !== px || cy !== py,
        index,
      };
    }),
    start: startAt ? [x(startAt), y(startAt)] : null,
    end: endAt ? [x(endAt), y(endAt)] : null,
    bar: bar > 0 ? { units: bar, pixels: round(bar * fit) } : null,
  };
}

/** What the picture shows, for those who hear it. */
export function walkSentence(path: readonly PathPoint[]): string {
  const refused = path.filter((point) => !point.accepted).length;
  const backs = path.filter((point) => !point.accepted && point.set_back_to !== null).length;
  if (path.length === 0) return "No movement is kept.";
  const times = [path[0]!.at, path.at(-1)!.at].map((at) => Date.parse(at));
  const seconds = Math.max(0, (times[1]! - times[0]!) / 1000);
  const span = Number.isFinite(seconds) ? ` over ${seconds.toFixed(1)} s` : "";
  return `${path.length} movements${span}: ${path.length - refused} accepted, ${refused} refused, set back ${backs} times.`;
}
