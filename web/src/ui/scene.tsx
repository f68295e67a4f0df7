// The hills at the edge of the quiet pages (setup, login, not found). Colours come from the theme:
// a moon by night, a sun by day.

import type { JSX } from "preact";

export function Scene(): JSX.Element {
  return (
    <svg class="scene" viewBox="0 0 1440 420" preserveAspectRatio="xMidYMax slice" aria-hidden="true">
      <circle class="scene-disc" cx="1090" cy="120" r="46" />
      <path class="scene-hill far" d="M0 250C160 190 300 180 460 220s260 60 420 20 300-90 560-20v200H0z" />
      <path class="scene-hill mid" d="M0 300c180-50 330-40 500-5s330 50 520 0 300-50 420-20v145H0z" />
      <g class="scene-tower">
        <path d="M318 300l10-92h34l10 92zM316 208h58l-8-16h-42zM322 192l23-22 23 22z" />
        <path class="scene-window" d="M338 222h14v18h-14z" />
      </g>
      <path class="scene-hill near" d="M0 350c240-60 420-30 640-5s420 30 800-30v105H0z" />
      <g class="scene-trees">
        <path d="M980 352l16-46 16 46zM984 334l12-38 12 38zM1010 350l20-62 20 62zM1015 322l15-48 15 48zM1046 348l14-40 14 40z" />
        <path d="M130 336l16-48 16 48zM135 316l11-38 11 38zM160 338l13-40 13 40z" />
      </g>
    </svg>
  );
}
