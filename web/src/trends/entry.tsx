// Trends: what each macro did and what was measured, a bar a day, and where it goes.

import "../styles/trends.css";

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { ApiError } from "../api/client";
import { type MacroTrend, type MetricTrend, readTrends, type Trends } from "../api/trends";
import { signalInfo } from "../lib/format";
import {
  barsOf,
  daysOf,
  dayText,
  directionOf,
  kMeasures,
  meansOf,
  metricText,
  offText,
  type Ran,
  totalOf,
} from "../lib/trends";
import { TroubleCard } from "../rooms/shared";
import { trendsView } from "../state/prefs";
import { type Trouble, troubleOf } from "../state/resource";
import { TextField } from "../ui/field";
import { Empty, kChartOrTable, Loading, PageHead, Section, Segmented } from "../ui/parts";
import { Bars, Goes } from "./parts";
import { MacroTable, MetricTable } from "./table";

const kDays = [
  { value: "7", label: "7 days" },
  { value: "14", label: "14 days" },
  { value: "30", label: "30 days" },
] as const;

const zoneHere = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** What was chosen; kept while other pages are looked at. */
const days = signal<(typeof kDays)[number]["value"]>("7");
const zone = signal(zoneHere());
/** The last answer: shown until a newer one is there. */
const latest = signal<Trends | null>(null);

interface RowProps<T> {
  of: T;
  names: readonly string[];
  ran: Ran;
}

function MacroRow({ of, names, ran }: RowProps<MacroTrend>): JSX.Element {
  return (
    <li class="trend">
      <div class="trend-name">
        <strong>{of.macro_name}</strong>
        {of.macro_name !== of.macro_id && <code>{of.macro_id}</code>}
      </div>
      {kMeasures.map((measure) => {
        const values = daysOf(of.days, measure.name);
        const line = measure.name === "runs" ? undefined : of.trend[measure.name];
        return (
          <div class="trend-measure" key={measure.name}>
            <span class="trend-head">
              {measure.label} <b class="num">{totalOf(values, measure)}</b>
            </span>
            <Bars label={`${of.macro_name}, ${measure.label}`} days={values} names={names} ran={ran} text={measure.text} />
            {line !== undefined && <Goes {...directionOf(line, measure.text)} />}
          </div>
        );
      })}
    </li>
  );
}

function MetricCell({ of, names, ran }: RowProps<MetricTrend>): JSX.Element {
  const { label } = signalInfo(of.metric);
  const values = meansOf(of);
  const text = metricText(of);
  const where = of.game ?? "the machine";
  return (
    <li class="trend-measure">
      <span class="trend-head">
        {label} <small>{where}</small> <b class="num">{totalOf(values, { sum: false, text })}</b>
      </span>
      <Bars label={`${label} of ${where}`} unit={of.unit} days={values} names={names} ran={ran} text={text} />
      <Goes {...directionOf(of.trend, text)} />
    </li>
  );
}

/** Which days the bars are, and how one is read. */
function Legend({ of }: { of: Trends }): JSX.Element {
  const off = offText(of.days, of.daemon_ran);
  return (
    <p class="hint-line">
      {dayText(of.days[0] ?? "")} to {dayText(of.days.at(-1) ?? "")}, days of {of.time_zone}. The pale bar is
      today so far, which the directions leave out.
      {off !== "" && ` A dashed frame is a day that nothing is known of. ${off}`}
    </p>
  );
}

function Shown({ of }: { of: Trends }): JSX.Element {
  const table = trendsView.value === "table";
  const measured = of.metrics.filter((one) => barsOf(meansOf(one), 1, { width: 1, height: 1 }).length > 0);
  return (
    <>
      <Legend of={of} />
      <Section title="Macros" id="trend-macros" note="Those that ran longest first.">
        {of.macros.length === 0 ? (
          <Empty icon="macros" title="No macro ran in these days">
            <p>
              Start one on the <a href="/macro-safety">macros page</a> or give one of the{" "}
              <a href="/library">library</a> a schedule. It counts from its first second.
            </p>
          </Empty>
        ) : table ? (
          <MacroTable of={of} />
        ) : (
          <ul class="trends">
            {of.macros.map((one) => (
              <MacroRow key={one.macro_id} of={one} names={of.days} ran={of.daemon_ran} />
            ))}
          </ul>
        )}
        {of.truncated && <p class="hint-line body-text">Those that ran least are left out.</p>}
      </Section>
      <Section title="Measurements" id="trend-metrics" note="The mean of each day.">
        {measured.length === 0 ? (
          <Empty icon="chart" title="Nothing was measured in these days" />
        ) : table ? (
          <MetricTable of={of} />
        ) : (
          <ul class="trend-grid">
            {measured.map((one) => (
              <MetricCell key={`${one.metric} ${one.game}`} of={one} names={of.days} ran={of.daemon_ran} />
            ))}
          </ul>
        )}
      </Section>
    </>
  );
}

function Controls({ wrong }: { wrong: string | undefined }): JSX.Element {
  const [typed, setTyped] = useState(zone.value);
  return (
    <form
      class="trend-controls"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        zone.value = typed.trim() || "UTC";
      }}
      onFocusOut={() => {
        zone.value = typed.trim() || "UTC";
      }}
    >
      <Segmented
        label="How many days"
        value={days.value}
        options={kDays}
        onChange={(value) => {
          days.value = value;
        }}
      />
      <TextField id="trend-zone" label="Time zone of the days" value={typed} onChange={setTyped} error={wrong} mono />
    </form>
  );
}

export function TrendsPage(): JSX.Element {
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [wrong, setWrong] = useState<string | undefined>();
  const [again, setAgain] = useState(0);
  useEffect(() => {
    let wanted = true;
    readTrends(Number(days.value), zone.value).then(
      (answer) => {
        if (!wanted) return;
        latest.value = answer;
        setTrouble(null);
        setWrong(undefined);
      },
      (error) => {
        if (!wanted) return;
        const field = error instanceof ApiError ? error.pathErrors().time_zone : undefined;
        setWrong(field);
        setTrouble(field ? null : troubleOf(error));
      },
    );
    return () => {
      wanted = false; // Other days have been asked for.
    };
  }, [days.value, zone.value, again]);
  const of = latest.value;
  return (
    <div class="page">
      <PageHead title="Trends" lead="What macros did and what was measured, day by day.">
        <Segmented
          label="Show as"
          value={trendsView.value}
          options={kChartOrTable}
          onChange={(value) => {
            trendsView.value = value;
          }}
        />
      </PageHead>
      <Controls wrong={wrong} />
      {trouble ? (
        <div class="card">
          <TroubleCard what="the trends" scope="macros:read" trouble={trouble} onRetry={() => setAgain(again + 1)} />
        </div>
      ) : of ? (
        <Shown of={of} />
      ) : (
        <div class="card">
          <Loading rows={5} label="Reading the trends" />
        </div>
      )}
    </div>
  );
}
