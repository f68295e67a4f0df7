// Help (?) and, on a phone, the pages.

import "../styles/help.css";

import type { JSX } from "preact";

import { route } from "../lib/router";
import { singleKeys } from "../state/prefs";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { kNav } from "./nav";
import { overlay } from "./overlay";

const close = (): void => {
  overlay.value = "none";
};

function Keys({ keys }: { keys: string }): JSX.Element {
  return (
    <span class="keys">
      {keys.split(" ").map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}

/** On a phone: the pages that the bar has no room for, and the palette. */
export function PagesDialog(): JSX.Element {
  const page = route.value.page;
  return (
    <Dialog title="Pages" onClose={close}>
      <ul class="page-list">
        {kNav.map((item) => (
          <li key={item.path}>
            <a
              href={item.path}
              aria-current={item.pages.includes(page) ? "page" : undefined}
              onClick={close}
            >
              <Icon name={item.icon} size={20} />
              {item.label}
            </a>
          </li>
        ))}
      </ul>
      <button
        type="button"
        class="button full"
        onClick={() => {
          overlay.value = "palette";
        }}
      >
        <Icon name="search" size={16} />
        Find anything
      </button>
      <a class="button full" href="/docs" target="_blank">
        <Icon name="book" size={16} />
        API reference
      </a>
    </Dialog>
  );
}

export function HelpDialog(): JSX.Element {
  const rows: readonly [string, string][] = [
    ...kNav.map((item) => [item.keys, `Go to ${item.label}`] as [string, string]),
    ["/", "Filter the list on this page"],
    ["Ctrl K", "Find anything"],
    ["?", "This help"],
    ["Esc", "Close"],
  ];
  return (
    <Dialog title="Keyboard shortcuts" onClose={close}>
      <dl class="shortcut-list">
        {rows.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <Keys keys={keys} />
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label class="check-row">
        <input
          type="checkbox"
          checked={singleKeys.value === "on"}
          onChange={(event) => {
            singleKeys.value = event.currentTarget.checked ? "on" : "off";
          }}
        />
        <span>
          Use single-letter shortcuts <small>(turn off if you dictate)</small>
        </span>
      </label>
    </Dialog>
  );
}
