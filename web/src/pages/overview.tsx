// Overview: how things are, in one sentence and four tiles; what needs a person; what was decided.

import type { JSX } from "preact";

import type { Cancellation, HealthCheck } from "../api/types";
import {
  formatClock,
  formatMoment,
  formatNumber,
  formatTime,
  formatValue,
  kUnknown,
  sentenceCase,
  signalInfo,
  signalReason,
} from "../lib/format";
import { closeness, tightest } from "../lib/headroom";
import { type Point, summarise, type Summary } from "../lib/ring";
import { eventTitle, readableReason } from "../lib/rule";
import { now } from "../state/clock";
import {
  averages,
  health,
  isStale,
  macros,
  problems,
  recent,
  refresh,
  rings,
  signals,
  truth,
} from "../state/live";
import { tilesView } from "../state/prefs";
import type { Drawn } from "../state/reduce";
import { Icon } from "../ui/icons";
import {
  Ago,
  Empty,
  Failure,
  kChartOrTable,
  Loading,
  PageHead,
  percentText,
  Section,
  Segmented,
  Spark,
  Value,
} from "../ui/parts";
import { HealthChip, kMoodIcon, LevelChip, OutcomeChip, StateChip } from "../ui/words";

interface TileInfo {
  name: Drawn;
  /** The default limit of a macro (spec); drawn as a dashed line. */
  limit: number;
  sense: "max" | "min";
}

const kTiles: readonly TileInfo[] = [
  { name: "cpu_usage", limit: 80, sense: "max" },
  { name: "memory_usage", limit: 85, sense: "max" },
  { name: "fps", limit: 15, sense: "min" },
  { name: "latency", limit: 500, sense: "max" },
];

function Hero(): JSX.Element {
  const { mood, headline, detail } = truth.value;
  return (
    <section class={`hero mood-${mood}`} aria-label="State">
      <span class="hero-icon">
        <Icon name={kMoodIcon[mood]} size={34} />
      </span>
      <div>
        <p class="hero-line">{headline}</p>
        <p class="hero-detail">{detail}</p>
      </div>
    </section>
  );
}

function crossed(tile: TileInfo, value: number | null): boolean {
  if (value === null) return false;
  return tile.sense === "max" ? value > tile.limit : value < tile.limit;
}

/** "18–68", or "100" when it did not move. */
function rangeText({ min, max }: Summary, digits: number): string {
  const [low, high] = [formatNumber(min, digits), formatNumber(max, digits)];
  return low === high ? low : `${low}–${high}`;
}

function Tile({ tile }: { tile: TileInfo }): JSX.Element {
  const info = signalInfo(tile.name);
  const signal = signals.value?.[tile.name];
  const points = rings[tile.name].points(now.value);
  const summary = summarise(points);
  const known = signal && signal.state !== "unknown" && signal.value !== null ? signal.value : null;
  const reason =
    signals.value === null ? "Waiting for the first sample." : signalReason(signal, now.value);
  const over = signal?.state === "known" && crossed(tile, known);
  const average = averages.value[tile.name];
  return (
    <article class={`tile card ${over ? "over" : ""}`} aria-labelledby={`tile-${tile.name}`}>
      <header>
        <h3 id={`tile-${tile.name}`}>{info.label}</h3>
        {over && (
          <span class="chip tone-warn">
            <Icon name="warn" size={14} />
            {tile.sense === "max" ? "Above" : "Below"} {formatValue(tile.name, tile.limit)}
          </span>
        )}
        {signal?.state === "stale" && (
          <span class="chip tone-quiet">
            <Icon name="clock" size={14} />
            Stale
          </span>
        )}
      </header>
      <p class={`tile-value ${signal?.state === "stale" ? "stale" : ""}`}>
        {known === null ? (
          <span class="unknown" title={reason ?? undefined}>
            {kUnknown}
          </span>
        ) : (
          <>
            <span class="num">{formatNumber(known, info.digits)}</span>{" "}
            <span class="unit">{info.unit}</span>
          </>
        )}
      </p>
      <Spark name={tile.name} points={points} limit={tile.limit} />
      <p class="tile-foot">
        {known === null || signal?.state === "stale" ? (
          <span class="reason">{reason}</span>
        ) : (
          <>
            {average && average.value !== null && (
              <span>
                {formatNumber(average.value, info.digits)} over {average.window_s} s
              </span>
            )}
            {summary && <span>{rangeText(summary, info.digits)} in 5 min</span>}
          </>
        )}
      </p>
    </article>
  );
}

