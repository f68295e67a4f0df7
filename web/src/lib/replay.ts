// Replays the evidence of a cancellation: what the rule saw, sample by sample. Pure.

import type { Evidence, EvidenceSeries } from "../api/types";

/** Signals where less is worse. */
export const kLowIsBad = new Set(["fps", "tick_ratio"]);

/** The name of the series that the rule judged; the daemons of before named the signal only. */
export function judgedSignal(rule: Evidence["rule"]): string {
  return rule.measured || rule.signal;
}

export interface RuleState {
  /** Samples in a row past the limit, up to `min_samples`. */
  past: number;
  /** Entered, and not yet back over the leaving level. */
  active: boolean;
  /** The value of the last sample; null: unknown. */
  value: number | null;
}

/** What the rule had seen at `offset` seconds after the decision. An unknown sample breaks a row. */
export function ruleStateAt(
  rule: Evidence["rule"],
  points: EvidenceSeries["points"],
  offset: number,
): RuleState {
  const low = kLowIsBad.has(rule.signal);
  const isPast = (value: number): boolean => (low ? value < rule.enter : value > rule.enter);
  const isBack = (value: number): boolean => (low ? value >= rule.leave : value <= rule.leave);
  const state: RuleState = { past: 0, active: false, value: null };
  let since: number | null = null;
  for (const [at, value] of points) {
    if (at > offset) break;
    state.value = value;
    if (value === null || !isPast(value)) {
      state.past = 0;
      since = null;
      if (value !== null && isBack(value)) state.active = false;
      continue;
    }
    since ??= at;
    state.past = Math.min(state.past + 1, rule.min_samples);
    if (state.past >= rule.min_samples && at - since >= rule.for_s) state.active = true;
  }
  return state;
}

/** The steps that had been taken at `offset` seconds after the decision. */
export function stepsUntil(
  evidence: Evidence,
  offset: number,
): Evidence["decision"]["steps"] {
  return evidence.decision.steps.filter((step) => step.offset_ms / 1000 <= offset);
}
