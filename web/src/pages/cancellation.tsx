// One cancellation: what was measured around it, the rule, who was to blame, what was done.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { api, ApiError } from "../api/client";
import type { Evidence } from "../api/types";
import {
  formatLength,
  formatMs,
  formatNumber,
  formatOffset,
  formatTimeSeconds,
  formatValue,
  kUnknown,
  sentenceCase,
  signalInfo,
} from "../lib/format";
import { judgedSignal } from "../lib/replay";
import { eventTitle, readableReason, ruleSentence } from "../lib/rule";
import { Timeline } from "../charts/timeline";
import { SimulateButton } from "../simulate/button";
import { Icon } from "../ui/icons";
import { Ago, Bar, Button, Failure, Loading, PageHead, Section } from "../ui/parts";
import { kOutcomeMeaning, LevelChip, OutcomeChip } from "../ui/words";

function exportJson(evidence: Evidence): void {
  const blob = new Blob([JSON.stringify(evidence, null, 2)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `cancellation-${evidence.event.macro_id}-${evidence.event.id}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function Facts({ evidence }: { evidence: Evidence }): JSX.Element {
  const { event, rule } = evidence;
  const time = Date.parse(event.timestamp);
  return (
    <dl class="fact-strip card">
      <div>
        <dt>Decided</dt>
        <dd>
          <span class="num">{Number.isFinite(time) ? formatTimeSeconds(time) : kUnknown}</span>
          <small>
            <Ago at={event.timestamp} />
          </small>
        </dd>
      </div>
      <div>
        <dt>Outcome</dt>
        <dd>
          <OutcomeChip outcome={event.outcome} />
          <small>{kOutcomeMeaning[event.outcome]}</small>
        </dd>
      </div>
      <div>
        <dt>Breach to decision</dt>
        <dd>
          <span class="num">{formatMs(event.decision_ms)}</span>
        </dd>
      </div>
      <div>
        <dt>Decision to gone</dt>
        <dd>
          <span class="num">{formatMs(event.gone_ms)}</span>
        </dd>
      </div>
      <div>
        <dt>Level</dt>
        <dd>
          <LevelChip level={rule.safety_level} />
          <small>profile {rule.profile}</small>
        </dd>
      </div>
    </dl>
  );
}

function Rule({ evidence }: { evidence: Evidence }): JSX.Element {
  const { rule, event } = evidence;
  const judged = judgedSignal(rule);
  const value = (number: number | null): string => formatValue(judged, number);
  return (
    <Section title="The rule" id="rule">
      <p class="rule-sentence">{ruleSentence(rule)}</p>
      <dl class="pairs">
        <div>
          <dt>Rule</dt>
          <dd>
            <code>{event.rule}</code>
          </dd>
        </div>
        <div>
          <dt>In the log</dt>
          <dd>{event.cancellation_reason}</dd>
        </div>
        {rule.signal && (
          <>
            <div>
              <dt>Limit</dt>
              <dd>{value(rule.limit)}</dd>
            </div>
            <div>
              <dt>Enters at</dt>
              <dd>{value(rule.enter)}</dd>
            </div>
            <div>
              <dt>Leaves at</dt>
              <dd>{value(rule.leave)}</dd>
            </div>
            <div>
              <dt>Must last</dt>
              <dd>{rule.for_s === 0 ? "at once" : formatLength(rule.for_s)}</dd>
            </div>
            <div>
              <dt>Samples needed</dt>
              <dd>{rule.min_samples}</dd>
            </div>
          </>
        )}
      </dl>
      <h3 class="sub">At the decision</h3>
      <dl class="pairs">
        {judged !== rule.signal && rule.value != null && (
          <div key={judged}>
            <dt>{signalInfo(judged).label}</dt>
            <dd>{value(rule.value)}</dd>
          </div>
        )}
        {Object.entries(event.performance_metrics).map(([name, number]) => (
          <div key={name}>
            <dt>
              {signalInfo(name).label}
              {judged !== rule.signal && name === rule.signal && " of the machine"}
            </dt>
            <dd class={number === null ? "unknown" : ""}>{formatValue(name, number)}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

function Culprit({ evidence }: { evidence: Evidence }): JSX.Element {
  const { culprit, event } = evidence;
  if (!culprit || culprit.candidates.length === 0) {
    return (
      <Section title="Who was to blame" id="culprit">
        <p class="body-text">
          {evidence.rule.signal
            ? "The rule is about this macro alone, so nobody else was considered."
            : "Nobody was suspected: a person stopped it."}
        </p>
      </Section>
    );
  }
  const score = (number: number | null): string =>
    number === null ? kUnknown : formatNumber(number, 2);
  return (
    <Section
      title="Who was to blame"
      id="culprit"
      note={
        culprit.needed
          ? `score ${score(culprit.score)}, at least ${score(culprit.threshold)} is needed · ${score(culprit.margin)} times the next`
          : "Its own behaviour broke the limit, so no comparison was needed"
      }
    >
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Candidates">
        <table class="culprits">
          <thead>
            <tr>
              <th scope="col">Macro</th>
              <th scope="col">Share of the load</th>
              <th scope="col" class="right">
                Demand
              </th>
              <th scope="col" class="right">
                Score
              </th>
            </tr>
          </thead>
          <tbody>
            {culprit.candidates.map((candidate) => {
              const guilty = candidate.macro_id === event.macro_id;
              const share =
                candidate.share === null ? kUnknown : `${formatNumber(candidate.share * 100)} %`;
              return (
                <tr key={candidate.macro_id} class={guilty ? "guilty" : ""}>
                  <th scope="row">
                    <span class="who">
                      <code>{candidate.macro_id}</code>
                      {guilty && (
                        <span class="chip tone-bad">
                          <Icon name="cancel" size={14} />
                          Culprit
                        </span>
                      )}
                    </span>
                  </th>
                  <td>
                    <span class="share">
                      <Bar
                        part={candidate.share}
                        tone={candidate.share === null ? "unknown" : guilty ? "over" : "calm"}
                        label={`Share of ${candidate.macro_id}`}
                        text={share}
                      />
                      <span class={candidate.share === null ? "unknown" : "num"}>{share}</span>
                    </span>
                  </td>
                  <td class="right">
                    {candidate.demand_pct === null ? (
                      <span class="unknown">{kUnknown}</span>
                    ) : (
                      `${formatNumber(candidate.demand_pct)} %`
                    )}
                  </td>
                  <td class="right">{score(candidate.score)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function Steps({ evidence }: { evidence: Evidence }): JSX.Element {
  const decided = Date.parse(evidence.decision.at);
  return (
    <Section title="What was done" id="steps">
      {evidence.decision.steps.length === 0 && <p class="body-text">No step was recorded.</p>}
      <ol class="steps">
        {evidence.decision.steps.map((step, i) => {
          const offset = (step.offset_ms ?? Date.parse(step.at) - decided) / 1000;
          return (
            <li key={i}>
              <span class="step-time num">
                {Number.isFinite(offset)
                  ? formatOffset(offset, Math.abs(offset) < 0.01 ? 4 : 3)
                  : kUnknown}
              </span>
              <span class="step-what">
                {sentenceCase(step.what)} <span class="note">{step.result}</span>
              </span>
            </li>
          );
        })}
      </ol>
    </Section>
  );
}

type State =
  | { at: "loading" }
  | { at: "failed"; status: number; message: string }
  | { at: "here"; evidence: Evidence };

export function CancellationPage({ id }: { id: string }): JSX.Element {
  const [state, setState] = useState<State>({ at: "loading" });
  const read = (): void => {
    setState({ at: "loading" });
    api.evidence(id).then(
      (evidence) => setState({ at: "here", evidence }),
      (error: unknown) =>
        setState({
          at: "failed",
          status: error instanceof ApiError ? error.status : 0,
          message: error instanceof Error ? error.message : String(error),
        }),
    );
  };
  useEffect(read, [id]);
  const back = (
    <p class="back">
      <a href="/cancellations">
        <Icon name="back" size={16} /> All cancellations
      </a>
    </p>
  );
  if (state.at === "loading") {
    return (
      <div class="page">
        {back}
        <PageHead title="Cancellation" />
        <div class="card">
          <Loading rows={6} label="Reading the evidence" />
        </div>
      </div>
    );
  }
  if (state.at === "failed") {
    const gone = state.status === 404;
    return (
      <div class="page">
        {back}
        <PageHead title="Cancellation" />
        <div class="card">
          <Failure
            title={gone ? "No such cancellation" : "The evidence could not be read"}
            message={
              gone
                ? `Nothing is kept under ${id}. It may have been older than the retention time.`
                : state.message
            }
            {...(gone ? {} : { onRetry: read })}
          />
        </div>
      </div>
    );
  }
  const { evidence } = state;
  return (
    <div class="page">
      {back}
      <PageHead
        title={eventTitle(evidence.event)}
        lead={`${readableReason(evidence.event.cancellation_reason)}.`}
      >
        <SimulateButton macroId={evidence.event.macro_id} profile={evidence.rule.profile} />
        <Button icon="download" onClick={() => exportJson(evidence)}>
          Export JSON
        </Button>
      </PageHead>
      <Facts evidence={evidence} />
      <Timeline evidence={evidence} />
      <div class="columns">
        <div class="column">
          <Culprit evidence={evidence} />
          <Steps evidence={evidence} />
        </div>
        <div class="column">
          <Rule evidence={evidence} />
        </div>
      </div>
    </div>
  );
}
