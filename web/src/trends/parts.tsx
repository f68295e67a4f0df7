// The bars of one measure and where it goes.

import type { JSX } from "preact";

import { barsOf, barsText, type Days, dayText, type Direction, topOf } from "../lib/trends";
import { Icon } from "../ui/icons";

const kBox = { width: 120, height: 36 };

interface BarsProps {
  label: string;
  /** "%" of the machine: the scale is 0 to 100. */
  unit?: string;
  days: Days;
  names: readonly string[];
  text: (value: number) => string;
}

export function Bars({ label, unit, days, names, text }: BarsProps): JSX.Element {
  const today = days.length - 1;
  return (
    <svg
      class="day-bars"
      viewBox={`0 0 ${kBox.width} ${kBox.height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={barsText(label, days, names, text)}
    >
      <line x1="0" x2={kBox.width} y1={kBox.height} y2={kBox.height} />
      {barsOf(days, topOf(days, unit), kBox).map(({ day, ...shape }) => (
        <rect key={day} class={day === today ? "today" : ""} {...shape}>
          <title>{`${dayText(names[day] ?? "")}${day === today ? ", so far" : ""}: ${text(days[day]!)}`}</title>
        </rect>
      ))}
    </svg>
  );
}

export function Goes({ icon, words }: Direction): JSX.Element {
  return (
    <span class="goes">
      <Icon name={icon} size={14} /> {words}
    </span>
  );
}
