// A rule in plain words.

import type { Cancellation, Evidence } from "../api/types";
import { formatLength, formatValue, kSpace, signalInfo } from "./format";
import { judgedSignal, kLowIsBad } from "./replay";

export function ruleSentence(rule: Evidence["rule"]): string {
  if (!rule.signal) return "No rule: somebody decided.";
  const judged = judgedSignal(rule);
  const name = signalInfo(judged).label;
  const limit = formatValue(judged, rule.limit ?? rule.enter);
  if (rule.signal === "duration") return `A macro of this profile may run for at most ${limit}.`;
  if (rule.signal === "processes") return `A macro may have at most ${limit} processes at once.`;
  const side = kLowIsBad.has(rule.signal) ? "below" : "above";
  const lasting = rule.for_s > 0 ? ` for ${formatLength(rule.for_s)}` : "";
  const samples = rule.min_samples > 1 ? `, seen in ${rule.min_samples} samples in a row` : "";
  const back =
    rule.leave === null
      ? ""
      : ` It is over when ${name} is back ${side === "above" ? "below" : "above"} ${formatValue(judged, rule.leave)}.`;
  return `${name} ${side} ${limit}${lasting}${samples}.${back}`;
}

const kThreshold = /^Performance threshold exceeded: (\w+) (-?[\d.]+) ([<>]) (-?[\d.]+)$/;
const kDuration = /^Duration exceeded: ([\d.]+) s > ([\d.]+) s$/;

function exact(signal: string, number: string): string {
  const { unit } = signalInfo(signal);
  return unit ? `${number}${kSpace}${unit}` : number;
}

/** "CPU reached 85.5 %, the limit is 80 %". A reason of another form is shown as it is. */
export function readableReason(reason: string): string {
  const [, signal, value, side, limit] = kThreshold.exec(reason) ?? [];
  if (signal && value && limit) {
    const verb = side === "<" ? "fell to" : "reached";
    return `${signalInfo(signal).label} ${verb} ${exact(signal, value)}, the limit is ${exact(signal, limit)}`;
  }
  const [, ran, most] = kDuration.exec(reason) ?? [];
  return ran && most ? `Ran for ${ran}${kSpace}s, the limit is ${most}${kSpace}s` : reason;
}

/** "Heal Macro was cancelled"; a macro that is only watched was not. */
export function eventTitle(event: Cancellation): string {
  if (event.outcome === "watched") return `${event.macro_name} crossed a limit`;
  return `${event.macro_name} was cancelled`;
}
