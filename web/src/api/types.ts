// Names for the API's shapes, which openapi-typescript makes from docs/openapi.json at each build.

import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type Signal = Schemas["Signal"];
export type User = Schemas["AccountsHolder"];
export type Profile = Schemas["Profile"];
export type SetupState = Schemas["SetupState"];
export type Problem = Schemas["Problem"];
export type HealthCheck = Schemas["HealthCheck"];
export type Health = Schemas["Health"];
export type Average = Schemas["Average"];
export type HistoryPoint = Schemas["HistoryPoint"];
export type Performance = Schemas["Performance"];
export type SubjectPerformance = Schemas["SubjectPerformance"];
export type PerformanceIssue = Schemas["PerformanceIssue"];
/** One process tree in a metric:sample frame. */
export interface ProcessSample {
  pid: number;
  cpu_pct: number | null;
  demand_pct: number | null;
  rss_bytes: number | null;
}
export type SeriesPoint = Schemas["SeriesPoint"];
export type SeriesPoints = Schemas["SeriesPoints"];
/** What the first page shows; a part is null when it is not ours to see, or failed. */
export type Overview = Schemas["Overview"];
export type MacroStatus = Schemas["MacroStatus"];
export type Headroom = Schemas["MacroHeadroom"];
export type ActiveMacro = Schemas["MacroActive"];
export type ActiveMacros = Schemas["MacroActiveList"];
export type Cancellation = Schemas["MacroEvent"];
export type Cancellations = Schemas["MacroEventPage"];
export type Evidence = Schemas["MacroEvidence"];
export type EvidenceSeries = Schemas["MacroSeries"];
export type QuarantineItem = Schemas["MacroQuarantineItem"];
export type Quarantine = Schemas["MacroQuarantine"];
export type MacroPaused = Schemas["MacroPaused"];
export type StartMacro = Schemas["MacroStart"];
export type MacroProfile = Schemas["MacroProfile"];
export type MacroProfiles = Schemas["MacroProfileList"];
export type ProfilePatch = Schemas["MacroProfilePatch"];
export type ProfileWindow = Schemas["MacroProfileWindow"];
export type WindowsNext = Schemas["MacroProfileWindowsNext"];
export type Simulation = Schemas["MacroSimulation"];
export type SimulateInput = Schemas["MacroSimulate"];

export type SafetyLevel = ActiveMacro["safety_level"];
export type MacroState = ActiveMacro["state"];
export type HealthStatus = Health["status"];
export type Outcome = Cancellation["outcome"];

/** The frames of /api/v1/ws. */
export type Frame =
  | { type: "ack"; id?: number; seq?: Record<string, number> }
  | { type: "pong"; id?: number }
  | { type: "error"; id?: number; detail?: string; message?: string }
  | { type: "gap"; topic: string; from: number; to: number }
  | { type: string; topic: string; seq: number; ts: string; data: unknown };
