// A simulation in words. Pure.

import type { Simulation } from "../api/types";
import type { Look } from "../ui/words";
import { formatNumber, plural } from "./format";

export const kSteps: Record<Simulation["decisions"][number]["action"], Look> = {
  warn: { icon: "warn", word: "Warn", tone: "warn" },
  clear: { icon: "check", word: "Clear", tone: "good" },
  throttle: { icon: "clock", word: "Throttle", tone: "warn" },
  pause: { icon: "pause", word: "Pause", tone: "info" },
  resume: { icon: "play", word: "Resume", tone: "good" },
  cancel: { icon: "cancel", word: "Cancel", tone: "bad" },
  record: { icon: "eye", word: "Record", tone: "quiet" },
};

/** "2 runs · 8,640 samples · 1 gap · 3 % of the time unknown". A share above 0 is never "0 %". */
export function coverageLine(of: Simulation): string {
  const share = of.unknown_share * 100;
  const unknown = share > 0 && share < 1 ? "less than 1" : formatNumber(share);
  return [
    ...(of.runs_recorded ? [plural(of.runs, "run")] : []),
    plural(of.samples_used, "sample"),
    plural(of.gaps, "gap"),
    `${unknown} % of the time unknown`,
  ].join(" · ");
}
