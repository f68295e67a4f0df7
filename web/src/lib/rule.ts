// A rule in plain words.

import type { Evidence } from "../api/types";
import { formatLength, formatValue, signalInfo } from "./format";

/** Signals where less is worse. */
const kLowIsBad = new Set(["fps", "tick_ratio"]);

export function ruleSentence(rule: Evidence["rule"]): string {
  const name = signalInfo(rule.signal).label;
  const limit = formatValue(rule.signal, rule.limit ?? rule.enter);
  if (rule.signal === "duration") return `A macro of this profile may run for at most ${limit}.`;
  const side = kLowIsBad.has(rule.signal) ? "below" : "above";
  const lasting = rule.for_s > 0 ? ` for ${formatLength(rule.for_s)}` : "";
  const samples = rule.min_samples > 1 ? `, seen in ${rule.min_samples} samples in a row` : "";
  const back = rule.leave === null ? "" : ` It is over when ${name} is back ${side === "above" ? "below" : "above"} ${formatValue(rule.signal, rule.leave)}.`;
  return `${name} ${side} ${limit}${lasting}${samples}.${back}`;
}
