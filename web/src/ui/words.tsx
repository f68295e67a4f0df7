// Words and icons for states. Colour only repeats what they say.

import type { JSX } from "preact";

import type { HealthStatus, MacroState, Outcome, SafetyLevel } from "../api/types";
import type { Mood } from "../state/truth";
import { Icon, type IconName } from "./icons";

export type Tone = "good" | "warn" | "bad" | "info" | "quiet";

export interface Look {
  icon: IconName;
  word: string;
  tone: Tone;
}

const kLevels: Record<SafetyLevel, Look> = {
  safe: { icon: "leaf", word: "Safe", tone: "good" },
  risky: { icon: "bolt", word: "Risky", tone: "warn" },
  dangerous: { icon: "flame", word: "Dangerous", tone: "bad" },
};
const kStates: Record<MacroState, Look> = {
  running: { icon: "play", word: "Running", tone: "quiet" },
  warned: { icon: "warn", word: "Warned", tone: "warn" },
  paused: { icon: "pause", word: "Paused", tone: "info" },
  cancelling: { icon: "cancel", word: "Cancelling", tone: "bad" },
};
const kOutcomes: Record<Outcome, Look> = {
  killed: { icon: "check", word: "Killed", tone: "good" },
  signalled: { icon: "check", word: "Signalled", tone: "good" },
  notified: { icon: "bell", word: "Notified", tone: "info" },
  still_acting: { icon: "bad", word: "Still acting", tone: "bad" },
  watched: { icon: "eye", word: "Watched only", tone: "quiet" },
  dry_run: { icon: "eye", word: "Dry run", tone: "quiet" },
};
const kHealth: Record<HealthStatus, Look> = {
  ok: { icon: "check", word: "OK", tone: "good" },
  degraded: { icon: "warn", word: "Degraded", tone: "warn" },
  failed: { icon: "bad", word: "Failed", tone: "bad" },
};

/** What an outcome means, in a sentence. */
export const kOutcomeMeaning: Record<Outcome, string> = {
  killed: "Its process was killed and is gone.",
  signalled: "Its process was told to end, and ended.",
  notified: "It runs in another program, which was told to stop.",
  still_acting: "It was told to stop and still acts. Stop the program by hand.",
  watched: "Auto-cancel is off for this profile: nothing was done.",
  dry_run: "Dry run is on: it would have been ended, and nothing was done.",
};

export const kMoodIcon: Record<Mood, IconName> = {
  good: "check",
  warn: "warn",
  bad: "bad",
  unknown: "unknown",
};

export function Chip({ look, title }: { look: Look; title?: string }): JSX.Element {
  return (
    <span class={`chip tone-${look.tone}`} title={title}>
      <Icon name={look.icon} size={14} />
      {look.word}
    </span>
  );
}

function lookup<K extends string>(table: Record<K, Look>, key: K): Look {
  return table[key] ?? { icon: "unknown", word: key, tone: "quiet" };
}

export const LevelChip = ({ level }: { level: SafetyLevel }): JSX.Element => (
  <Chip look={lookup(kLevels, level)} />
);
export const StateChip = ({ state }: { state: MacroState }): JSX.Element => (
  <Chip look={lookup(kStates, state)} />
);
export const OutcomeChip = ({ outcome }: { outcome: Outcome }): JSX.Element => (
  <Chip look={lookup(kOutcomes, outcome)} title={kOutcomeMeaning[outcome]} />
);
export const HealthChip = ({ status }: { status: HealthStatus }): JSX.Element => (
  <Chip look={lookup(kHealth, status)} />
);
