// uPlot for a window of time: one line, yesterday's dashed behind it, marks of events, zoom by
// dragging. Gaps stay open.

import uPlot from "uplot";

import type { Drawn, Window } from "../lib/explore";
import { colour, font } from "./plot";

export interface Mark {
  /** Seconds since 1970. */
  at: number;
  label: string;
  /** A triangle above for a cancellation, a square for a change: not by colour alone. */
  shape: "triangle" | "square";
}

export interface RangePlot {
  window: Window;
  range: [number, number];
  data: [number[], ...Drawn[][]];
  marks: readonly Mark[];
  onZoom: (from: number, to: number) => void;
  onHover: (at: number | null) => void;
}

const kHeight = 240;

function drawMarks(plot: uPlot, marks: readonly Mark[], inks: Record<Mark["shape"], string>): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = ratio;
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  for (const mark of marks) {
    const x = Math.round(plot.valToPos(mark.at, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = ctx.fillStyle = inks[mark.shape];
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const r = 4 * ratio;
    if (mark.shape === "square") {
      ctx.fillRect(x - r, bbox.top - r * 1.4, 2 * r, 2 * r);
      continue;
    }
    ctx.beginPath();
    ctx.moveTo(x - r, bbox.top - r);
    ctx.lineTo(x + r, bbox.top - r);
    ctx.lineTo(x, bbox.top + r * 0.6);
    ctx.fill();
  }
  ctx.restore();
}

function seriesOf(box: HTMLElement, lines: number): uPlot.Series[] {
  const shared = { spanGaps: false, points: { show: false } };
  const now = { ...shared, stroke: colour(box, "--chart"), fill: colour(box, "--chart-area"), width: 1.75 };
  const before = { ...shared, stroke: colour(box, "--ink-2"), width: 1.25, dash: [5, 4] };
  return [{}, now, ...(lines > 1 ? [before] : [])];
}

const kDayS = 86_400;

/** "14:05", or "28 Nov" where the ticks are days apart or a day begins. */
function tickText(at: number, stepS: number): string {
  const time = new Date(at * 1000);
  const isMidnight = time.getHours() === 0 && time.getMinutes() === 0;
  if (stepS >= kDayS || (isMidnight && stepS >= 3600)) {
    return time.toLocaleDateString(undefined, { day: "numeric", month: "short" });
  }
  return time.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** Draws into `box` and keeps its width. Returns what removes it. */
export function drawRange(box: HTMLElement, plot: RangePlot): () => void {
  const shared = {
    stroke: colour(box, "--ink-2"),
    font: font(box),
    grid: { stroke: colour(box, "--line"), width: 1 },
    ticks: { show: false },
  };
  const inks = { triangle: colour(box, "--bad"), square: colour(box, "--info") };
  const view = new uPlot(
    {
      width: Math.max(200, box.clientWidth),
      height: kHeight,
      padding: [16, 16, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        points: { size: 7 },
        sync: { key: "explore", scales: ["x", null] },
      },
      scales: {
        x: { range: () => [plot.window.from / 1000, plot.window.to / 1000] },
        y: { range: () => plot.range },
      },
      axes: [
        {
          ...shared,
          size: 30,
          space: 76,
          grid: { show: false },
          values: (_plot, splits, _axis, _space, step) => splits.map((at) => tickText(at, step)),
        },
        { ...shared, size: 52, space: 44 },
      ],
      series: seriesOf(box, plot.data.length - 1),
      hooks: {
        draw: [(self) => drawMarks(self, plot.marks, inks)],
        setSelect: [
          (self) => {
            const { left, width } = self.select;
            if (width < 4) return;
            plot.onZoom(self.posToVal(left, "x") * 1000, self.posToVal(left + width, "x") * 1000);
            self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
        setCursor: [
          (self) => {
            const left = self.cursor.left ?? -1;
            plot.onHover(left < 0 ? null : self.posToVal(left, "x"));
          },
        ],
      },
    },
    plot.data as uPlot.AlignedData,
    box,
  );
  const watcher = new ResizeObserver(() => {
    const width = Math.max(200, box.clientWidth);
    if (width !== view.width) view.setSize({ width, height: kHeight });
  });
  watcher.observe(box);
  return () => {
    watcher.disconnect();
    view.destroy();
  };
}
