// Who draws how fast: the subjects whose frames or frame rate are told, and by whom.

import "../styles/frames.css";

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { api } from "../api/client";
import type { SubjectPerformance } from "../api/types";
import { kUnknown, plural, signalReason } from "../lib/format";
import {
  frameText,
  type IssueGroup,
  issueGroups,
  issueText,
  saidBy,
  subjectKey,
  subjectName,
  subjectsOf,
  tellsFrames,
  worstSubjects,
} from "../lib/frames";
import { TroubleCard, useFollow } from "../rooms/shared";
import { now } from "../state/clock";
import { resource } from "../state/resource";
import { may } from "../state/session";
import { Button, Section, Value } from "../ui/parts";
import { Chip, type Look } from "../ui/words";

/** A daemon has up to 256 subjects. Chosen. */
const kShown = 8;

const subjects = resource(async () => (await api.performance()).subjects.filter(tellsFrames));

const kTones = { low: "info", medium: "warn", high: "bad" } as const;
const kIcons = { stutter: "warn", low_fps: "fall", memory_pressure: "bars" } as const;

const lookOf = (group: IssueGroup, of: SubjectPerformance): Look => ({
  icon: kIcons[group.kind] ?? "warn",
  word: issueText(group, of.source),
  tone: kTones[group.worst] ?? "quiet",
});

function Issues({ of }: { of: SubjectPerformance }): JSX.Element {
  const older = of.issues_total - of.issues.length;
  if (of.issues.length === 0)
    return <p class="row-note">{of.fps.state === "known" && "no issue in 5 s"}</p>;
  return (
    <div class="chips">
      {issueGroups(of.issues).map((group) => (
        <Chip key={`${group.kind} ${group.source}`} look={lookOf(group, of)} />
      ))}
      {older > 0 && <span class="row-note">and {older} older</span>}
    </div>
  );
}

/** What makes a rate or a score less than known is said on the row, once. */
function Subject({ of }: { of: SubjectPerformance }): JSX.Element {
  const reason = signalReason(of.fps, now.value) ?? signalReason(of.score, now.value);
  const facts: [string, JSX.Element][] = [
    ["Rate", <Value name="fps" signal={of.fps} />],
    [
      "Frame",
      of.frame_ms === null ? (
        <span class="unknown">{kUnknown}</span>
      ) : (
        <span class="value">{frameText(of.frame_ms)}</span>
      ),
    ],
    ["Score", <Value name="score" signal={of.score} />],
  ];
  return (
    <li class="row frames-row">
      <div class="row-main">
        <p class="row-title">{subjectName(of.subject)}</p>
        <p class="row-note">{saidBy(of.source)}</p>
        {reason && <p class="row-text">{reason}</p>}
      </div>
      <dl class="frames-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="num">{value}</dd>
          </div>
        ))}
      </dl>
      <Issues of={of} />
    </li>
  );
}

/** Nothing while nobody tells of frames: most games do not. */
export function FrameRates(): JSX.Element | null {
  return may("metrics:read") ? <Rates /> : null;
}

function Rates(): JSX.Element | null {
  const [all, setAll] = useState(false);
  useFollow(() => ({
    topics: {
      "frames:updated": (data) => {
        const list = subjectsOf(data);
        if (list) subjects.set(list.filter(tellsFrames));
        else void subjects.read();
      },
    },
    read: () => void subjects.read(),
  }));
  const list = subjects.value.value;
  const trouble = subjects.trouble.value;
  if (list === null && trouble !== null) {
    return (
      <div class="card">
        <TroubleCard
          what="the frame rates"
          scope="metrics:read"
          trouble={trouble}
          onRetry={() => void subjects.read()}
        />
      </div>
    );
  }
  if (list === null || list.length === 0) return null;
  const shown = all ? list : worstSubjects(list, kShown);
  const bad = list.filter((one) => one.issues_total > 0).length;
  return (
    <Section
      title="Frame rates"
      id="frame-rates"
      note={bad === 0 ? "no issue in the last 5 s" : `${bad} of ${list.length} had issues in the last 5 s`}
    >
      <ul class="rows">
        {shown.map((one) => (
          <Subject key={subjectKey(one)} of={one} />
        ))}
      </ul>
      {list.length > kShown && (
        <p class="frames-more">
          <Button kind="quiet" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "Show the worst only" : `Show all ${plural(list.length, "subject")}`}
          </Button>
        </p>
      )}
    </Section>
  );
}
