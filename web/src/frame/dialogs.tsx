// Help (?) and the palette (Ctrl-K).

import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";

import { navigate, route } from "../lib/router";
import { readableReason } from "../lib/rule";
import { macros, recent, retryNow } from "../state/live";
import { singleKeys, theme } from "../state/prefs";
import { signOut } from "../state/session";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { Icon, type IconName } from "../ui/icons";
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

interface Command {
  icon: IconName;
  label: string;
  hint: string;
  run: () => void;
}

function commands(): Command[] {
  const go = (path: string) => () => navigate(path);
  return [
    ...kNav.map((item) => ({
      icon: item.icon,
      label: item.label,
      hint: item.keys,
      run: go(item.path),
    })),
    ...(macros.value ?? []).map((macro) => ({
      icon: "play" as const,
      label: macro.macro_name,
      hint: `running · ${macro.macro_id}`,
      run: go("/macro-safety"),
    })),
    ...(recent.value ?? []).slice(0, 20).map((event) => ({
      icon: "cancel" as const,
      label: `${event.macro_name}: ${readableReason(event.cancellation_reason)}`,
      hint: "cancellation",
      run: go(`/cancellations/${encodeURIComponent(event.id)}`),
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
    {
      icon: "leave",
      label: "Sign out",
      hint: "account",
      run: () => {
        signOut().catch((error: Error) => toast("bad", error.message));
      },
    },
  ];
}

/** Every word of `query` occurs somewhere in the command. */
function matches(command: Command, query: string): boolean {
  const text = `${command.label} ${command.hint}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export function Palette(): JSX.Element {
  const [query, setQuery] = useState("");
  const [picked, setPicked] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const all = useMemo(commands, []);
  const found = all.filter((command) => matches(command, query)).slice(0, 12);
  const at = Math.min(picked, Math.max(0, found.length - 1));
  const run = (command: Command | undefined): void => {
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
          aria-label="Find a page, a macro or a command"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={found.length > 0 ? `palette-${at}` : undefined}
          aria-autocomplete="list"
          placeholder="Find a page, a macro or a command"
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
