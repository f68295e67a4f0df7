// The twin of the bars: a row a day, the newest first.

import type { JSX } from "preact";

import type { Trends } from "../api/trends";
import { formatLength, formatNumber, kUnknown, signalInfo } from "../lib/format";
import { dayText, metricText, short } from "../lib/trends";
import { shareText } from "../lib/simulation";

const percent = (value: number | null): string => (value === null ? kUnknown : `${short(value)}\u00a0%`);

interface Row {
  key: string;
  name: JSX.Element;
  day: string;
  cells: string[];
}

function Rows(props: { label: string; first: string; heads: readonly string[]; rows: readonly Row[] }): JSX.Element {
  return (
    <div class="table-scroll tall" tabIndex={0} role="region" aria-label={props.label}>
      <table>
        <thead>
          <tr>
            <th scope="col">{props.first}</th>
            <th scope="col">Day</th>
            {props.heads.map((head) => (
              <th scope="col" class="right" key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map(({ key, name, day, cells }) => (
            <tr key={key}>
              <th scope="row">{name}</th>
              <td class="nowrap">{dayText(day)}</td>
              {cells.map((cell, i) => (
                <td key={i} class={cell === kUnknown ? "right unknown" : "right"}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Index of each day that has something, the newest first. */
const newest = (days: readonly unknown[]): number[] =>
  days.map((_, i) => i).filter((i) => days[i] !== null).reverse();

export function MacroTable({ of }: { of: Trends }): JSX.Element {
  const rows = of.macros.flatMap((macro) =>
    newest(macro.days).map((i): Row => {
      const day = macro.days[i]!;
      return {
        key: `${macro.macro_id} ${i}`,
        name: <>{macro.macro_name}</>,
        day: of.days[i] ?? "",
        cells: [
          formatNumber(day.runs),
          formatLength(Math.round(day.run_time_s)),
          formatNumber(day.commands),
          formatNumber(day.commands_failed),
          formatNumber(day.warnings),
          formatNumber(day.throttles),
          formatNumber(day.pauses),
          formatNumber(day.cancellations),
          percent(day.demand_pct),
          percent(day.demand_peak_pct),
          percent(day.memory_peak_pct),
        ],
      };
    }),
  );
  const heads = ["Runs", "Time", "Commands", "Failed", "Warned", "Throttled", "Paused", "Cancelled", "CPU, mean", "CPU, peak", "Memory, peak"];
  return <Rows label="Macros by day, as a table" first="Macro" heads={heads} rows={rows} />;
}

export function MetricTable({ of }: { of: Trends }): JSX.Element {
  const rows = of.metrics.flatMap((metric) => {
    const text = metricText(metric);
    return newest(metric.days).map((i): Row => {
      const day = metric.days[i]!;
      return {
        key: `${metric.metric} ${metric.game} ${i}`,
        name: (
          <>
            {signalInfo(metric.metric).label} <small>of {metric.game ?? "the machine"}</small>
          </>
        ),
        day: of.days[i] ?? "",
        cells: [text(day.mean), text(day.min), text(day.max), shareText(day.coverage)],
      };
    });
  });
  const heads = ["Mean", "Low", "High", "Measured"];
  return <Rows label="Measurements by day, as a table" first="Measurement" heads={heads} rows={rows} />;
}
