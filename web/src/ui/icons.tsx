// One stroke weight, one grid (24), drawn by hand. Decorative unless a label is given.

import type { JSX } from "preact";

const kPaths = {
  shield: "M12 3 4.5 5.8v5.7c0 4.3 3 7.3 7.5 9.5 4.5-2.2 7.5-5.2 7.5-9.5V5.8z",
  home: "M4 13a8 8 0 1 1 16 0M12 13l3.5-4M6 18h12",
  macros: "M5 5h14v14H5zM10 9l5 3-5 3z",
  cancel: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9 9h6v6H9z",
  check: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12.3l2.8 2.7L16 9.5",
  warn: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17.2v.1",
  bad: "M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3zM9.2 9.2l5.6 5.6M14.8 9.2l-5.6 5.6",
  unknown:
    "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .9-1 1.7M12 16.8v.1",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5.5M12 7.7v.1",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.5V12l3 2",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  system: "M3.5 5h17v11h-17zM9 20h6M12 16v4",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.5c.8-3.6 3.7-5.5 7.5-5.5s6.7 1.9 7.5 5.5",
  leave: "M14 4H5v16h9M10 12h10.5M17 8.5l3.5 3.5-3.5 3.5",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.3 15.3 20.5 20.5",
  close: "M6 6l12 12M18 6 6 18",
  next: "M9 5.5l6.5 6.5L9 18.5",
  back: "M15 5.5 8.5 12l6.5 6.5",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M4.5 19.5h15",
  play: "M7.5 5v14l11.5-7z",
  stop: "M6.5 6.5h11v11h-11z",
  pause: "M8.5 5.5v13M15.5 5.5v13",
  refresh: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3M19.5 3.5v4.5H15",
  table: "M4 5.5h16v13H4zM4 10h16M10 10v8.5",
  chart: "M4 4.5v15h16M7.5 14.5l3.5-4.5 3 2.5 4.5-6",
  keyboard: "M3 6.5h18v11H3zM7 10.2v.1M10.5 10.2v.1M14 10.2v.1M17.5 10.2v.1M8 14h8",
  leaf: "M5 19c0-9 5-13.5 14.5-13.5C19.5 14.5 15 19 9 18.5M5 19.5c1.5-4 4-6.5 8-8",
  bolt: "M13 3 5.5 13.5H11L10 21l8-11h-5.5z",
  flame:
    "M12 3c.5 3.5 5.5 6 5.5 11a5.5 5.5 0 0 1-11 0c0-2.5 1.3-4 2.5-5.5.3 1.5 1 2.3 2 2.5C10.5 8 11 5.5 12 3z",
  eye: "M2.5 12c2.2-4 5.4-6 9.5-6s7.3 2 9.5 6c-2.2 4-5.4 6-9.5 6s-7.3-2-9.5-6zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4",
  link: "M8.5 12a3.5 3.5 0 1 0 7 0 3.5 3.5 0 1 0-7 0M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  broken: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM6 18 18 6",
  plus: "M12 5v14M5 12h14",
  lock: "M5.5 11h13v9h-13zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 14.5v2",
  tasks: "M4 4.5h6v5H4zM14 14.5h6v5h-6zM7 9.5V17h7",
  referee: "M12 4v16M8 20h8M5 7h14M5 7l-2.8 6.5h5.6zM19 7l-2.8 6.5h5.6z",
  more: "M5 5h5v5H5zM14 5h5v5h-5zM5 14h5v5H5zM14 14h5v5h-5z",
  game: "M7 8h10a4 4 0 0 1 4 4v2.5a2.5 2.5 0 0 1-4.6 1.3L15 14H9l-1.4 1.8A2.5 2.5 0 0 1 3 14.5V12a4 4 0 0 1 4-4zM8 10v3M6.5 11.5h3M15.5 10.5v.1M17.5 12.5v.1",
  book: "M5 5a2 2 0 0 1 2-2h12v15H7a2 2 0 0 0-2 2zM5 20a2 2 0 0 0 2 1h12v-3M9 7h6",
  settings:
    "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM9 14.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  bars: "M4.5 20h15M7 20v-6M12 20V9.5M17 20V5",
  rise: "M5 17.5 18.5 6M10 5.5h8.5V14",
  fall: "M5 6l13.5 11.5M18.5 9.5V18H10",
  flat: "M4 12h15.5M14 6.5l5.5 5.5-5.5 5.5",
  edit: "M5 19l.8-3.8L15.5 5.5l3 3L8.8 18.2z",
} as const;

export type IconName = keyof typeof kPaths;

interface IconProps {
  name: IconName;
  size?: number;
  label?: string;
  class?: string;
}

export function Icon({ name, size = 18, label, class: extra }: IconProps): JSX.Element {
  const naming = label
    ? { role: "img" as const, "aria-label": label }
    : { "aria-hidden": true as const };
  return (
    <svg
      class={extra ? `icon ${extra}` : "icon"}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      {...naming}
    >
      <path d={kPaths[name]} />
    </svg>
  );
}

/** The badge: a shield with a pulse. The same drawing as favicon.svg. */
export function Brand({ size = 28 }: { size?: number }): JSX.Element {
  return (
    <svg class="brand-mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect class="brand-ground" width="32" height="32" rx="9" />
      <path
        class="brand-shield"
        d="M16 5.5 6.5 9v7.2c0 5.2 3.9 8.6 9.5 10.8 5.6-2.2 9.5-5.6 9.5-10.8V9z"
      />
      <path class="brand-pulse" d="m9 17.5h3.4l2-4.7 3 8 2-3.3h3.6" />
    </svg>
  );
}
