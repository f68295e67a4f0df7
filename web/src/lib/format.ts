// Numbers, durations and times as people read them. Pure; "now" is an argument.

import type { Signal } from "../api/types";

/** What every page writes for a value nobody knows. Never 0, never a dash. */
export const kUnknown = "unknown";

/** Between a number and its unit: they stay on one line. */
export const kSpace = "\u00a0";

/** `digits` after the point, and a thin space between thousands. */
export function formatNumber(value: number, digits = 0): string {
  const [whole = "0", fraction] = Math.abs(value).toFixed(digits).split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u2009") : whole;
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && Number(value.toFixed(digits)) !== 0 ? `\u2212${text}` : text;
}

/** How a signal is shown: name, unit, digits. */
export interface SignalInfo {
  label: string;
  unit: string;
  digits: number;
  /** Bytes are scaled to KiB, MiB, … */
  bytes?: boolean;
}

const kSignals: Record<string, SignalInfo> = {
  cpu_usage: { label: "CPU", unit: "%", digits: 0 },
  memory_usage: { label: "Memory", unit: "%", digits: 0 },
  fps: { label: "FPS", unit: "fps", digits: 0 },
  tick_ratio: { label: "Tick ratio", unit: "", digits: 2 },
  latency: { label: "Latency", unit: "ms", digits: 0 },
  response_time: { label: "Response", unit: "ms", digits: 0 },
  duration: { label: "Duration", unit: "s", digits: 0 },
  disk_usage: { label: "Disk", unit: "%", digits: 0 },
  swap_usage: { label: "Swap", unit: "%", digits: 0 },
  gpu_usage: { label: "GPU", unit: "%", digits: 0 },
  load1: { label: "Load, 1 min", unit: "", digits: 2 },
  psi_cpu: { label: "CPU pressure", unit: "%", digits: 1 },
  psi_memory: { label: "Memory pressure", unit: "%", digits: 1 },
  psi_io: { label: "I/O pressure", unit: "%", digits: 1 },
  score: { label: "Score", unit: "of 100", digits: 0 },
  demand_pct: { label: "Its own demand", unit: "% of a core", digits: 0 },
  processes: { label: "Its own processes", unit: "", digits: 0 },
  memory_share_pct: { label: "Its own memory", unit: "%", digits: 0 },
  network_rx_bytes_per_s: { label: "Network in", unit: "/s", digits: 1, bytes: true },
  network_tx_bytes_per_s: { label: "Network out", unit: "/s", digits: 1, bytes: true },
  disk_read_bytes_per_s: { label: "Disk read", unit: "/s", digits: 1, bytes: true },
  disk_write_bytes_per_s: { label: "Disk write", unit: "/s", digits: 1, bytes: true },
};

/** A name that the table does not know is shown as it is, without underscores. */
export function signalInfo(name: string): SignalInfo {
  return kSignals[name] ?? { label: name.replaceAll("_", " "), unit: "", digits: 2 };
}

export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let scaled = bytes;
  let unit = 0;
  while (Math.abs(scaled) >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${formatNumber(scaled, unit === 0 || scaled >= 100 ? 0 : 1)}${kSpace}${units[unit]}`;
}

/** "41 %", "12.4 MiB/s", "unknown". */
export function formatValue(name: string, value: number | null): string {
  if (value === null) return kUnknown;
  const info = signalInfo(name);
  if (info.bytes) return formatBytes(value) + info.unit;
  const number = formatNumber(value, info.digits);
  return info.unit ? `${number}${kSpace}${info.unit}` : number;
}

/** Why a signal has no fresh value, as a sentence; null when it is known. */
export function signalReason(signal: Signal | undefined, now: number): string | null {
  if (!signal) return "Gamekeeper has not reported it yet.";
  if (signal.state === "known") return null;
  if (signal.state === "stale") {
    return signal.at ? `Stale: last seen ${formatAgo(signal.at, now)}.` : "Stale.";
  }
  return signal.reason ? sentenceCase(signal.reason) : "Nobody measures it.";
}

export function sentenceCase(text: string): string {
  const trimmed = text.trim();
  if (!trimmed) return "";
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

/** "0.9 ms", "14 ms": short times keep a digit. */
export function formatMs(ms: number | null): string {
  return ms === null ? kUnknown : `${formatNumber(ms, ms < 10 ? 1 : 0)}${kSpace}ms`;
}

/** "4 s", "2:05", "1:02:05": a clock for things that run. */
export function formatClock(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** "45 s", "5 min", "1 h 30 min": a length people set. */
export function formatLength(seconds: number): string {
  if (seconds < 60) return `${formatNumber(seconds, Number.isInteger(seconds) ? 0 : 1)} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = Math.round(seconds % 60);
  if (minutes < 60) return rest ? `${minutes} min ${rest} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  const left = minutes % 60;
  if (hours < 48) return left ? `${hours} h ${left} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

/** "just now", "40 s ago", "12 min ago", "3 h ago", "2 days ago". */
export function formatAgo(at: string | number, now: number): string {
  const then = typeof at === "number" ? at : Date.parse(at);
  if (!Number.isFinite(then)) return "at an unknown time";
  const seconds = Math.round((now - then) / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}

const two = (n: number): string => String(n).padStart(2, "0");

/** Local "14:02". */
export function formatTime(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Local "14:02:31". */
export function formatTimeSeconds(at: number): string {
  return `${formatTime(at)}:${two(new Date(at).getSeconds())}`;
}

const kMonths = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Local "14:02" today, else "4 Mar, 14:02". */
export function formatMoment(at: string, now: number): string {
  const then = Date.parse(at);
  if (!Number.isFinite(then)) return kUnknown;
  const date = new Date(then);
  const sameDay = new Date(now).toDateString() === date.toDateString();
  return sameDay
    ? formatTime(then)
    : `${date.getDate()} ${kMonths[date.getMonth()]}, ${formatTime(then)}`;
}

/** The same with seconds, for lines that follow each other closely. */
export function formatMomentSeconds(at: string, now: number): string {
  const then = Date.parse(at);
  if (!Number.isFinite(then)) return kUnknown;
  return `${formatMoment(at, now)}:${String(new Date(then).getSeconds()).padStart(2, "0")}`;
}

/** "1 macro", "3 macros". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}

/** "+1.5 s", "−12.0 s", "0.0 s": an offset from a decision. */
export function formatOffset(seconds: number, digits = 1): string {
  const text = formatNumber(Math.abs(seconds), digits);
  if (Number(text) === 0) return `${text} s`;
  return `${seconds < 0 ? "\u2212" : "+"}${text} s`;
}
