// Macro safety: what runs, how close it is to each of its limits, and the levers.

import "../styles/macros.css";

import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { api, ApiError } from "../api/client";
import { macrosApi } from "../api/macros";
import type { ActiveMacro, MacroStatus, Signal as SignalValue } from "../api/types";
import {
  formatAgo,
  formatBytes,
  formatClock,
  formatLength,
  kUnknown,
  plural,
  signalReason,
} from "../lib/format";
import { closeness, kLimits, type Limit } from "../lib/headroom";
import { readableReason } from "../lib/rule";
import { now } from "../state/clock";
import { link, macros, problems, processes, refresh } from "../state/live";
import { macroView } from "../state/prefs";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { FilterBox } from "../ui/filter";
import { Icon } from "../ui/icons";
import {
  Bar,
  Button,
  Empty,
  Failure,
  Loading,
  PageHead,
  percentText,
  Section,
  Segmented,
  Value,
} from "../ui/parts";
import { LevelChip, StateChip } from "../ui/words";
import { Profiles } from "./profiles";
import { Quarantine } from "./quarantine";
import { StartDialog } from "./start-dialog";

const kViews = [
  { value: "cards", label: "Cards", icon: "macros" },
  { value: "table", label: "Table", icon: "table" },
] as const;

const status = signal<MacroStatus | null>(null);

async function readStatus(): Promise<void> {
  try {
    status.value = await api.macroStatus();
  } catch {
    status.value = null; // The list says what is wrong; this is one line above it.
  }
}

function why(error: unknown): string {
  return error instanceof ApiError ? error.message : String(error);
}

async function stopOne(macro: ActiveMacro): Promise<void> {
  try {
    await api.stop(macro.macro_id);
    toast("good", `${macro.macro_name} is stopped.`);
  } catch (error) {
    toast("bad", `${macro.macro_name} was not stopped. ${why(error)}`);
  }
  void refresh("macros");
}

async function checkNow(): Promise<void> {
  try {
    const { cancellations } = await macrosApi.check();
    if (cancellations.length === 0) toast("good", "Checked. Every macro is inside its limits.");
    else toast("warn", `Checked. ${plural(cancellations.length, "macro")} cancelled.`);
  } catch (error) {
    toast("bad", `The check did not run. ${why(error)}`);
  }
  void refresh("macros");
  void readStatus();
}

async function stopAll(): Promise<void> {
  try {
    const { stopped } = await api.stopAll();
    toast("good", stopped === 0 ? "No macro was running." : `${plural(stopped, "macro")} stopped.`);
  } catch (error) {
    toast("bad", `Nothing was stopped. ${why(error)}`);
  }
  void refresh("macros");
  void readStatus();
}

/** How much of a limit is used up, in words: "62 % room", "over the limit", "unknown". */
function roomText(left: number | null): string {
  if (left === null) return kUnknown;
  return left <= 0 ? "over" : `${percentText(left)} left`;
}

/** An icon where the room is small, so that colour is not alone. */
function RoomFlag({ left }: { left: number | null }): JSX.Element | null {
  const close = closeness(left);
  if (close === "near" || close === "close") return <Icon name="warn" size={13} />;
  if (close === "over") return <Icon name="bad" size={13} />;
  return null;
}

function HeadroomBar(props: { macro: ActiveMacro; limit: Limit; label: string }): JSX.Element {
  const left = props.macro.headroom[props.limit] ?? null;
  const text = roomText(left);
  const title = left === null ? "Not measured, so this limit is not acted on." : undefined;
  return (
    <li class={`headroom ${closeness(left)}`} title={title}>
      <span class="headroom-label">{props.label}</span>
      <Bar
        part={left === null ? null : 1 - left}
        tone={closeness(left)}
        label={`${props.label}: room to the limit`}
        text={left === null ? "unknown" : left <= 0 ? "over the limit" : text}
      />
      <span class="headroom-text">
        <RoomFlag left={left} />
        {text}
      </span>
    </li>
  );
}

/** Pauses it, or lets it go on. None for a program of its own: it can only be told to stop. */
function PauseButton({ macro }: { macro: ActiveMacro }): JSX.Element | null {
  const [busy, setBusy] = useState(false);
  const paused = macro.state === "paused";
  if (macro.kind === "external") return null;
  const turn = async (): Promise<void> => {
    try {
      await (paused ? api.resume(macro.macro_id) : api.pause(macro.macro_id));
    } catch (error) {
      toast("bad", `${macro.macro_name} ${paused ? "stays" : "was not"} paused. ${why(error)}`);
    }
    await refresh("macros");
  };
  const label = `${paused ? "Resume" : "Pause"} ${macro.macro_name}`;
  return (
    <button
      type="button"
      class="button plain small only-icon"
      disabled={busy || !may("macros:run") || macro.state === "cancelling"}
      aria-label={label}
      title={label}
      onClick={() => {
        setBusy(true);
        void turn().finally(() => setBusy(false));
      }}
    >
      <Icon name={paused ? "play" : "pause"} size={16} />
    </button>
  );
}

const kKinds = { process: "process", external: "external program", script: "library macro" };

