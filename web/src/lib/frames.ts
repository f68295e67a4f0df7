// Who draws how fast, in words. Pure.

import type { PerformanceIssue, SubjectPerformance } from "../api/types";
import { formatNumber, kSpace } from "./format";

type Kind = PerformanceIssue["kind"];
type Severity = PerformanceIssue["severity"];
type Source = PerformanceIssue["source"];

const kSeverities: readonly Severity[] = ["low", "medium", "high"];
const kKinds: Record<Kind, string> = {
  stutter: "Stutter",
  low_fps: "Low frame rate",
  memory_pressure: "Memory pressure",
};

/** The issues of one kind that one source tells of. */
export interface IssueGroup {
  kind: Kind;
  source: Source;
  count: number;
  worst: Severity;
}

const rank = (severity: Severity): number => kSeverities.indexOf(severity);

/** The worst first; the order of the answer decides between equals. */
export function issueGroups(issues: readonly PerformanceIssue[]): IssueGroup[] {
  const groups = new Map<string, IssueGroup>();
  for (const { kind, source, severity } of issues) {
    const key = `${kind} ${source}`;
    const group = groups.get(key) ?? { kind, source, count: 0, worst: severity };
    group.count++;
    if (rank(severity) > rank(group.worst)) group.worst = severity;
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => rank(b.worst) - rank(a.worst));
}

/** "Stutter × 3, high"; who says so is named where it is not who tells of the frames. */
export function issueText(group: IssueGroup, teller: Source): string {
  const count = group.count > 1 ? ` × ${group.count}` : "";
  const other = group.source === teller ? "" : `, ${sourceWord(group.source)}`;
  return `${kKinds[group.kind] ?? group.kind}${count}, ${group.worst}${other}`;
}

const sourceWord = (source: Source): string => (source === "server" ? "measured" : "claimed");

/** Who says so, in words. */
export const saidBy = (source: Source): string =>
  source === "server" ? "Measured" : "Claimed by a client";

/** What a frame of frames:updated holds; null: it is none. */
export function subjectsOf(data: unknown): readonly SubjectPerformance[] | null {
  const list = (data as { subjects?: readonly SubjectPerformance[] } | null)?.subjects;
  return Array.isArray(list) ? list : null;
}

export const subjectName = (subject: string): string => subject || "This machine";

export const subjectKey = ({ subject, source }: SubjectPerformance): string =>
  `${source} ${subject}`;

/** "16.7 ms": a tenth tells 60 frames a second from 64. */
export const frameText = (ms: number): string =>
  `${formatNumber(ms, ms < 100 ? 1 : 0)}${kSpace}ms`;

/** The daemon always lists its machine, for its memory: without a rate or an issue it tells nothing. */
export const tellsFrames = ({ subject, fps, issues_total }: SubjectPerformance): boolean =>
  subject !== "" || fps.state !== "unknown" || issues_total > 0;

const trouble = ({ issues }: SubjectPerformance): number =>
  issues.reduce((worst, { severity }) => Math.max(worst, rank(severity) + 1), 0);

/** The `most` with the worst issues, but in the order of the answer: rows must not jump about. */
export function worstSubjects(
  all: readonly SubjectPerformance[],
  most: number,
): readonly SubjectPerformance[] {
  if (all.length <= most) return all;
  const kept = new Set([...all].sort((a, b) => trouble(b) - trouble(a)).slice(0, most));
  return all.filter((one) => kept.has(one));
}
