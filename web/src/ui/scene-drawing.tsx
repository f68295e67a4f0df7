// The hills at the edge of the quiet pages (setup, login, not found). Colours come from the theme:
// a moon by night, a sun by day.

import "../styles/scene.css";

import type { JSX } from "preact";

export function SceneDrawing(): JSX.Element {
  return (
    <svg
      class="scene"
      viewBox="0 0 1440 420"
      preserveAspectRatio="xMidYMax slice"
      aria-hidden="true"
    >
      <g class="scene-stars">
        <path d="M210 70h.1M420 130h.1M560 40h.1M760 96h.1M880 30h.1M1290 60h.1M1380 150h.1M60 150h.1M690 170h.1M1230 190h.1" />
      </g>
      <circle class="scene-halo" cx="1130" cy="112" r="92" />
      <circle class="scene-disc" cx="1130" cy="112" r="42" />
      <path
        class="scene-hill far"
        d="M0 250C160 190 300 180 460 220s260 60 420 20 300-90 560-20v200H0z"
      />
      <g class="scene-tower">
        <path d="M312 330l14-122h38l14 122zM320 208h50l-6-18h-38zM326 190l19-24 19 24z" />
        <path class="scene-window" d="M338 220h14v20h-14z" />
      </g>
      <path
        class="scene-hill mid"
        d="M0 300c180-50 330-40 500-5s330 50 520 0 300-50 420-20v145H0z"
      />
      <g class="scene-trees">
        <path d="M970 390l20-66 20 66zM976 346l14-46 14 46zM1006 396l24-84 24 84zM1012 336l18-60 18 60zM1048 390l17-56 17 56zM1240 380l18-62 18 62zM1245 338l13-44 13 44z" />
        <path d="M120 370l20-66 20 66zM126 322l14-48 14 48zM156 366l17-54 17 54z" />
      </g>
      <path class="scene-hill near" d="M0 350c240-60 420-30 640-5s420 30 800-30v105H0z" />
    </svg>
  );
}