function StopButton({ macro, small }: { macro: ActiveMacro; small?: boolean }): JSX.Element {
  const [busy, setBusy] = useState(false);
  return (
    <Button
      icon="stop"
      busy={busy || macro.state === "cancelling"}
      disabled={!may("macros:run")}
      class={small ? "small" : ""}
      aria-label={`Stop ${macro.macro_name}`}
      onClick={() => {
        setBusy(true);
        void stopOne(macro).finally(() => setBusy(false));
      }}
    >
      Stop
    </Button>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function MacroCard({ macro }: { macro: ActiveMacro }): JSX.Element {
  const process = processes.value[macro.macro_id] ?? processes.value[`macro:${macro.macro_id}`];
  return (
    <article class={`macro card state-${macro.state}`} aria-labelledby={`macro-${macro.macro_id}`}>
      <header class="macro-head">
        <div>
          <h3 id={`macro-${macro.macro_id}`}>{macro.macro_name}</h3>
          <p class="macro-id">
            <code>{macro.macro_id}</code> ·{" "}
            {kKinds[macro.kind]}
          </p>
        </div>
        <div class="macro-levers">
          <PauseButton macro={macro} />
          <StopButton macro={macro} small />
        </div>
      </header>
      <div class="macro-state">
        <LevelChip level={macro.safety_level} />
        <StateChip state={macro.state} />
      </div>
      {macro.reason && <p class="macro-reason">{readableReason(macro.reason)}</p>}
      <div class="macro-time">
        <span class="num">
          {macro.time_left === null ? "No limit" : formatClock(macro.time_left)}
        </span>
        <span class="note">
          {macro.time_left === null
            ? `running for ${formatClock(macro.duration)}`
            : `left · running for ${formatClock(macro.duration)}`}
        </span>
      </div>
      <p class="headroom-caption" id={`room-${macro.macro_id}`}>
        Room to each limit
      </p>
      <ul class="headrooms" aria-labelledby={`room-${macro.macro_id}`}>
        {kLimits.map(({ name, label }) => (
          <HeadroomBar key={name} macro={macro} limit={name} label={label} />
        ))}
      </ul>
      <dl class="facts">
        <Fact name="Demand">
          <Value name="demand_pct" signal={macro.demand_pct} />
        </Fact>
        {process && process.rss_bytes !== null && (
          <Fact name="Memory">
            <span class="value">{formatBytes(process.rss_bytes)}</span>
          </Fact>
        )}
        {macro.pid !== null && (
          <Fact name="Pid">
            <span class="value">{macro.pid}</span>
          </Fact>
        )}
        {macro.session_id && (
          <Fact name="Session">
            <code>{macro.session_id}</code>
          </Fact>
        )}
      </dl>
    </article>
  );
}

/** Short, for the table: the heading of the column says what it is a share of. */
function Demand({ signal }: { signal: SignalValue }): JSX.Element {
  const reason = signalReason(signal, now.value) ?? undefined;
  if (signal.value === null)
    return (
      <span class="unknown" title={reason}>
        {kUnknown}
      </span>
    );
  return (
    <span class="value" title={reason ?? "Of one core"}>
      {percentText(signal.value / 100)}
    </span>
  );
}

function MacroTable({ list }: { list: readonly ActiveMacro[] }): JSX.Element {
  return (
    <div class="table-scroll card" tabIndex={0} role="region" aria-label="Running macros">
      <table>
        <thead>
          <tr>
            <th scope="col" rowSpan={2}>
              Macro
            </th>
            <th scope="col" rowSpan={2}>
              State
            </th>
            <th scope="col" rowSpan={2} class="right">
              Time left
            </th>
            <th scope="colgroup" colSpan={kLimits.length} class="group">
              Room left to each limit
            </th>
            <th scope="col" rowSpan={2} class="right">
              Demand
            </th>
            <th scope="col" rowSpan={2}>
              <span class="sr-only">Actions</span>
            </th>
          </tr>
          <tr>
            {kLimits.map(({ name, label }) => (
              <th scope="col" class="right" key={name}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {list.map((macro) => (
            <tr key={macro.macro_id}>
              <th scope="row" class="nowrap">
                {macro.macro_name}
                <br />
                <code>{macro.macro_id}</code>
              </th>
              <td>
                <span class="chips">
                  <LevelChip level={macro.safety_level} />
                  <StateChip state={macro.state} />
                </span>
              </td>
              <td class="right">
                <span class="num">
                  {macro.time_left === null ? "no limit" : formatClock(macro.time_left)}
                </span>
              </td>
              {kLimits.map(({ name }) => {
                const left = macro.headroom[name] ?? null;
                return (
                  <td key={name} class="right">
                    <span class={`room ${closeness(left)}`}>
                      <RoomFlag left={left} />{" "}
                      {left === null || left <= 0 ? roomText(left) : percentText(left)}
                    </span>
                  </td>
                );
              })}
              <td class="right">
                <Demand signal={macro.demand_pct} />
              </td>
              <td class="right">
                <span class="macro-levers">
                  <PauseButton macro={macro} />
                  <StopButton macro={macro} small />
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function matches(macro: ActiveMacro, filter: string): boolean {
  const text =
    `${macro.macro_id} ${macro.macro_name} ${macro.safety_level} ${macro.state}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function Running({ filter, onStart }: { filter: string; onStart: () => void }): JSX.Element {
  const list = macros.value;
  if (list === null) {
    return problems.value.macros ? (
      <div class="card">
        <Failure
          title="The running macros could not be read"
          message={problems.value.macros}
          onRetry={() => void refresh("macros")}
        />
      </div>
    ) : (
      <div class="card">
        <Loading rows={4} label="Reading the running macros" />
      </div>
    );
  }
  if (list.length === 0) {
    return (
      <div class="card">
        <Empty icon="leaf" title="No macro is running">
          <p>
            Start one here, or let your program register itself with{" "}
            <code>POST /api/macro-safety/start</code>. Gamekeeper watches it from its first second.
          </p>
          {may("macros:run") && (
            <Button icon="play" kind="primary" onClick={onStart}>
              Start a macro
            </Button>
          )}
        </Empty>
      </div>
    );
  }
  const shown = list.filter((macro) => matches(macro, filter));
  if (shown.length === 0) {
    return (
      <div class="card">
        <Empty icon="search" title="No running macro matches">
          <p>Clear the filter to see all {list.length}.</p>
        </Empty>
      </div>
    );
  }
  if (macroView.value === "table") return <MacroTable list={shown} />;
  return (
    <div class="macro-grid">
      {shown.map((macro) => (
        <MacroCard key={macro.macro_id} macro={macro} />
      ))}
    </div>
  );
}

function statusLine(): string {
  const state = status.value;
  const parts: string[] = [];
  if (state) {
    parts.push(state.monitoring_active ? "Watching" : "Not watching: the monitor is off");
    if (state.last_check) parts.push(`checked ${formatAgo(state.last_check, now.value)}`);
    parts.push(`${plural(state.total_cancellations, "cancellation")} so far`);
  }
  return parts.length > 0
    ? `${parts.join(" · ")}`
    : "What runs, and how close it is to its limits.";
}

export function MacrosPage(): JSX.Element {
  const [filter, setFilter] = useState("");
  const [dialog, setDialog] = useState<"none" | "start" | "stop-all">("none");
  const [checking, setChecking] = useState(false);
  useEffect(() => {
    void readStatus();
    const timer = setInterval(() => link.value.state === "live" && void readStatus(), 10_000);
    return () => clearInterval(timer);
  }, []);
  const running = macros.value?.length ?? 0;
  const canRun = may("macros:run");
  return (
    <div class="page">
      <PageHead title="Macro safety" lead={statusLine()}>
        <Button kind="primary" icon="play" disabled={!canRun} onClick={() => setDialog("start")}>
          Start a macro
        </Button>
        <Button
          icon="refresh"
          busy={checking}
          disabled={!canRun}
          onClick={() => {
            setChecking(true);
            void checkNow().finally(() => setChecking(false));
          }}
        >
          Check now
        </Button>
        <Button
          kind="danger"
          icon="cancel"
          disabled={!canRun || running === 0}
          onClick={() => setDialog("stop-all")}
        >
          Stop all
        </Button>
      </PageHead>
      {!canRun && (
        <p class="hint-line">
          <Icon name="eye" size={16} /> Your role may look, not act. An administrator can give you{" "}
          <code>macros:run</code>.
        </p>
      )}
      <section class="section" aria-labelledby="running-macros">
        <header class="section-head bare">
          <h2 id="running-macros">
            Running {macros.value && <span class="count">{running}</span>}
          </h2>
          <div class="tools">
            <FilterBox value={filter} onChange={setFilter} label="Filter macros and profiles" />
            <Segmented
              label="Show as"
              value={macroView.value}
              options={kViews}
              onChange={(value) => {
                macroView.value = value;
              }}
            />
          </div>
        </header>
        <Running filter={filter} onStart={() => setDialog("start")} />
      </section>
      <Quarantine />
      <Section
        title="Profiles"
        id="profiles"
        note="What a macro may do, by its id. An unknown id gets the default."
      >
        <Profiles filter={filter} />
      </Section>
      {dialog === "start" && <StartDialog onClose={() => setDialog("none")} />}
      {dialog === "stop-all" && (
        <Dialog
          title={`Stop ${running === 1 ? "the running macro" : `all ${running} macros`}?`}
          onClose={() => setDialog("none")}
        >
          <p>
            They are cancelled at once. Each can be started again afterwards; nothing is deleted.
          </p>
          <ul class="stop-list">
            {(macros.value ?? []).map((macro) => (
              <li key={macro.macro_id}>
                {macro.macro_name}{" "}
                <span class="note">running for {formatLength(Math.round(macro.duration))}</span>
              </li>
            ))}
          </ul>
          <div class="dialog-actions">
            <Button onClick={() => setDialog("none")}>Keep running</Button>
            <Button
              kind="danger"
              icon="cancel"
              onClick={() => {
                setDialog("none");
                void stopAll();
              }}
            >
              Stop all
            </Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
