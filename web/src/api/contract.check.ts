// Compiled by `npm run check:api` only: fails when the daemon's OpenAPI document lacks a field that
// the dashboard reads. The document does not say the shape of nested objects, so the dashboard
// keeps its own, stricter types (schema.contract.ts) and compares field names here.

import type { components as ours } from "./schema.contract";
import type { components as theirs } from "./schema.gen";

type Ours = ours["schemas"];
type Theirs = theirs["schemas"];

/** Our name of a schema, and the daemon's. */
interface Pairs {
  Signal: "Signal";
  Problem: "Problem";
  SetupState: "SetupState";
  Profile: "Profile";
  Health: "Health";
  HealthCheck: "HealthCheck";
  Performance: "Performance";
  SeriesPoint: "SeriesPoint";
  SeriesPoints: "SeriesPoints";
  MacroStatus: "MacroStatus";
  Headroom: "MacroHeadroom";
  ActiveMacro: "MacroActive";
  ActiveMacros: "MacroActiveList";
  PerformanceSnapshot: "MacroMetrics";
  Cancellation: "MacroEvent";
  Cancellations: "MacroEventPage";
  Evidence: "MacroEvidence";
  StartMacro: "MacroStart";
  Thresholds: "MacroThresholds";
  MacroProfile: "MacroProfile";
  MacroProfiles: "MacroProfileList";
}

/** Fields that we read and they do not have: must be none. */
type Missing = {
  [Name in keyof Pairs]: Exclude<keyof Ours[Name], keyof Theirs[Pairs[Name]]>;
};
type Complaint = {
  [Name in keyof Pairs as Missing[Name] extends never ? never : Name]: Missing[Name];
};

export const nothingIsMissing: Record<keyof Complaint, never> = {};
