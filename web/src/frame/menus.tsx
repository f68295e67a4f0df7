// The theme toggle and the user's menu.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { type Theme, theme } from "../state/prefs";
import { signOut, user } from "../state/session";
import { toast } from "../state/toasts";
import { Icon, type IconName } from "../ui/icons";
import { overlay } from "./overlay";

const kThemes: readonly { value: Theme; icon: IconName; word: string }[] = [
  { value: "system", icon: "system", word: "System" },
  { value: "light", icon: "sun", word: "Light" },
  { value: "dark", icon: "moon", word: "Dark" },
];

export function ThemeToggle(): JSX.Element {
  const at = kThemes.findIndex((entry) => entry.value === theme.value);
  const current = kThemes[at] ?? kThemes[0]!;
  const next = kThemes[(at + 1) % kThemes.length]!;
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Theme: ${current.word}. Change to ${next.word}`}
      title={`Theme: ${current.word}`}
      onClick={() => {
        theme.value = next.value;
      }}
    >
      <Icon name={current.icon} />
    </button>
  );
}

export function UserMenu(): JSX.Element | null {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const onOutside = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", onOutside);
    document.addEventListener("focusin", onOutside);
    return () => {
      document.removeEventListener("pointerdown", onOutside);
      document.removeEventListener("focusin", onOutside);
    };
  }, [open]);
  const who = user.value;
  if (!who) return null;
  const leave = (): void => {
    signOut().catch((error: Error) => toast("bad", `You are still signed in. ${error.message}`));
  };
  return (
    <div
      class="menu"
      ref={box}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        setOpen(false);
        opener.current?.focus();
      }}
    >
      <button
        type="button"
        class="icon-button"
        ref={opener}
        aria-expanded={open}
        aria-controls="user-menu"
        aria-label={`Signed in as ${who.username}`}
        onClick={() => setOpen(!open)}
      >
        <Icon name="user" />
      </button>
      {open && (
        <div class="menu-list" id="user-menu">
          <p class="menu-who">
            <strong>{who.username}</strong>
            <span>{who.role}</span>
          </p>
          <a href="/settings" onClick={() => setOpen(false)}>
            <Icon name="settings" /> Settings
          </a>
          <button
            type="button"
            onClick={() => {
              setOpen(false);
              overlay.value = "help";
            }}
          >
            <Icon name="keyboard" /> Shortcuts
          </button>
          <a href="/docs" target="_blank" onClick={() => setOpen(false)}>
            <Icon name="book" /> API reference
          </a>
          <button type="button" onClick={leave}>
            <Icon name="leave" /> Sign out
          </button>
        </div>
      )}
    </div>
  );
}
