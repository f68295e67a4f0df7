// Draws a graph of dependencies in layers, left to right or top to bottom. Pure: positions only.
//
// Longest-path layers, dummy vertices for edges that cross a layer, barycentre sweeps against
// crossings, then neighbours pull each other straight. After Sugiyama, Tagawa and Toda (1981).

export interface DagNode {
  id: string;
  depends_on: readonly string[];
}

export type Direction = "right" | "down";

/** Pixels. `along` is the direction of the flow, `across` the other one. */
export interface DagSize {
  width: number;
  height: number;
  along: number;
  across: number;
}

export interface PlacedNode {
  id: string;
  layer: number;
  /** The centre. */
  x: number;
  y: number;
}

export interface PlacedEdge {
  from: string;
  to: string;
  points: [number, number][];
}

export interface DagLayout {
  nodes: PlacedNode[];
  edges: PlacedEdge[];
  /** Ids by layer, in the order in which they are drawn. */
  layers: string[][];
  width: number;
  height: number;
}

/** Room for the focus ring around the outermost nodes. */
const kMargin = 8;
/** An edge that passes a layer takes this much of it. Chosen. */
const kLaneWidth = 14;
/** Sweeps against crossings; more changed nothing on graphs of 200 nodes. Chosen. */
const kSweeps = 8;
const kPulls = 12;

interface Vertex {
  id: string | null; // Null: an edge passes here.
  layer: number;
  span: number;
  up: Vertex[];
  down: Vertex[];
  at: number; // Order in the layer, later the coordinate across.
}

/** The layer of each node: one more than the deepest it depends on. What is in a cycle gets 0. */
export function layersOf(nodes: readonly DagNode[]): Map<string, number> {
  const known = new Set(nodes.map((node) => node.id));
  const open = new Map<string, number>();
  const dependents = new Map<string, string[]>();
  for (const { id, depends_on } of nodes) {
    const needs = [...new Set(depends_on)].filter((other) => known.has(other) && other !== id);
    open.set(id, needs.length);
    for (const other of needs) dependents.set(other, [...(dependents.get(other) ?? []), id]);
  }
  const layer = new Map<string, number>(nodes.map((node) => [node.id, 0]));
  const queue = nodes.filter((node) => open.get(node.id) === 0).map((node) => node.id);
  for (let i = 0; i < queue.length; i++) {
    const id = queue[i]!;
    for (const next of dependents.get(id) ?? []) {
      layer.set(next, Math.max(layer.get(next) ?? 0, (layer.get(id) ?? 0) + 1));
      const left = (open.get(next) ?? 0) - 1;
      open.set(next, left);
      if (left === 0) queue.push(next);
    }
  }
  for (const [id, left] of open) if (left > 0) layer.set(id, 0);
  return layer;
}

function mean(list: readonly Vertex[], fallback: number): number {
  if (list.length === 0) return fallback;
  return list.reduce((sum, vertex) => sum + vertex.at, 0) / list.length;
}

function crossings(layers: readonly Vertex[][]): number {
  let count = 0;
  for (const layer of layers) {
    const ends = layer.flatMap((vertex) =>
      vertex.down.map((other) => other.at).sort((a, b) => a - b),
    );
    for (let i = 0; i < ends.length; i++)
      for (let j = i + 1; j < ends.length; j++) if (ends[j]! < ends[i]!) count++;
  }
  return count;
}

function number(layers: readonly Vertex[][]): void {
  for (const layer of layers) layer.forEach((vertex, i) => (vertex.at = i));
}

/** Orders each layer so that few edges cross; keeps the best order seen. */
function order(layers: Vertex[][]): Vertex[][] {
  number(layers);
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(layers);
  for (let sweep = 0; sweep < kSweeps && fewest > 0; sweep++) {
    const down = sweep % 2 === 0;
    const walk = down ? layers : [...layers].reverse();
    for (const layer of walk) {
      const key = new Map(
        layer.map((vertex) => [vertex, mean(down ? vertex.up : vertex.down, vertex.at)]),
      );
      layer.sort((a, b) => key.get(a)! - key.get(b)! || a.at - b.at);
      layer.forEach((vertex, i) => (vertex.at = i));
    }
    const now = crossings(layers);
    if (now < fewest) {
      fewest = now;
      best = layers.map((layer) => [...layer]);
    }
  }
  number(best);
  return best;
}

/** Moves vertices towards their neighbours; the order and the distances stay. */
function straighten(layers: readonly Vertex[][], gap: number): void {
  const apart = (a: Vertex, b: Vertex): number => (a.span + b.span) / 2 + gap;
  for (const layer of layers) {
    let at = 0;
    layer.forEach((vertex, i) => {
      at = i === 0 ? 0 : at + apart(layer[i - 1]!, vertex);
      vertex.at = at;
    });
    const half = at / 2;
    for (const vertex of layer) vertex.at -= half;
  }
  for (let pull = 0; pull < kPulls; pull++) {
    const walk = pull % 2 === 0 ? layers : [...layers].reverse();
    for (const layer of walk) {
      const wish = layer.map((vertex) =>
        mean(pull % 2 === 0 ? vertex.up : vertex.down, mean([...vertex.up, ...vertex.down], vertex.at)),
      );
      const low: number[] = [];
      const high: number[] = [];
      for (let i = 0; i < layer.length; i++) {
        const least = i === 0 ? -Infinity : low[i - 1]! + apart(layer[i - 1]!, layer[i]!);
        low[i] = Math.max(wish[i]!, least);
      }
      for (let i = layer.length - 1; i >= 0; i--) {
        const last = i === layer.length - 1;
        const most = last ? Infinity : high[i + 1]! - apart(layer[i]!, layer[i + 1]!);
        high[i] = Math.min(wish[i]!, most);
      }
      // Both keep the distances, so their mean does.
      layer.forEach((vertex, i) => (vertex.at = (low[i]! + high[i]!) / 2));
    }
  }
}

