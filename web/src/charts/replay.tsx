// Plays the evidence of a cancellation: a moment moves through all charts, and what the rule had
// seen and what had been done by then is said in words.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { Evidence } from "../api/types";
import { formatOffset, formatValue, kUnknown, sentenceCase, signalInfo } from "../lib/format";
import { judgedSignal, ruleStateAt, stepsUntil } from "../lib/replay";
import { Button } from "../ui/parts";

const kFrom = -60;
const kTo = 30;
const kTick = 100;
/** Seconds of evidence in one second of replay. */
const kSpeed = 6;

function said(evidence: Evidence, offset: number): string {
  const { rule } = evidence;
  const name = judgedSignal(rule);
  const done = stepsUntil(evidence, offset).at(-1);
  const last = done ? ` ${sentenceCase(done.what)}${done.result === "ok" ? "" : `: ${done.result}`}.` : "";
  const series = evidence.series.find((one) => one.signal === name);
  if (!series) return done ? last.trim() : "Nothing had been decided.";
  const state = ruleStateAt(rule, series.points, offset);
  const label = signalInfo(name).label;
  if (state.value === null) return `${label} ${kUnknown.toLowerCase()}: the rule waits.${last}`;
  const value = `${label} ${formatValue(name, state.value)}`;
  if (state.active) return `${value}: over the limit, the rule holds.${last}`;
  if (state.past > 0) return `${value}: past the limit, sample ${state.past} of ${rule.min_samples}.${last}`;
  return `${value}: within the limit.${last}`;
}

export function Replay(props: {
  evidence: Evidence;
  offset: number | null;
  onMove: (offset: number | null) => void;
}): JSX.Element {
  const { evidence, offset, onMove } = props;
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => {
      const next = (offset ?? kFrom) + (kSpeed * kTick) / 1000;
      if (next >= kTo) setPlaying(false);
      onMove(Math.min(next, kTo));
    }, kTick);
    return () => clearInterval(timer);
  }, [playing, offset]);
  const play = (): void => {
    if (offset === null || offset >= kTo) onMove(kFrom);
    setPlaying(!playing);
  };
  return (
    <div class="replay">
      <Button icon={playing ? "pause" : "play"} onClick={play}>
        {playing ? "Hold" : "Replay"}
      </Button>
      <input
        type="range"
        min={kFrom}
        max={kTo}
        step={0.1}
        value={offset ?? kFrom}
        aria-label="Moment, seconds after the decision"
        aria-valuetext={formatOffset(offset ?? kFrom)}
        onInput={(e) => {
          setPlaying(false);
          onMove(Number(e.currentTarget.value));
        }}
      />
      <output class="replay-said">
        {offset === null
          ? "Plays the 90 seconds as the rule saw them."
          : `${formatOffset(offset)} · ${said(evidence, offset)}`}
      </output>
    </div>
  );
}
