// The bars of one measure and where it goes.

import type { JSX } from "preact";

import { barsOf, barsText, barText, type Days, type Direction, offText, type Ran, topOf } from "../lib/trends";
import { Icon } from "../ui/icons";

const kBox = { width: 120, height: 36 };

interface BarsProps {
  label: string;
  /** "%" of the machine: the scale is 0 to 100. */
  unit?: string;
  days: Days;
  names: readonly string[];
  ran: Ran;
  text: (value: number) => string;
}

export function Bars({ label, unit, days, names, ran, text }: BarsProps): JSX.Element {
  const today = days.length - 1;
  // A frame where the daemon was off, as high as the box: a day on which no macro ran stays empty.
  const off = barsOf(days.map((value, i) => (value === null && ran[i] === 0 ? 1 : null)), 1, kBox);
  return (
    <svg
      class="day-bars"
      viewBox={`0 0 ${kBox.width} ${kBox.height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={barsText(label, days, names, text, ran)}
    >
      <line x1="0" x2={kBox.width} y1={kBox.height} y2={kBox.height} />
      {off.map(({ day, ...shape }) => (
        <rect key={`off ${day}`} class="off" {...shape}>
          <title>{offText(names.slice(day, day + 1), [0])}</title>
        </rect>
      ))}
      {barsOf(days, topOf(days, unit), kBox).map(({ day, ...shape }) => (
        <rect key={day} class={day === today ? "today" : ""} {...shape}>
          <title>{barText(names[day] ?? "", day === today, text(days[day]!), ran[day])}</title>
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
