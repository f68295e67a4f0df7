import { describe, expect, it } from "vitest";

import type { PerformanceIssue, SubjectPerformance } from "../api/types";
import { frameText, issueGroups, issueText, saidBy, subjectKey, subjectName, subjectsOf, tellsFrames, worstSubjects } from "./frames";

const issue = (
  kind: PerformanceIssue["kind"],
  severity: PerformanceIssue["severity"],
  source: PerformanceIssue["source"] = "claim",
): PerformanceIssue => ({ kind, severity, source, value: 1, at: "2026-11-28T00:00:00Z" });

const subject = (name: string, ...issues: PerformanceIssue[]): SubjectPerformance => ({
  subject: name,
  source: "claim",
  fps: { value: 60, state: "known", reason: null, at: null },
  frame_ms: 16.7,
  score: { value: 98, state: "known", reason: null, at: null },
  issues_total: issues.length,
  issues,
});

describe("issues of frames", () => {
  it("are counted by kind with the worst of each, the worst kind first", () => {
    const groups = issueGroups([
      issue("low_fps", "low"),
      issue("stutter", "medium"),
      issue("stutter", "high"),
      issue("stutter", "low"),
    ]);
    expect(groups.map((group) => issueText(group, "claim"))).toEqual([
      "Stutter × 3, high",
      "Low frame rate, low",
    ]);
  });
  it("never mix what was measured with what is claimed", () => {
    const groups = issueGroups([issue("stutter", "low"), issue("stutter", "low", "server")]);
    expect(groups.map((group) => issueText(group, "claim"))).toEqual([
      "Stutter, low",
      "Stutter, low, measured",
    ]);
    expect(groups.map((group) => issueText(group, "server"))).toEqual([
      "Stutter, low, claimed",
      "Stutter, low",
    ]);
  });
});

describe("subjects", () => {
  it("have a name and a teller in words", () => {
    expect(subjectName("")).toBe("This machine");
    expect(subjectName("frames:arena")).toBe("frames:arena");
    expect(saidBy("claim")).toBe("Claimed by a client");
    expect(saidBy("server")).toBe("Measured");
  });
  it("take a time for a frame, with the tenth that tells rates apart", () => {
    expect(frameText(16.683)).toBe("16.7\u00a0ms");
    expect(frameText(15.625)).toBe("15.6\u00a0ms");
    expect(frameText(412.83)).toBe("413\u00a0ms");
  });
  it("of the same name are two when two tell of them", () => {
    const one = subject("arena");
    expect(subjectKey(one)).not.toBe(subjectKey({ ...one, source: "server" }));
  });
  it("tell of frames, but a machine that has neither rate nor issue", () => {
    const fps = { value: null, state: "unknown", reason: "not sent", at: null } as const;
    expect(tellsFrames({ ...subject(""), fps })).toBe(false);
    expect(tellsFrames({ ...subject("", issue("memory_pressure", "low")), fps })).toBe(true);
    expect(tellsFrames(subject(""))).toBe(true);
    expect(tellsFrames({ ...subject("frames:arena"), fps })).toBe(true);
  });
  it("with the worst issues are shown, and nobody changes place", () => {
    const all = [
      subject("a"),
      subject("b", issue("stutter", "low")),
      subject("c"),
      subject("d", issue("stutter", "high")),
    ];
    const names = (most: number) => worstSubjects(all, most).map((one) => one.subject);
    expect(names(1)).toEqual(["d"]);
    expect(names(2)).toEqual(["b", "d"]);
    expect(names(3)).toEqual(["a", "b", "d"]);
    expect(worstSubjects(all, 4)).toBe(all);
  });
});

describe("a frame of frames:updated", () => {
  it("holds subjects, or is none", () => {
    expect(subjectsOf({ subjects: [subject("a")] })).toHaveLength(1);
    expect(subjectsOf({ subjects: 7 })).toBeNull();
    expect(subjectsOf(null)).toBeNull();
  });
});
