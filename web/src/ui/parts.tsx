// Small parts that every page uses: buttons, sections, the four states of a page, values, sparks.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import type { Signal } from "../api/types";
import {
  formatAgo,
  formatNumber,
  formatTimeSeconds,
  formatValue,
  kSpace,
  kUnknown,
  signalInfo,
  signalReason,
} from "../lib/format";
import { closeJitter, linePaths, type Point, summarise } from "../lib/ring";
import { withoutTurning } from "../lib/turning";
import { now } from "../state/clock";
import { Icon, type IconName } from "./icons";

type ButtonKind = "plain" | "primary" | "danger" | "quiet";

interface ButtonProps extends Omit<JSX.IntrinsicElements["button"], "icon" | "size"> {
  kind?: ButtonKind;
  icon?: IconName;
  busy?: boolean;
  children?: ComponentChildren;
}

export function Button({
  kind = "plain",
  icon,
  busy,
  children,
  ...rest
}: ButtonProps): JSX.Element {
  return (
    <button
      type="button"
      {...rest}
      class={`button ${kind} ${rest.class ?? ""}`}
      aria-busy={busy || undefined}
      disabled={rest.disabled || busy}
    >
      {icon && <Icon name={icon} size={16} />}
      {children}
    </button>
  );
}

/** What the window is called while a page is shown. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = withoutTurning(`${title} · Gamekeeper`);
  }, [title]);
}

/** The heading of a page; takes the focus when the page changes, so that it is read out. */
export function PageHead(props: {
  title: string;
  children?: ComponentChildren;
  lead?: ComponentChildren;
}): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  usePageTitle(props.title);
  return (
    <header class="page-head">
      <div>
        <h1 tabIndex={-1} ref={heading}>
          {props.title}
        </h1>
        {props.lead && <p class="lead">{props.lead}</p>}
      </div>
      {props.children && <div class="actions">{props.children}</div>}
    </header>
  );
}

interface SectionProps {
  title: string;
  id: string;
  note?: ComponentChildren;
  tools?: ComponentChildren;
  flush?: boolean;
  children: ComponentChildren;
}

export function Section({ title, id, note, tools, flush, children }: SectionProps): JSX.Element {
  return (
    <section class={flush ? "section" : "section card"} aria-labelledby={id}>
      <header class={flush ? "section-head bare" : "section-head"}>
        <h2 id={id}>{title}</h2>
        {note && <p class="note">{note}</p>}
        {tools && <div class="tools">{tools}</div>}
      </header>
      {children}
    </section>
  );
}

export function Empty(props: {
  icon: IconName;
  title: string;
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="empty">
      <Icon name={props.icon} size={26} />
      <p class="empty-title">{props.title}</p>
      {props.children && <div class="empty-text">{props.children}</div>}
    </div>
  );
}

export function Failure(props: {
  title: string;
  message: string;
  onRetry?: () => void;
}): JSX.Element {
  return (
    <div class="empty failure" role="alert">
      <Icon name="warn" size={26} />
      <p class="empty-title">{props.title}</p>
      <div class="empty-text">
        <p>{props.message}</p>
      </div>
      {props.onRetry && (
        <Button icon="refresh" onClick={props.onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Grey shapes where the content will be. */
export function Loading({ rows = 3, label }: { rows?: number; label: string }): JSX.Element {
  return (
    <div class="loading" role="status">
      <span class="sr-only">{label}</span>
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} class="bone" aria-hidden="true" />
      ))}
    </div>
  );
}

/** A signal's value; unknown and stale say why. */
export function Value({ name, signal }: { name: string; signal: Signal | undefined }): JSX.Element {
  const reason = signalReason(signal, now.value);
  if (!signal || signal.state === "unknown" || signal.value === null) {
    return (
      <span class="value unknown" title={reason ?? undefined}>
        {kUnknown}
      </span>
    );
  }
  return (
    <span class={signal.state === "stale" ? "value stale" : "value"} title={reason ?? undefined}>
      {formatValue(name, signal.value)}
    </span>
  );
}

interface Segment<T extends string> {
  value: T;
  label: string;
  icon?: IconName;
}

/** A few choices in a row. */
export function Segmented<T extends string>(props: {
  label: string;
  value: T;
  options: readonly Segment<T>[];
  onChange: (value: T) => void;
}): JSX.Element {
  return (
    <div class="segmented" role="group" aria-label={props.label}>
      {props.options.map((option) => (
        <button
          type="button"
          key={option.value}
          aria-pressed={option.value === props.value}
          onClick={() => props.onChange(option.value)}
        >
          {option.icon && <Icon name={option.icon} size={15} />}
          {option.label}
        </button>
      ))}
    </div>
  );
}

export const kChartOrTable = [
  { value: "charts", label: "Chart", icon: "chart" },
  { value: "table", label: "Table", icon: "table" },
] as const;

/** "12 min ago", with the exact time as its tooltip. */
export function Ago({ at }: { at: string }): JSX.Element {
  const time = Date.parse(at);
  const exact = Number.isFinite(time)
    ? `${new Date(time).toDateString()}, ${formatTimeSeconds(time)}`
    : undefined;
  return (
    <time dateTime={at} title={exact}>
      {formatAgo(at, now.value)}
    </time>
  );
}

const kSpark = { width: 300, height: 64 };

/** The y range of a spark: a percentage has its own, the rest follows the data from 0. */
export function sparkRange(name: string, points: readonly Point[]): { low: number; high: number } {
  if (signalInfo(name).unit === "%") return { low: 0, high: 100 };
  const summary = summarise(points);
  return { low: 0, high: summary && summary.max > 0 ? summary.max * 1.15 : 1 };
}

/** Five minutes as a line. Gaps are gaps. `limit` is drawn dashed when it is in range. */
export function Spark(props: {
  name: string;
  points: readonly Point[];
  limit?: number;
}): JSX.Element {
  const { name, points, limit } = props;
  const range = sparkRange(name, points);
  const { line, area } = linePaths(closeJitter(points), { ...kSpark, ...range });
  const summary = summarise(points);
  const said = summary
    ? `${signalInfo(name).label}, last five minutes: low ${formatValue(name, summary.min)}, high ${formatValue(name, summary.max)}.`
    : `${signalInfo(name).label}: nothing known in the last five minutes.`;
  const y =
    limit === undefined ? -1 : (1 - (limit - range.low) / (range.high - range.low)) * kSpark.height;
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${kSpark.width} ${kSpark.height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={said}
    >
      {!summary && (
        <line
          class="spark-none"
          x1="0"
          x2={kSpark.width}
          y1={kSpark.height - 1}
          y2={kSpark.height - 1}
        />
      )}
      <path class="spark-area" d={area} />
      {y >= 1 && <line class="spark-limit" x1="0" x2={kSpark.width} y1={y} y2={y} />}
      <path class="spark-line" d={line} />
    </svg>
  );
}

/** A bar that says its number in words too. `part` in [0, 1]. */
export function Bar(props: {
  part: number | null;
  tone: string;
  label: string;
  text: string;
}): JSX.Element {
  const percent =
    props.part === null ? null : Math.round(Math.min(1, Math.max(0, props.part)) * 100);
  return (
    <div
      class={`bar ${props.tone}`}
      role="meter"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent ?? 0}
      aria-valuetext={props.text}
    >
      {percent !== null && <span style={{ width: `${percent}%` }} />}
    </div>
  );
}

export const percentText = (part: number): string =>
  `${formatNumber(Math.max(0, part) * 100)}${kSpace}%`;
