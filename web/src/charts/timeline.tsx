// The timeline of a cancellation: the signal of the rule large, the others small, one shared
// cursor; and a table twin. uPlot is loaded when the first chart is shown.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { Evidence, EvidenceSeries } from "../api/types";
import { formatOffset, formatValue, kUnknown, signalInfo } from "../lib/format";
import { judgedSignal } from "../lib/replay";
import { orderSeries, rowsOf, splitKnown } from "../lib/timeline";
import { theme, timelineView } from "../state/prefs";
import { Empty, kChartOrTable, Section, Segmented } from "../ui/parts";
import { Replay } from "./replay";

type Draw = typeof import("./plot").drawSeries;

/** Follows the system's theme as well as the chosen one: a canvas does not recolour itself. */
export function useThemeKey(): string {
  const [dark, setDark] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const onChange = (): void => setDark(query.matches);
    query.addEventListener("change", onChange);
    return () => query.removeEventListener("change", onChange);
  }, []);
  return `${theme.value}${dark}`;
}

function Chart(props: {
  series: EvidenceSeries;
  tall: boolean;
  draw: Draw;
  moment: number | null;
  onHover: (offset: number | null) => void;
}): JSX.Element {
  const { series, tall, draw, moment, onHover } = props;
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<ReturnType<Draw> | null>(null);
  const themeKey = useThemeKey();
  useEffect(() => {
    if (!box.current) return;
    const chart = draw(box.current, series, tall, onHover);
    drawn.current = chart;
    return () => {
      drawn.current = null;
      chart.remove();
    };
  }, [series, tall, draw, themeKey]);
  useEffect(() => drawn.current?.show(moment), [moment, draw, themeKey]);
  const info = signalInfo(series.signal);
  const values = series.points.map((point) => point[1]).filter((value) => value !== null);
  const said =
    values.length === 0
      ? `${info.label}: nothing known.`
      : `${info.label} from 60 seconds before to 30 seconds after the decision: ${formatValue(series.signal, Math.min(...values))} to ${formatValue(series.signal, Math.max(...values))}` +
        (series.limit === null ? "." : `, limit ${formatValue(series.signal, series.limit)}.`);
  return <div class={tall ? "plot tall" : "plot"} ref={box} role="img" aria-label={said} />;
}

function Panel(props: {
  series: EvidenceSeries;
  tall: boolean;
  draw: Draw;
  hover: number | null;
  moment: number | null;
  onHover: (offset: number | null) => void;
}): JSX.Element {
  const { series, hover, moment } = props;
  const read = hover ?? moment;
  const at = read === null ? undefined : nearest(series.points, read);
  return (
    <figure class="panel">
      <figcaption>
        <strong>{signalInfo(series.signal).label}</strong>
        {series.limit !== null && (
          <span class="panel-limit">limit {formatValue(series.signal, series.limit)}</span>
        )}
        <span class="panel-read num">{at ? formatValue(series.signal, at[1]) : ""}</span>
      </figcaption>
      <Chart {...props} />
    </figure>
  );
}

function nearest(
  points: EvidenceSeries["points"],
  offset: number,
): EvidenceSeries["points"][number] | undefined {
  let best = points[0];
  for (const point of points) {
    if (best && Math.abs(point[0] - offset) < Math.abs(best[0] - offset)) best = point;
  }
  return best && Math.abs(best[0] - offset) <= 2 ? best : undefined;
}

function Table({ series }: { series: readonly EvidenceSeries[] }): JSX.Element {
  return (
    <div
      class="table-scroll tall"
      tabIndex={0}
      role="region"
      aria-label="Samples around the decision, as a table"
    >
      <table class="samples">
        <caption class="sr-only">Mean of each second; 0 is the decision</caption>
        <thead>
          <tr>
            <th scope="col">Offset</th>
            {series.map(({ signal, limit }) => (
              <th scope="col" class="right" key={signal}>
                {signalInfo(signal).label}
                {limit !== null && <small> limit {formatValue(signal, limit)}</small>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rowsOf(series, 1).map((row) => (
            <tr key={row.offset} class={row.offset === 0 ? "decision-row" : ""}>
              <th scope="row">
                {formatOffset(row.offset, 0)}
                {row.offset === 0 && " decision"}
              </th>
              {row.values.map((value, i) => (
                <td key={i} class={value === null ? "right unknown" : "right"}>
                  {value === null ? kUnknown : formatValue(series[i]!.signal, value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Timeline({ evidence }: { evidence: Evidence }): JSX.Element {
  const [draw, setDraw] = useState<Draw | null>(null);
  const [failed, setFailed] = useState(false);
  const [hover, setHover] = useState<number | null>(null);
  const [moment, setMoment] = useState<number | null>(null);
  // Once: a chart is drawn anew when its series is another object.
  const series = useMemo(
    () => orderSeries(evidence.series, judgedSignal(evidence.rule)),
    [evidence],
  );
  const { known, unknown } = useMemo(() => splitKnown(series), [series]);
  useEffect(() => {
    import("./plot").then(
      ({ drawSeries }) => setDraw(() => drawSeries),
      () => setFailed(true),
    );
  }, []);
  const showTable = timelineView.value === "table" || failed;
  const note =
    hover === null ? "60 s before to 30 s after the decision" : `at ${formatOffset(hover)}`;
  return (
    <Section
      title="What was measured"
      id="timeline"
      note={<span class="num">{note}</span>}
      tools={
        <Segmented
          label="Show as"
          value={showTable ? "table" : "charts"}
          options={kChartOrTable}
          onChange={(value) => {
            timelineView.value = value;
          }}
        />
      }
    >
      {series.length === 0 && <Empty icon="chart" title="No samples were kept" />}
      {showTable && series.length > 0 && <Table series={series} />}
      {!showTable && known.length > 0 && (
        <Replay evidence={evidence} offset={moment} onMove={setMoment} />
      )}
      {!showTable && draw && (
        <div class="panels">
          {known.map((one, i) => (
            <Panel
              key={one.signal}
              series={one}
              tall={i === 0}
              draw={draw}
              hover={hover}
              moment={moment}
              onHover={setHover}
            />
          ))}
        </div>
      )}
      {!showTable && unknown.length > 0 && (
        <p class="plot-none">
          Unknown for the whole time, so no rule looked at {unknown.length === 1 ? "it" : "them"}:{" "}
          {unknown.map((name) => signalInfo(name).label).join(", ")}.
        </p>
      )}
      {!showTable && !draw && <div class="panels-wait" aria-busy="true" />}
    </Section>
  );
}
