// uPlot, dressed for evidence: the limit as a dashed line, the decision as a marker, breaches
// shaded, gaps left open. A chunk of its own: only this page pays for the library.

import uPlot from "uplot";

import type { EvidenceSeries } from "../api/types";
import { formatOffset } from "../lib/format";
import { columnsOf, rangeOf } from "../lib/timeline";

const kFrom = -60;
const kTo = 30;
const kHeights = { tall: 260, small: 132 };

/** A custom property, resolved to a colour that a canvas understands. */
export function colour(element: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}

interface Inks {
  line: string;
  area: string;
  limit: string;
  marker: string;
  grid: string;
  text: string;
}

function inksOf(element: HTMLElement): Inks {
  return {
    line: colour(element, "--chart"),
    area: colour(element, "--chart-area"),
    limit: colour(element, "--bad"),
    marker: colour(element, "--ink"),
    grid: colour(element, "--line"),
    text: colour(element, "--ink-2"),
  };
}

export function font(element: HTMLElement): string {
  return `11px ${getComputedStyle(element).fontFamily}`;
}

/** Draws the limit and the decision above the grid. */
function drawMarks(
  plot: uPlot,
  limit: number | null,
  tall: boolean,
  inks: Inks,
  face: string,
): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = 1.25 * ratio;
  if (limit !== null) {
    const y = Math.round(plot.valToPos(limit, "y", true));
    ctx.strokeStyle = inks.limit;
    ctx.setLineDash([5 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  const x = Math.round(plot.valToPos(0, "x", true));
  ctx.setLineDash([]);
  ctx.strokeStyle = ctx.fillStyle = inks.marker;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  const r = 4 * ratio;
  ctx.beginPath();
  ctx.moveTo(x - r, bbox.top - r);
  ctx.lineTo(x + r, bbox.top - r);
  ctx.lineTo(x, bbox.top + r * 0.6);
  ctx.fill();
  if (tall) {
    ctx.font = face.replace("11px", `${11 * ratio}px`);
    ctx.textAlign = "left";
    ctx.fillText("decision", x + 7 * ratio, bbox.top - 4 * ratio);
  }
  ctx.restore();
}

function axes(tall: boolean, inks: Inks, face: string): uPlot.Axis[] {
  const shared = {
    stroke: inks.text,
    font: face,
    grid: { stroke: inks.grid, width: 1 },
    ticks: { show: false },
  };
  return [
    {
      ...shared,
      size: 26,
      grid: { show: false },
      splits: () => [-60, -45, -30, -15, 0, 15, 30],
      values: (_plot, splits) => splits.map((split) => formatOffset(split, 0)),
    },
    { ...shared, size: 44, space: tall ? 44 : 36 },
  ];
}

export interface Drawn {
  /** Puts the cursor at an offset, without a word to `onHover`; null takes it away. */
  show: (offset: number | null) => void;
  remove: () => void;
}

/** Draws a series into `box` and keeps it as wide as the box. */
export function drawSeries(
  box: HTMLElement,
  series: EvidenceSeries,
  tall: boolean,
  onHover: (offset: number | null) => void,
): Drawn {
  const inks = inksOf(box);
  const face = font(box);
  const height = tall ? kHeights.tall : kHeights.small;
  const [low, high] = rangeOf(series);
  const plot = new uPlot(
    {
      width: Math.max(200, box.clientWidth),
      height,
      padding: [16, 22, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: { size: 7, fill: inks.line },
        sync: { key: "evidence", scales: ["x", null] },
      },
      scales: { x: { time: false, range: () => [kFrom, kTo] }, y: { range: () => [low, high] } },
      axes: axes(tall, inks, face),
      series: [
        {},
        {
          stroke: inks.line,
          width: tall ? 2 : 1.5,
          fill: inks.area,
          spanGaps: false,
          points: { show: false },
        },
      ],
      hooks: {
        draw: [(self) => drawMarks(self, series.limit, tall, inks, face)],
        setCursor: [
          (self) => {
            const left = self.cursor.left ?? -1;
            onHover(left < 0 ? null : Math.round(self.posToVal(left, "x") * 10) / 10);
          },
        ],
      },
    },
    columnsOf(series.points),
    box,
  );
  const watcher = new ResizeObserver(() => {
    const width = Math.max(200, box.clientWidth);
    if (width !== plot.width) plot.setSize({ width, height });
  });
  watcher.observe(box);
  return {
    show: (offset) =>
      plot.setCursor(
        offset === null
          ? { left: -10, top: -10 }
          : { left: plot.valToPos(offset, "x"), top: plot.over.clientHeight / 2 },
        false,
      ),
    remove: () => {
      watcher.disconnect();
      plot.destroy();
    },
  };
}
