// One series of the explorer: its chart or its table, its summary, the events on it.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { useThemeKey } from "../charts/timeline";
import type { Mark } from "../charts/range-plot";
import { type Columns, columnsOf, join, offsetWord, summaryOf, type Window, yRange } from "../lib/explore";
import { formatMoment, formatValue, kUnknown, plural } from "../lib/format";
import { now } from "../state/clock";
import { timelineView } from "../state/prefs";
import type { Trouble } from "../state/resource";
import { Icon } from "../ui/icons";
import { Empty, Loading, Section } from "../ui/parts";
import type { Happening } from "./marks";
import { partsOf, type Read, readSeries } from "./state";

type Draw = typeof import("../charts/range-plot").drawRange;

interface PanelProps {
  id: string;
  title: string;
  window: Window;
  /** Of the line to compare with, back in time; 0: none. */
  offsetMs: number;
  happenings: readonly Happening[];
  onZoom: (from: number, to: number) => void;
  onRemove: () => void;
}

const toMark = ({ kind, at, label }: Happening): Mark => ({
  at: at / 1000,
  label,
  shape: kind === "cancelled" ? "triangle" : "square",
});

function useDraw(): Draw | null {
  const [draw, setDraw] = useState<Draw | null>(null);
  useEffect(() => void import("../charts/range-plot").then((m) => setDraw(() => m.drawRange)), []);
  return draw;
}

function Chart(props: PanelProps & { read: Read }): JSX.Element {
  const { read, title, onZoom, happenings } = props;
  const box = useRef<HTMLDivElement>(null);
  const draw = useDraw();
  const themeKey = useThemeKey();
  const [hover, setHover] = useState<number | null>(null);
  const [name] = partsOf(read.now.name);
  const today = columnsOf(read.now.points);
  const before = read.before ? columnsOf(read.before.points, read.offsetMs) : null;
  const marks = happenings.map(toMark);
  const cancelled = happenings.filter(({ kind }) => kind === "cancelled").length;
  const configured = happenings.length - cancelled;
  useEffect(() => {
    if (!box.current || !draw) return;
    const data = join(today, before);
    const values = [...today.value, ...(before?.value ?? [])];
    return draw(box.current, {
      window: read.window,
      range: yRange(read.now.unit, values),
      data,
      marks,
      onZoom,
      onHover: setHover,
    });
  }, [read, draw, themeKey, happenings]);
  const at = hover === null ? -1 : nearestIndex(today, hover);
  const shown = at < 0 ? null : (today.value[at] ?? null);
  const summary = summaryOf(today.value);
  const said = summary
    ? `${title}: ${formatValue(name, summary.min)} to ${formatValue(name, summary.max)}, mean ${formatValue(name, summary.mean)}; ${plural(cancelled, "cancellation")}, ${plural(configured, "change")} of the configuration.`
    : `${title}: nothing was measured in this time.`;
  return (
    <>
      <p class="explore-read">
        {summary ? (
          <>
            <span>
              low <b class="num">{formatValue(name, summary.min)}</b>
            </span>
            <span>
              mean <b class="num">{formatValue(name, summary.mean)}</b>
            </span>
            <span>
              high <b class="num">{formatValue(name, summary.max)}</b>
            </span>
          </>
        ) : (
          <span class="unknown">nothing was measured in this time</span>
        )}
        {before && <span class="explore-before">dashed: {offsetWord(read.offsetMs)}</span>}
        {cancelled > 0 && (
          <span class="tone-bad inline-word">
            <span aria-hidden="true">▼</span> {plural(cancelled, "cancellation")}
          </span>
        )}
        {configured > 0 && (
          <span class="tone-info inline-word">
            <span aria-hidden="true">■</span> {plural(configured, "change")} of the configuration
          </span>
        )}
        <span class="panel-read num">
          {at >= 0 &&
            `${new Date(today.at[at]! * 1000).toLocaleTimeString()} ${shown === null ? kUnknown : formatValue(name, shown)}`}
        </span>
      </p>
      <div class="plot tall" ref={box} role="img" aria-label={said} />
    </>
  );
}

/** Of a sample or a gap; times between samples have nothing to read. */
function nearestIndex({ at: times, value }: Columns, at: number): number {
  let best = -1;
  times.forEach((time, i) => {
    if (value[i] === undefined) return;
    if (best < 0 || Math.abs(time - at) < Math.abs(times[best]! - at)) best = i;
  });
  return best;
}

/** The newest first; as many as one may want to read. */
const kRows = 200;

function Table({ read, title }: { read: Read; title: string }): JSX.Element {
  const [name] = partsOf(read.now.name);
  const before = new Map(
    read.before?.points.map((point) => [Date.parse(point.timestamp) + read.offsetMs, point.value]),
  );
  const { value } = columnsOf(read.now.points);
  const rows = read.now.points.filter((_, i) => value[i] !== undefined).reverse().slice(0, kRows);
  return (
    <div class="table-scroll tall" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
      <table class="samples">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col" class="right">
              {title}
            </th>
            {read.before && (
              <th scope="col" class="right">
                {offsetWord(read.offsetMs)}
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((point) => {
            const old = before.get(Date.parse(point.timestamp)) ?? null;
            return (
              <tr key={point.timestamp}>
                <th scope="row">
                  {formatMoment(point.timestamp, now.value)}{" "}
                  <small>{new Date(point.timestamp).toLocaleTimeString()}</small>
                </th>
                <td class={point.value === null ? "right unknown" : "right"}>
                  {point.value === null ? kUnknown : formatValue(name, point.value)}
                </td>
                {read.before && (
                  <td class={old === null ? "right unknown" : "right"}>
                    {old === null ? kUnknown : formatValue(name, old)}
                  </td>
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Body(props: PanelProps & { read: Read | Trouble | null }): JSX.Element {
  const { read, title } = props;
  if (read === null) return <Loading rows={3} label={`Reading ${title}`} />;
  if ("message" in read)
    return (
      <Empty icon="unknown" title={read.status === 404 ? "Nothing is known of it yet" : "It could not be read"}>
        <p>{read.message}</p>
      </Empty>
    );
  if (timelineView.value === "table") return <Table read={read} title={title} />;
  return <Chart {...props} read={read} />;
}

export function SeriesPanel(props: PanelProps): JSX.Element {
  const { id, title, window, offsetMs } = props;
  const [read, setRead] = useState<Read | Trouble | null>(null);
  useEffect(() => {
    let wanted = true;
    void readSeries(id, window, offsetMs).then((answer) => {
      if (wanted) setRead(answer);
    });
    return () => {
      wanted = false; // A newer window has been asked for.
    };
  }, [id, window.from, window.to, offsetMs]);
  return (
    <Section
      title={title}
      id={`series-${id.replace(/[^a-z0-9]/gi, "-")}`}
      tools={
        <button
          type="button"
          class="icon-button"
          aria-label={`Remove ${title}`}
          onClick={props.onRemove}
        >
          <Icon name="close" />
        </button>
      }
    >
      <Body {...props} read={read} />
    </Section>
  );
}