/** The tiles' twin for those who read rather than look: the same five minutes, half a minute a row. */
function TilesTable(): JSX.Element {
  const every = 30;
  const columns = kTiles.map((tile) => rings[tile.name].points(now.value));
  const rows = Array.from({ length: 10 }, (_, i) => ({
    from: columns[0]?.[i * every]?.[0] ?? 0,
    cells: columns.map((points) => summarise(points.slice(i * every, (i + 1) * every) as Point[])),
  })).reverse();
  return (
    <div
      class="table-scroll card"
      tabIndex={0}
      role="region"
      aria-label="Last five minutes, as a table"
    >
      <table>
        <caption class="sr-only">Mean of each half minute, with low and high</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            {kTiles.map(({ name }) => (
              <th scope="col" class="right" key={name}>
                {signalInfo(name).label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Now</th>
            {kTiles.map(({ name }) => (
              <td class="right" key={name}>
                <Value name={name} signal={signals.value?.[name]} />
              </td>
            ))}
          </tr>
          {rows.map((row) => (
            <tr key={row.from}>
              <th scope="row">
                {formatTime(row.from)}:{String(new Date(row.from).getSeconds()).padStart(2, "0")}
              </th>
              {row.cells.map((cell, i) => (
                <td class="right" key={i}>
                  {cell ? (
                    <>
                      {formatValue(kTiles[i]!.name, cell.mean)}{" "}
                      <small>
                        {formatNumber(cell.min)}–{formatNumber(cell.max)}
                      </small>
                    </>
                  ) : (
                    <span class="unknown">{kUnknown}</span>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Attention(): JSX.Element {
  const report = health.value;
  const bad = (report?.checks ?? []).filter((check) => check.status !== "ok");
  const count = report?.checks?.length ?? 0;
  const body = (): JSX.Element => {
    if (report === null) {
      return problems.value.health ? (
        <Failure
          title="The health report could not be read"
          message={problems.value.health}
          onRetry={() => void refresh("health")}
        />
      ) : (
        <Loading rows={2} label="Reading the health report" />
      );
    }
    if (isStale.value)
      return (
        <Empty icon="unknown" title="Not known now">
          <p>The last health report came before contact was lost.</p>
        </Empty>
      );
    if (!report.checks)
      return (
        <Empty icon="eye" title="Only the summary is yours to see">
          <p>Your role may not read the single checks. Gamekeeper says: {report.status}.</p>
        </Empty>
      );
    if (bad.length === 0)
      return (
        <Empty icon="check" title="Nothing needs you">
          <p>
            {count === 0 ? "No health checks are registered." : `All ${count} health checks pass.`}
          </p>
        </Empty>
      );
    return (
      <ul class="rows">
        {bad.map((check) => (
          <Check key={check.name} check={check} />
        ))}
      </ul>
    );
  };
  const note =
    bad.length > 0 && !isStale.value ? `${count - bad.length} of ${count} checks pass` : undefined;
  return (
    <Section title="Needs attention" id="attention" note={note}>
      {body()}
    </Section>
  );
}

function Check({ check }: { check: HealthCheck }): JSX.Element {
  return (
    <li class="row">
      <div class="row-main">
        <p class="row-title">{check.name}</p>
        <p class="row-text">{check.detail ? sentenceCase(check.detail) : "No detail was given."}</p>
        {check.since && (
          <p class="row-note">
            since {formatMoment(check.since, now.value)} · <Ago at={check.since} />
          </p>
        )}
      </div>
      <HealthChip status={check.status} />
    </li>
  );
}

function Decision({ event }: { event: Cancellation }): JSX.Element {
  return (
    <li>
      <a class="row" href={`/cancellations/${encodeURIComponent(event.id)}`}>
        <div class="row-main">
          <p class="row-title">{eventTitle(event)}</p>
          <p class="row-text">{readableReason(event.cancellation_reason)}</p>
          <p class="row-note">
            <Ago at={event.timestamp} />
          </p>
        </div>
        <OutcomeChip outcome={event.outcome} />
        <Icon name="next" size={16} class="row-arrow" />
      </a>
    </li>
  );
}

function Decisions(): JSX.Element {
  const events = recent.value;
  const body = (): JSX.Element => {
    if (events === null) {
      return problems.value.cancellations ? (
        <Failure
          title="The decisions could not be read"
          message={problems.value.cancellations}
          onRetry={() => void refresh("cancellations")}
        />
      ) : (
        <Loading rows={3} label="Reading the last decisions" />
      );
    }
    if (events.length === 0)
      return (
        <Empty icon="shield" title="No decision so far">
          <p>When Gamekeeper stops a macro, the reason and the evidence appear here.</p>
        </Empty>
      );
    return (
      <ul class="rows">
        {events.slice(0, 5).map((event) => (
          <Decision key={event.id} event={event} />
        ))}
      </ul>
    );
  };
  return (
    <Section
      title="Last automatic decisions"
      id="decisions"
      tools={
        events && events.length > 0 ? (
          <a class="more" href="/cancellations">
            See all<span class="sr-only"> cancellations</span>
          </a>
        ) : undefined
      }
    >
      {body()}
    </Section>
  );
}

function RunningNow(): JSX.Element {
  const list = macros.value;
  const body = (): JSX.Element => {
    if (list === null) {
      return problems.value.macros ? (
        <Failure
          title="The macros could not be read"
          message={problems.value.macros}
          onRetry={() => void refresh("macros")}
        />
      ) : (
        <Loading rows={2} label="Reading the running macros" />
      );
    }
    if (list.length === 0)
      return (
        <Empty icon="leaf" title="No macro is running">
          <p>
            Start one on the <a href="/macro-safety">macros page</a>, or from a program through the
            API.
          </p>
        </Empty>
      );
    return (
      <ul class="rows">
        {list.map((macro) => {
          const least = tightest(macro);
          return (
            <li class="row" key={macro.macro_id}>
              <div class="row-main">
                <p class="row-title">{macro.macro_name}</p>
                <p class="row-note">
                  {macro.time_left === null
                    ? "no time limit"
                    : `${formatClock(macro.time_left)} left`}
                  {least && (
                    <>
                      {" "}
                      ·{" "}
                      <span class={`tight ${closeness(least.left)}`}>
                        {least.left <= 0
                          ? `${least.label} is over its limit`
                          : `${least.label} has ${percentText(least.left)} room`}
                      </span>
                    </>
                  )}
                </p>
              </div>
              {macro.state !== "running" && <StateChip state={macro.state} />}
              <LevelChip level={macro.safety_level} />
            </li>
          );
        })}
      </ul>
    );
  };
  return (
    <Section
      title="Running now"
      id="running"
      tools={
        <a class="more" href="/macro-safety">
          See all<span class="sr-only"> macros</span>
        </a>
      }
    >
      {body()}
    </Section>
  );
}

function AllSignals(): JSX.Element | null {
  const all = signals.value;
  if (!all) return null;
  const names = Object.keys(all);
  const unknown = names.filter((name) => all[name]?.state !== "known").length;
  return (
    <details class="all-signals card">
      <summary>
        <h2>All {names.length} signals</h2>
        <span class="note">{unknown === 0 ? "all known" : `${unknown} not known`}</span>
      </summary>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="All signals">
        <table>
          <thead>
            <tr>
              <th scope="col">Signal</th>
              <th scope="col" class="right">
                Value
              </th>
              <th scope="col">Why not known</th>
            </tr>
          </thead>
          <tbody>
            {names.map((name) => (
              <tr key={name}>
                <th scope="row">
                  {signalInfo(name).label} <code>{name}</code>
                </th>
                <td class="right">
                  <Value name={name} signal={all[name]} />
                </td>
                <td class="reason">
                  {all[name]?.state === "known" ? "" : signalReason(all[name], now.value)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

export function OverviewPage(): JSX.Element {
  const failure = signals.value === null && !isStale.value ? problems.value.performance : undefined;
  return (
    <div class="page">
      <div class="sr-only">
        <PageHead title="Overview" />
      </div>
      {!isStale.value && <Hero />}
      <section class="section" aria-labelledby="measures">
        <header class="section-head bare">
          <h2 id="measures">Last five minutes</h2>
          <div class="tools">
            <Segmented
              label="Show as"
              value={tilesView.value}
              options={kChartOrTable}
              onChange={(value) => {
                tilesView.value = value;
              }}
            />
          </div>
        </header>
        {failure && (
          <div class="card">
            <Failure
              title="The measurements could not be read"
              message={failure}
              onRetry={() => void refresh("performance")}
            />
          </div>
        )}
        {!failure &&
          (tilesView.value === "charts" ? (
            <div class="tiles">
              {kTiles.map((tile) => (
                <Tile key={tile.name} tile={tile} />
              ))}
            </div>
          ) : (
            <TilesTable />
          ))}
      </section>
      <div class="columns">
        <div class="column">
          <Attention />
          <RunningNow />
        </div>
        <div class="column">
          <Decisions />
        </div>
      </div>
      <AllSignals />
    </div>
  );
}
