// Paste a trace, see what the referee makes of it: sessions side by side.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

import {
  movementApi,
  type PathPoint,
  type RefereeMode,
  type Replay,
  type ReplaySession,
} from "../api/rooms";
import { exampleTrace } from "../lib/example-trace";
import { formatNumber, plural } from "../lib/format";
import { why } from "../state/resource";
import { may } from "../state/session";
import { FormError } from "../ui/field";
import { Button, Section } from "../ui/parts";
import { isUnsafe, StandingChip, suspicion, UnsafeChip } from "./referee-parts";
import { LookOnly } from "./shared";
import { WalkLegend, WalkPicture } from "./walk-view";

/** The daemon's limit of a body (spec, "HTTP rules"). */
const kMostBytes = 1 << 20;
const kEventsShown = 5;

/** Kept while one looks at other tabs. */
const text = signal("");
const result = signal<Replay | null>(null);

const kModes: readonly { value: RefereeMode; label: string }[] = [
  { value: "bounded", label: "bounded" },
  { value: "shadow", label: "shadow" },
  { value: "smart_ts", label: "smart_ts (unsafe)" },
  { value: "smart_cs", label: "smart_cs (unsafe)" },
];

const after = (ms: number | null): string =>
  ms === null ? "never" : `after ${(ms / 1000).toFixed(1)}\u00a0s`;

interface Told {
  text: string;
  at: string;
}

/** The sentence of an event, however the daemon names it. */
function tell(event: Record<string, unknown>): Told {
  const why = event.explanation as { sentence?: string } | string | null | undefined;
  const sentence = typeof why === "string" ? why : why?.sentence;
  const text = sentence ?? String(event.sentence ?? event.reason ?? event.rule ?? "refused");
  const seq = event.s ?? event.seq;
  return { text, at: seq === undefined ? "" : `#${String(seq)}` };
}

function SessionCard(props: {
  session: ReplaySession;
  path: readonly PathPoint[];
  events: readonly Record<string, unknown>[];
}): JSX.Element {
  const { session, path, events } = props;
  const rules = Object.entries(session.rejects_by_rule)
    .sort((a, b) => b[1] - a[1])
    .map(([rule, count]) => `${rule} ${count}`)
    .join(", ");
  const told = events.map(tell);
  return (
    <article class="card session" aria-labelledby={`session-${session.id}`}>
      <header>
        <h3 id={`session-${session.id}`}>{session.id}</h3>
        <StandingChip state={session.state} />
      </header>
      <p class="session-verdict">
        {session.rejected === 0
          ? `All ${plural(session.moves, "movement")} accepted.`
          : `${session.rejected} of ${plural(session.moves, "movement")} refused, the first ${after(session.first_reject_ms)}.`}
      </p>
      {path.length > 0 && <WalkPicture path={path} view="plan" small />}
      <dl class="pairs">
        <div>
          <dt>Suspicion</dt>
          <dd class="num">{suspicion(session.confidence)}</dd>
        </div>
        <div>
          <dt>Lag forgiven</dt>
          <dd class="num">{(session.credit_used_ms / 1000).toFixed(2)}&nbsp;s of credit</dd>
        </div>
        <div>
          <dt>Client's claims</dt>
          <dd class="num">
            {session.claims === 0
              ? "none"
              : `${session.claims}, ${session.claims_corroborated} seen by the server too`}
          </dd>
        </div>
        {rules && (
          <div>
            <dt>Refused by</dt>
            <dd>{rules}</dd>
          </div>
        )}
        <div>
          <dt>For review</dt>
          <dd class="num">{after(session.first_review_ms)}</dd>
        </div>
      </dl>
      {told.length > 0 && (
        <>
          <h4 class="sub">Why</h4>
          <ul class="told">
            {told.slice(0, kEventsShown).map((one, i) => (
              <li key={i}>
                <span class="note num">{one.at}</span> {one.text}
              </li>
            ))}
            {told.length > kEventsShown && (
              <li class="note">and {formatNumber(told.length - kEventsShown)} more</li>
            )}
          </ul>
        </>
      )}
    </article>
  );
}

export function ReplayTab(): JSX.Element {
  const [mode, setMode] = useState<RefereeMode>("bounded");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const results = useRef<HTMLDivElement>(null);
  const run = async (event: Event): Promise<void> => {
    event.preventDefault();
    setError(null);
    if (text.value.trim() === "") return setError("Paste a trace first, or take the example.");
    if (new TextEncoder().encode(text.value).length > kMostBytes)
      return setError("The trace is larger than 1 MiB. Use gamekeeper referee replay FILE.");
    setBusy(true);
    try {
      result.value = await movementApi.replay(text.value, mode);
      setTimeout(() => results.current?.scrollIntoView({ block: "nearest" }));
    } catch (caught) {
      result.value = null;
      setError(why(caught));
    }
    setBusy(false);
  };
  const open = async (file: File | undefined): Promise<void> => {
    if (file) text.value = await file.text();
  };
  const replay = result.value;
  if (!may("anticheat:read")) return <LookOnly scope="anticheat:read" />;
  return (
    <>
      <Section
        title="A recorded trace"
        id="trace-box"
        note="One JSON object a line, as gamekeeper referee replay reads it. Nothing is kept."
      >
        <form class="card-form" onSubmit={(event) => void run(event)} noValidate>
          <FormError text={error} />
          <div class="field">
            <label for="trace-text">Trace</label>
            <textarea
              id="trace-text"
              class="mono code-area"
              rows={8}
              spellcheck={false}
              autocapitalize="none"
              value={text.value}
              onInput={(event) => {
                text.value = event.currentTarget.value;
              }}
            />
          </div>
          <div class="form-row">
            <Button
              onClick={() => {
                text.value = exampleTrace();
              }}
            >
              Use an example
            </Button>
            <label class="button file-button">
              Open a file
              <input
                type="file"
                class="sr-only"
                accept=".jsonl,.ndjson,.json,.txt"
                onChange={(event) => void open(event.currentTarget.files?.[0])}
              />
            </label>
            <label class="inline-field">
              Rules
              <select
                value={mode}
                onChange={(event) => setMode(event.currentTarget.value as RefereeMode)}
              >
                {kModes.map(({ value, label }) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </select>
            </label>
            {isUnsafe(mode) && <UnsafeChip />}
            <Button kind="primary" type="submit" icon="play" busy={busy} class="push-end">
              {busy ? "Judging…" : "Judge it"}
            </Button>
          </div>
        </form>
      </Section>
      <div ref={results} aria-live="polite">
        {replay && (
          <section class="section" aria-label="Result">
            <p class="sr-only">{plural(replay.sessions.length, "session")} judged.</p>
            <div class="session-grid">
              {replay.sessions.map((session) => (
                <SessionCard
                  key={session.id}
                  session={session}
                  path={replay.paths.find((one) => one.id === session.id)?.path ?? []}
                  events={replay.events.filter((event) => event.id === session.id)}
                />
              ))}
            </div>
            <WalkLegend />
          </section>
        )}
      </div>
    </>
  );
}
