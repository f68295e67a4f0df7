// When the windows of a profile open next, and which one holds now.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { macrosApi } from "../api/macros";
import type { MacroProfile, WindowsNext } from "../api/types";
import { askAhead } from "../lib/ahead";
import { formatMoment } from "../lib/format";
import { now } from "../state/clock";
import { Icon } from "../ui/icons";

/** "night: 28 Nov, 22:00 to 29 Nov, 06:00". */
export function startLine(start: WindowsNext["next"][number], at: number): string {
  return `${start.window}: ${formatMoment(start.from, at)} to ${formatMoment(start.to, at)}`;
}

export function NextWindows({ profile }: { profile: MacroProfile }): JSX.Element | null {
  const [ahead, setAhead] = useState<WindowsNext | null>(null);
  useEffect(
    () => askAhead(() => macrosApi.profileWindows(profile.macro_id), setAhead, document),
    [profile.macro_id, profile.etag],
  );
  if (!ahead) return null;
  const { open, next } = ahead;
  return (
    <>
      {open !== null && (
        <div>
          <small class="inline-word tone-good">
            <Icon name="clock" size={14} />
            {open} holds now
          </small>
        </div>
      )}
      {next.map((start, i) => (
        <div key={`${start.window} ${start.from}`}>
          <small>
            {i === 0 && (open === null ? "Next: " : "Then: ")}
            {startLine(start, now.value)}
          </small>
        </div>
      ))}
    </>
  );
}
