// The list of safety profiles.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import type { MacroProfile } from "../api/types";
import { formatLength, formatNumber } from "../lib/format";
import { profiles, readProfiles } from "../state/profiles";
import { EditProfileButton } from "../profiles/button";
import { NextWindows } from "../profiles/next";
import { may } from "../state/session";
import { SimulateButton } from "../simulate/button";
import { Icon } from "../ui/icons";
import { Empty, Failure, Loading } from "../ui/parts";
import { LevelChip } from "../ui/words";

const kSources: Record<MacroProfile["source"], string> = {
  builtin: "built in",
  custom: "custom",
  override: "override file",
  default: "default",
};

/** "CPU ≤ 80 % · memory ≤ 85 % · …": the limits of a profile in one line. */
export function limitsLine({ thresholds }: MacroProfile): string {
  return [
    `CPU ≤ ${formatNumber(thresholds.cpu_usage_max)} %`,
    `memory ≤ ${formatNumber(thresholds.memory_usage_max)} %`,
    `FPS ≥ ${formatNumber(thresholds.fps_min)}`,
    `latency ≤ ${formatNumber(thresholds.latency_max)} ms`,
    `response ≤ ${formatNumber(thresholds.response_time_max)} ms`,
  ].join(" · ");
}

/** "night: 0 22 * * * for 8 h, Europe/Berlin · CPU ≤ 40 %": a window and what it sets. */
export function windowLine(window: MacroProfile["windows"][number]): string {
  const limits = window.thresholds ?? {};
  const set = [
    window.safety_level && `level ${window.safety_level}`,
    window.max_duration !== undefined && `longest run ${formatLength(window.max_duration)}`,
    window.auto_cancel_enabled === false && "watches only",
    limits.cpu_usage_max !== undefined && `CPU ≤ ${formatNumber(limits.cpu_usage_max)} %`,
    limits.memory_usage_max !== undefined && `memory ≤ ${formatNumber(limits.memory_usage_max)} %`,
    limits.fps_min !== undefined && `FPS ≥ ${formatNumber(limits.fps_min)}`,
    limits.latency_max !== undefined && `latency ≤ ${formatNumber(limits.latency_max)} ms`,
    limits.response_time_max !== undefined &&
      `response ≤ ${formatNumber(limits.response_time_max)} ms`,
  ].filter((part): part is string => typeof part === "string");
  const name = window.name && window.name !== window.cron ? `${window.name}: ` : "";
  const when = `${name}${window.cron} for ${formatLength(window.duration_s)}, ${window.time_zone ?? "UTC"}`;
  return [when, ...set].join(" · ");
}

/** What becomes of a macro that breaks a limit. */
export function onBreach(profile: MacroProfile): { icon: "cancel" | "eye"; words: string } {
  if (profile.dry_run) return { icon: "eye", words: "Records only (dry run)" };
  if (!profile.auto_cancel_enabled) return { icon: "eye", words: "Watches only" };
  return { icon: "cancel", words: "Cancels" };
}

export function Profiles({ filter }: { filter: string }): JSX.Element {
  useEffect(() => void readProfiles(), []);
  const state = profiles.value;
  if (state.state === "loading") return <Loading rows={4} label="Reading the profiles" />;
  if (state.state === "failed")
    return (
      <Failure
        title="The profiles could not be read"
        message={state.message}
        onRetry={() => void readProfiles()}
      />
    );
  const words = filter.toLowerCase().split(/\s+/);
  const shown = state.items.filter((profile) => {
    const text =
      `${profile.macro_id} ${profile.name} ${profile.category} ${profile.safety_level}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  if (state.items.length === 0)
    return (
      <Empty icon="shield" title="No profiles">
        <p>Every macro gets the default of its level.</p>
      </Empty>
    );
  if (shown.length === 0) return <Empty icon="search" title="No profile matches the filter" />;
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Profiles">
      <table class="profiles">
        <thead>
          <tr>
            <th scope="col">Profile</th>
            <th scope="col">Level</th>
            <th scope="col" class="right">
              Longest run
            </th>
            <th scope="col" class="right">
              CPU
            </th>
            <th scope="col" class="right">
              Memory
            </th>
            <th scope="col" class="right">
              FPS
            </th>
            <th scope="col" class="right">
              Latency
            </th>
            <th scope="col" class="right">
              Response
            </th>
            <th scope="col">On a breach</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((profile) => {
            const limits = profile.thresholds;
            const breach = onBreach(profile);
            return (
              <tr key={profile.macro_id}>
                <th scope="row" title={profile.description || undefined}>
                  <div class="profile-head">
                    <span>
                      {profile.name}
                      <br />
                      <code>{profile.macro_id}</code>{" "}
                      <small>· {kSources[profile.source] ?? profile.source}</small>
                    </span>
                    <SimulateButton macroId={profile.macro_id} bare />
                    {may("macros:admin") && <EditProfileButton macroId={profile.macro_id} />}
                  </div>
                  {profile.windows.map((window) => (
                    <div key={window.name}>
                      <small>{windowLine(window)}</small>
                    </div>
                  ))}
                  {profile.windows.length > 0 && <NextWindows profile={profile} />}
                </th>
                <td>
                  <LevelChip level={profile.safety_level} />
                </td>
                <td class="right">{formatLength(profile.max_duration)}</td>
                <td class="right">≤ {formatNumber(limits.cpu_usage_max)} %</td>
                <td class="right">≤ {formatNumber(limits.memory_usage_max)} %</td>
                <td class="right">≥ {formatNumber(limits.fps_min)}</td>
                <td class="right">≤ {formatNumber(limits.latency_max)} ms</td>
                <td class="right">≤ {formatNumber(limits.response_time_max)} ms</td>
                <td>
                  <span class="inline-word">
                    <Icon name={breach.icon} size={14} />
                    {breach.words}
                  </span>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
