// The palette (Ctrl-K): finds pages, what runs, games, players, settings, and does things.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { search } from "../lib/fuzzy";
import { navigate } from "../lib/router";
import { retryNow } from "../state/live";
import { theme } from "../state/prefs";
import { may } from "../state/session";
import { Dialog } from "../ui/dialog";
import type { PaletteItem } from "../palette/item";
import { Icon } from "../ui/icons";
import { kNav } from "./nav";
import { overlay } from "./overlay";

const close = (): void => {
  overlay.value = "none";
};

/** What is found without the daemon: pages, and what this browser does by itself. */
function ownItems(): PaletteItem[] {
  const go = (path: string) => () => navigate(path);
  const allowed = (scope?: string): boolean => !scope || may(scope);
  return [
    ...kNav.filter(({ scope }) => allowed(scope)).map((item) => ({
      icon: item.icon,
      label: item.label,
      hint: item.keys,
      run: go(item.path),
    })),
    ...(["light", "dark", "system"] as const).map((name) => ({
      icon:
        name === "light"
          ? ("sun" as const)
          : name === "dark"
            ? ("moon" as const)
            : ("system" as const),
      label: `Theme: ${name}`,
      hint: "appearance",
      run: () => {
        theme.value = name;
      },
    })),
    { icon: "refresh", label: "Read everything again", hint: "connection", run: retryNow },
    {
      icon: "keyboard",
      label: "Keyboard shortcuts",
      hint: "?",
      run: () => {
        overlay.value = "help";
      },
    },
  ];
}

/** More than fit on a screen are for a longer query. Chosen. */
const kShown = 12;

export function Palette(): JSX.Element {
  const [query, setQuery] = useState("");
  const [picked, setPicked] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const own = useMemo(ownItems, []);
  const [things, setThings] = useState<readonly PaletteItem[]>([]);
  useEffect(() => {
    let shown = true;
    const add = (items: readonly PaletteItem[]): void => {
      if (shown) setThings((before) => [...before, ...items]);
    };
    // Without the daemon the pages and this browser's own actions are found still.
    void import("../palette/things").then(({ readThings }) => readThings(add), () => {});
    return () => {
      shown = false;
    };
  }, []);
  const found = search([...own, ...things], query, kShown);
  const at = Math.min(picked, Math.max(0, found.length - 1));
  const run = (command: PaletteItem | undefined): void => {
    if (!command) return;
    close();
    command.run();
  };
  const move = (by: number): void => {
    const next = (at + by + found.length) % Math.max(1, found.length);
    setPicked(next);
    list.current?.children[next]?.scrollIntoView({ block: "nearest" });
  };
  return (
    <Dialog title="Find anything" onClose={close} bare>
      <div class="palette-input">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label="Find a page, a game, a player, an action"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={found.length > 0 ? `palette-${at}` : undefined}
          aria-autocomplete="list"
          placeholder="Find a page, a game, a player, an action"
          value={query}
          autofocus
          onInput={(event) => {
            setQuery(event.currentTarget.value);
            setPicked(0);
          }}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown") move(1);
            else if (event.key === "ArrowUp") move(-1);
            else if (event.key === "Enter") run(found[at]);
            else return;
            event.preventDefault();
          }}
        />
        <kbd>Esc</kbd>
      </div>
      <ul class="palette-list" id="palette-list" role="listbox" aria-label="Results" ref={list}>
        {found.map((command, i) => (
          <li
            key={`${command.label}${command.hint}`}
            id={`palette-${i}`}
            role="option"
            aria-selected={i === at}
            onPointerMove={() => setPicked(i)}
            onClick={() => run(command)}
          >
            <Icon name={command.icon} />
            <span class="palette-label">{command.label}</span>
            <span class="palette-hint">{command.hint}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && (
        <p class="palette-none" role="status">
          Nothing by that name.
        </p>
      )}
    </Dialog>
  );
}