/** Where each node goes, and by which points each edge passes. Unknown dependencies are left out. */
export function layoutDag(
  nodes: readonly DagNode[],
  size: DagSize,
  direction: Direction,
): DagLayout {
  if (nodes.length === 0) return { nodes: [], edges: [], layers: [], width: 0, height: 0 };
  const right = direction === "right";
  const [along, across] = right ? [size.width, size.height] : [size.height, size.width];
  const layer = layersOf(nodes);
  const depth = Math.max(...layer.values()) + 1;
  const layers: Vertex[][] = Array.from({ length: depth }, () => []);
  const vertices = new Map<string, Vertex>();
  const add = (id: string | null, at: number, span: number): Vertex => {
    const vertex: Vertex = { id, layer: at, span, up: [], down: [], at: 0 };
    layers[at]!.push(vertex);
    return vertex;
  };
  for (const { id } of nodes) vertices.set(id, add(id, layer.get(id)!, across));
  const chains: { from: string; to: string; chain: Vertex[] }[] = [];
  for (const { id, depends_on } of nodes) {
    for (const from of new Set(depends_on)) {
      const [start, end] = [vertices.get(from), vertices.get(id)!];
      if (!start || start.layer >= end.layer) continue;
      const chain = [start];
      for (let at = start.layer + 1; at < end.layer; at++) chain.push(add(null, at, kLaneWidth));
      chain.push(end);
      chain.slice(1).forEach((vertex, i) => {
        chain[i]!.down.push(vertex);
        vertex.up.push(chain[i]!);
      });
      chains.push({ from, to: id, chain });
    }
  }
  const ordered = order(layers);
  straighten(ordered, size.across);
  const all = ordered.flat();
  const low = Math.min(...all.map((vertex) => vertex.at - vertex.span / 2));
  const high = Math.max(...all.map((vertex) => vertex.at + vertex.span / 2));
  const step = along + size.along;
  const main = (at: number): number => kMargin + along / 2 + at * step;
  const cross = (vertex: Vertex): number => Math.round(vertex.at - low + kMargin);
  const point = (a: number, c: number): [number, number] => (right ? [a, c] : [c, a]);
  const length = (depth - 1) * step + along + 2 * kMargin;
  const breadth = Math.ceil(high - low + 2 * kMargin);
  return {
    nodes: nodes.map(({ id }) => {
      const vertex = vertices.get(id)!;
      const [x, y] = point(main(vertex.layer), cross(vertex));
      return { id, layer: vertex.layer, x, y };
    }),
    edges: chains.map(({ from, to, chain }) => ({
      from,
      to,
      points: chain.flatMap((vertex, i): [number, number][] => {
        const at = main(vertex.layer);
        const c = cross(vertex);
        if (i === 0) return [point(at + along / 2, c)];
        if (i === chain.length - 1) return [point(at - along / 2, c)];
        return [point(at - along / 2, c), point(at + along / 2, c)];
      }),
    })),
    layers: ordered.map((one) => one.flatMap((vertex) => (vertex.id === null ? [] : [vertex.id]))),
    width: right ? length : breadth,
    height: right ? breadth : length,
  };
}

/** A smooth line through the points of an edge: bends between layers, straight inside one. */
export function edgePath(points: PlacedEdge["points"], direction: Direction): string {
  const parts = points.map(([x, y], i) => {
    if (i === 0) return `M${x} ${y}`;
    const [px, py] = points[i - 1]!;
    if (px === x || py === y) return `L${x} ${y}`;
    const [mx, my] = [(px + x) / 2, (py + y) / 2];
    return direction === "right"
      ? `C${mx} ${py} ${mx} ${y} ${x} ${y}`
      : `C${px} ${my} ${x} ${my} ${x} ${y}`;
  });
  return parts.join("");
}

/** The node that an arrow key leads to: along the flow a neighbour, across it the next in the layer. */
export function neighbour(
  layout: DagLayout,
  nodes: readonly DagNode[],
  from: string,
  key: string,
  direction: Direction,
): string | null {
  const forward = direction === "right" ? "ArrowRight" : "ArrowDown";
  const backward = direction === "right" ? "ArrowLeft" : "ArrowUp";
  const later = direction === "right" ? "ArrowDown" : "ArrowRight";
  const earlier = direction === "right" ? "ArrowUp" : "ArrowLeft";
  const at = layout.layers.findIndex((layer) => layer.includes(from));
  const layer = layout.layers[at];
  if (!layer) return null;
  const i = layer.indexOf(from);
  if (key === later) return layer[i + 1] ?? null;
  if (key === earlier) return layer[i - 1] ?? null;
  if (key === "Home") return layout.layers[0]?.[0] ?? null;
  if (key === "End") return layout.layers.at(-1)?.[0] ?? null;
  if (key !== forward && key !== backward) return null;
  const nextLayer = layout.layers[at + (key === forward ? 1 : -1)];
  if (!nextLayer) return null;
  const linked = nextLayer.find((other) =>
    key === forward
      ? nodes.find((node) => node.id === other)?.depends_on.includes(from)
      : nodes.find((node) => node.id === from)?.depends_on.includes(other),
  );
  return linked ?? nextLayer[Math.min(i, nextLayer.length - 1)] ?? null;
}
