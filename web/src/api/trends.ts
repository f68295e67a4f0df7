// The call of the trends page.

import { call } from "./client";
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type Trends = Schemas["MacroTrends"];
export type MacroTrend = Schemas["MacroTrend"];
export type MacroDay = Schemas["MacroTrendDay"];
export type MetricTrend = Schemas["MetricTrend"];
export type TrendLine = Schemas["MacroTrendLine"];

/** It reads up to 30 days of every signal. */
const kSlowMs = 60_000;

export const readTrends = (days: number, zone: string): Promise<Trends> =>
  call<Trends>("GET", `/api/macro-safety/trends?days=${days}&time_zone=${encodeURIComponent(zone)}`, {
    timeoutMs: kSlowMs,
  });
