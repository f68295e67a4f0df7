// What is said of a game on its card and above its console.

import type { JSX } from "preact";

import type { Game } from "../api/games";
import { formatMs, formatNumber, kUnknown } from "../lib/format";
import { paceOf, paceTrouble } from "../lib/pace";
import { kinds } from "./state";

export function titleOfKind(kind: string): string {
  return kinds.value.value?.find((one) => one.name === kind)?.title ?? kind;
}

/** What the game itself says about how it is. */
export function HealthFacts({ of }: { of: Game }): JSX.Element {
  const { health } = of;
  const facts: [string, string | null][] = [
    ["On time", health.tick_ratio === null ? null : `${formatNumber(health.tick_ratio * 100)} %`],
    ["Latency", health.latency_ms === null ? null : formatMs(health.latency_ms)],
    ["Answers in", health.response_time_ms === null ? null : formatMs(health.response_time_ms)],
    ["Waiting", String(health.waiting)],
    ["Pace", paceOf(of)],
  ];
  const trouble = paceTrouble(of);
  return (
    <>
    <dl class="game-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class={value === null ? "unknown" : "num"}>{value ?? kUnknown}</dd>
        </div>
      ))}
    </dl>
    {trouble !== null && <p class="game-pace">{trouble}</p>}
    </>
  );
}
