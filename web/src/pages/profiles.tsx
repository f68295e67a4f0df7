// The list of safety profiles.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import type { MacroProfile } from "../api/types";
import { formatLength, formatNumber } from "../lib/format";
import { profiles, readProfiles } from "../state/profiles";
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
            return (
              <tr key={profile.macro_id}>
                <th scope="row" title={profile.description || undefined}>
                  {profile.name}
                  <br />
                  <code>{profile.macro_id}</code>{" "}
                  <small>· {kSources[profile.source] ?? profile.source}</small>
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
                    <Icon name={profile.auto_cancel_enabled ? "cancel" : "eye"} size={14} />
                    {profile.auto_cancel_enabled ? "Cancels" : "Watches only"}
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
