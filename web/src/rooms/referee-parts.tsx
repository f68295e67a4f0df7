// Words and bars of the referee: standing, suspicion, tolerance, one verdict.

import type { JSX } from "preact";

import type { MoveVerdict, Standing, Tolerance } from "../api/rooms";
import { formatNumber, formatTimeSeconds, plural } from "../lib/format";
import { route } from "../lib/router";
import { toleranceParts } from "../state/rooms";
import { Icon, type IconName } from "../ui/icons";
import { Chip, type Tone } from "../ui/words";
import { options, stats } from "./referee-state";

const kStandings: Record<Standing, { icon: IconName; word: string; tone: Tone }> = {
  ok: { icon: "check", word: "OK", tone: "good" },
  watch: { icon: "eye", word: "Watched", tone: "warn" },
  review: { icon: "bad", word: "For review", tone: "bad" },
};

export const StandingChip = ({ state }: { state: Standing }): JSX.Element => (
  <Chip look={kStandings[state] ?? { icon: "unknown", word: state, tone: "quiet" }} />
);

/** How sure the referee is that something is wrong: "none", "88 %", "99.97 %". */
export function suspicion(confidence: number): string {
  if (confidence <= 0) return "none";
  const percent = confidence * 100;
  const digits = percent > 99.9 ? 3 : percent > 99 ? 2 : 0;
  return `${formatNumber(Math.min(percent, 99.999), digits)}\u00a0%`;
}

export function evidence(e: number): string {
  if (e < 1e4) return formatNumber(e, e < 10 ? 1 : 0);
  const power = Math.floor(Math.log10(e));
  const raised = [...String(power)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
  return `${(e / 10 ** power).toFixed(1)}\u00a0×\u00a010${raised}`;
}

const kShort = (value: number): string => `${value.toFixed(2)}\u00a0s`;

/** The credit a player has now, against the base that everybody has, and why it differs. */
export function ToleranceBar({ tolerance }: { tolerance: Tolerance }): JSX.Element {
  const { credit_s, base_s, reason } = tolerance;
  const most = Number(options.value.value?.options.max_credit_s ?? 3);
  const part = toleranceParts(credit_s, base_s, most);
  const wider = credit_s > base_s + 0.005;
  const text = `${kShort(credit_s)} now, base ${kShort(base_s)}${reason ? `: ${reason}` : ""}`;
  return (
    <div class="tolerance">
      <span class={`range ${wider ? "wider" : ""}`} role="img" aria-label={`Tolerance ${text}`}>
        <i style={{ width: `${part.credit * 100}%` }} />
        <b style={{ left: `${part.base * 100}%` }} />
      </span>
      <span class="tolerance-text">
        <span class="num">{kShort(credit_s)}</span>
        <span class="note">{reason ?? (wider ? "wider" : "base")}</span>
      </span>
    </div>
  );
}

function Facts({ verdict }: { verdict: MoveVerdict }): JSX.Element | null {
  const why = verdict.explanation;
  if (why === null) return <p class="note">No explanation is kept.</p>;
  const at = ({ x, y, z }: { x: number; y: number; z: number }): string =>
    [x, y, z].map((n) => formatNumber(n, 2)).join(", ");
  const rows: readonly [string, string][] = [
    ["Distance", `${formatNumber(why.distance, 2)}, ${formatNumber(why.allowed, 2)} allowed`],
    ["Time", `${kShort(why.window_s)} passed, ${kShort(why.granted_s)} granted`],
    [
      "Credit used",
      why.credit_used_s > 0
        ? `${kShort(why.credit_used_s)}${why.credit_reason ? `: ${why.credit_reason}` : ""}`
        : "none",
    ],
    ["Declared by the game", why.declarations.length > 0 ? why.declarations.join(", ") : "nothing"],
    [
      "Claimed by the client",
      why.claims > 0
        ? `${plural(why.claims, "problem")}, ${why.claims_corroborated} seen by the server too`
        : "nothing",
    ],
    ["Evidence", `${evidence(why.e_before)} before, ${evidence(why.e_after)} after`],
    ["Claimed position", at(verdict.position)],
    ["Set back to", verdict.set_back_to ? at(verdict.set_back_to) : "not set back"],
  ];
  return (
    <dl class="pairs">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="num">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const sentenceOf = (verdict: MoveVerdict): string =>
  verdict.explanation?.sentence ?? verdict.reason ?? verdict.rule ?? "";

const timeOf = (verdict: MoveVerdict): string => {
  const time = Date.parse(verdict.at);
  return Number.isFinite(time) ? formatTimeSeconds(time) : "";
};

const kMoreShown = 12;

/** One verdict, or a burst of them with the newest in front. */
export function VerdictItem(props: {
  burst: readonly MoveVerdict[];
  withPlayer: boolean;
}): JSX.Element | null {
  const verdict = props.burst[0];
  if (!verdict) return null;
  const rest = props.burst.slice(1);
  return (
    <li>
      <details class="verdict">
        <summary>
          <span class={`inline-word ${verdict.valid ? "" : "tone-bad"}`}>
            <Icon name={verdict.valid ? "check" : "bad"} size={16} />
            <span class="verdict-word">{verdict.valid ? "Accepted" : "Refused"}</span>
          </span>
          <span class="verdict-text">
            {props.withPlayer && <strong>{verdict.player} </strong>}
            {sentenceOf(verdict)}
            {verdict.performance_adjusted && (
              <small> {verdict.valid ? "lag was forgiven" : "although lag was forgiven"}</small>
            )}
          </span>
          <span class="verdict-when num">
            {rest.length > 0 && <span class="count">×&nbsp;{props.burst.length}</span>}{" "}
            {timeOf(verdict)}
          </span>
        </summary>
        <div class="verdict-body">
          <Facts verdict={verdict} />
          {rest.length > 0 && (
            <ul class="more-verdicts" aria-label="Before it">
              {rest.slice(0, kMoreShown).map((one) => (
                <li key={one.id}>
                  <span class="num">{timeOf(one)}</span>
                  {sentenceOf(one)}
                </li>
              ))}
              {rest.length > kMoreShown && <li>and {rest.length - kMoreShown} more</li>}
            </ul>
          )}
          {props.withPlayer && (
            <a href={`/referee/players/${encodeURIComponent(verdict.player)}`}>
              All about {verdict.player}
            </a>
          )}
        </div>
      </details>
    </li>
  );
}

const kTabs = [
  { tab: "watch", path: "/referee", label: "Watch" },
  { tab: "review", path: "/referee/review", label: "Review" },
  { tab: "replay", path: "/referee/replay", label: "Replay a trace" },
  { tab: "options", path: "/referee/options", label: "Options" },
] as const;

export function RefereeTabs(): JSX.Element {
  const at = route.value.page === "referee" ? route.value.tab : null;
  const open = stats.value.value?.reviews.open ?? 0;
  return (
    <nav class="tabs" aria-label="Referee">
      {kTabs.map(({ tab, path, label }) => (
        <a key={tab} href={path} aria-current={at === tab ? "page" : undefined}>
          {label}
          {tab === "review" && open > 0 && <span class="count">{open}</span>}
        </a>
      ))}
    </nav>
  );
}

/** A mode whose rules a client can steer, wherever it is named. */
export function isUnsafe(mode: string): boolean {
  return mode.startsWith("smart_");
}

export const UnsafeChip = (): JSX.Element => (
  <Chip
    look={{ icon: "warn", word: "Unsafe", tone: "bad" }}
    title="Tolerance grows with what the client reports about itself, so a client can widen it."
  />
);
