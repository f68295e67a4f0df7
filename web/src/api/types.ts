// Names for the API's shapes. To swap their source (say, for schema.gen), change this one import.

import type { components } from "./schema.contract";

type Schemas = components["schemas"];

export type Signal = Schemas["Signal"];
export type User = Schemas["User"];
export type Profile = Schemas["Profile"];
export type SetupState = Schemas["SetupState"];
export type Problem = Schemas["Problem"];
export type HealthCheck = Schemas["HealthCheck"];
export type Health = Schemas["Health"];
export type Average = Schemas["Average"];
export type HistoryPoint = Schemas["HistoryPoint"];
export type Performance = Schemas["Performance"];
export type SeriesPoint = Schemas["SeriesPoint"];
export type SeriesPoints = Schemas["SeriesPoints"];
export type ProcessSample = Schemas["ProcessSample"];
export type MacroStatus = Schemas["MacroStatus"];
export type Headroom = Schemas["Headroom"];
export type ActiveMacro = Schemas["ActiveMacro"];
export type ActiveMacros = Schemas["ActiveMacros"];
export type Cancellation = Schemas["Cancellation"];
export type Cancellations = Schemas["Cancellations"];
export type Evidence = Schemas["Evidence"];
export type EvidenceSeries = Schemas["EvidenceSeries"];
export type StartMacro = Schemas["StartMacro"];
export type MacroProfile = Schemas["MacroProfile"];
export type MacroProfiles = Schemas["MacroProfiles"];

export type SafetyLevel = ActiveMacro["safety_level"];
export type MacroState = ActiveMacro["state"];
export type HealthStatus = Health["status"];
export type Outcome = Cancellation["outcome"];

/** The frames of /api/v1/ws. */
export type Frame =
  | { type: "ack" | "pong"; id?: number }
  | { type: "error"; id?: number; detail?: string; message?: string }
  | { type: "gap"; topic: string; from: number; to: number }
  | { type: string; topic: string; seq: number; ts: string; data: unknown };
