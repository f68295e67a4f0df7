// What surrounds every page: the top bar with its sentence of truth, the navigation, the notices.

import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";

import { formatTime } from "../lib/format";
import { KeyReader } from "../lib/keys";
import { navigate, route } from "../lib/router";
import { isStale, link, retryNow, truth } from "../state/live";
import { now } from "../state/clock";
import { singleKeys } from "../state/prefs";
import { dismissToast, toasts } from "../state/toasts";
import { Brand, Icon, type IconName } from "../ui/icons";
import { Dialog } from "../ui/dialog";
import { Later } from "../ui/later";
import { Button } from "../ui/parts";
import { kMoodIcon } from "../ui/words";
import { EmergencyStop } from "./emergency";
import { ThemeToggle, UserMenu } from "./menus";
import { kNav } from "./nav";
import { overlay } from "./overlay";
import { Palette } from "./palette";

function Connection(): JSX.Element {
  const state = link.value;
  const looks: Record<typeof state.state, { icon: IconName; word: string; tone: string }> = {
    live: { icon: "link", word: "Live", tone: "good" },
    connecting: { icon: "refresh", word: "Connecting", tone: "quiet" },
    reconnecting: { icon: "refresh", word: "Reconnecting", tone: "warn" },
    stale: {
      icon: "broken",
      word: state.state === "stale" ? `Stale since ${formatTime(state.since)}` : "",
      tone: "bad",
    },
  };
  const look = looks[state.state];
  return (
    <span class={`connection tone-${look.tone}`} role="status">
      <Icon name={look.icon} size={15} />
      <span>{look.word}</span>
    </span>
  );
}

function TopBar(): JSX.Element {
  const { mood, short } = truth.value;
  return (
    <header class="topbar">
      <a class="brand" href="/" aria-label="Gamekeeper, overview">
        <Brand />
        <span class="brand-name">Gamekeeper</span>
      </a>
      <p class={`truth tone-${mood}`} role="status">
        <Icon name={kMoodIcon[mood]} size={18} />
        <span>{short}</span>
      </p>
      <Connection />
      <div class="topbar-tools">
        <ThemeToggle />
        <UserMenu />
        <EmergencyStop />
      </div>
    </header>
  );
}

function Navigation(): JSX.Element {
  const page = route.value.page;
  const inMore = kNav.some((item) => item.extra && item.pages.includes(page));
  return (
    <nav class="nav" aria-label="Pages">
      <ul>
        {kNav.map((item) => (
          <li key={item.path} class={item.extra && "nav-extra"}>
            <a
              href={item.path}
              aria-current={item.pages.includes(page) ? "page" : undefined}
              aria-keyshortcuts={item.keys}
            >
              <Icon name={item.icon} size={20} />
              <span>{item.label}</span>
            </a>
          </li>
        ))}
      </ul>
      <button
        type="button"
        class="nav-find"
        onClick={() => {
          overlay.value = "palette";
        }}
      >
        <Icon name="search" size={16} />
        <span>Find</span>
        <kbd>Ctrl K</kbd>
      </button>
      <button
        type="button"
        class={inMore ? "nav-more current" : "nav-more"}
        aria-haspopup="dialog"
        onClick={() => {
          overlay.value = "pages";
        }}
      >
        <Icon name="more" size={20} />
        <span>More{inMore && <span class="sr-only"> (this page)</span>}</span>
      </button>
    </nav>
  );
}

function StaleNotice(): JSX.Element | null {
  const state = link.value;
  if (state.state !== "stale") return null;
  const wait =
    state.retryAt === null ? null : Math.max(0, Math.ceil((state.retryAt - now.value) / 1000));
  return (
    <div class="notice tone-bad" role="alert">
      <Icon name="broken" />
      <p>
        <strong>No contact with Gamekeeper since {formatTime(state.since)}.</strong> Numbers below
        are from then. Check that gamekeeperd is running.
        {wait !== null && (
          <span class="notice-wait" aria-hidden="true">
            {" "}
            Next try in {wait} s.
          </span>
        )}
      </p>
      <Button icon="refresh" onClick={retryNow}>
        Try now
      </Button>
    </div>
  );
}

const kToastIcon = { good: "check", info: "info", warn: "warn", bad: "bad" } as const;

export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="log" aria-label="Messages" aria-live="polite">
      {toasts.value.map((toast) => (
        <div key={toast.id} class={`toast tone-${toast.tone}`}>
          <Icon name={kToastIcon[toast.tone]} />
          <p>{toast.text}</p>
          <button
            type="button"
            class="icon-button small"
            aria-label="Dismiss"
            onClick={() => dismissToast(toast.id)}
          >
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest?.("input, textarea, select, [contenteditable]");
}

function useShortcuts(): void {
  useEffect(() => {
    const reader = new KeyReader();
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return;
      const action = reader.press(
        {
          key: event.key,
          ctrl: event.ctrlKey,
          meta: event.metaKey,
          alt: event.altKey,
          typing: isTyping(event.target),
        },
        event.timeStamp,
        singleKeys.value === "on",
      );
      if (!action || (document.querySelector("dialog[open]") && action !== "palette")) return;
      event.preventDefault();
      if (action === "help" || action === "palette") overlay.value = action;
      else if (action === "filter")
        document.querySelector<HTMLInputElement>("[data-filter]")?.focus();
      else
        navigate(
          {
            "go-overview": "/",
            "go-macros": "/macro-safety",
            "go-cancellations": "/cancellations",
            "go-trends": "/trends",
            "go-locks": "/locks",
            "go-tasks": "/tasks",
            "go-referee": "/referee",
            "go-library": "/library",
            "go-games": "/games",
            "go-sessions": "/sessions",
            "go-explore": "/explore",
            "go-logs": "/logs",
            "go-settings": "/settings",
          }[action],
        );
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

/** Moves the focus to the heading of a page that was navigated to, but not of the first one. */
function useFocusOnNavigation(): void {
  const key = JSON.stringify(route.value);
  useEffect(() => {
    if (!navigatedOnce) {
      navigatedOnce = true;
      return;
    }
    document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
  }, [key]);
}
let navigatedOnce = false;

const loadHelp = () => import("./dialogs").then(({ HelpDialog }) => HelpDialog);
const loadPages = () => import("./dialogs").then(({ PagesDialog }) => PagesDialog);

function dialogMeanwhile(failed: boolean): JSX.Element {
  if (!failed) return <></>;
  const close = (): void => {
    overlay.value = "none";
  };
  return (
    <Dialog title="Not loaded" onClose={close}>
      <p>Gamekeeper does not answer, or was updated meanwhile. Reload the page.</p>
    </Dialog>
  );
}

export function Frame({ children }: { children: ComponentChildren }): JSX.Element {
  useShortcuts();
  useFocusOnNavigation();
  return (
    <div class="frame">
      <a class="skip" href="#main">
        Skip to content
      </a>
      <TopBar />
      <Navigation />
      <main id="main" tabIndex={-1} data-stale={isStale.value || undefined}>
        <StaleNotice />
        {children}
      </main>
      {overlay.value === "help" && <Later title="" load={loadHelp} props={{}} meanwhile={dialogMeanwhile} />}
      {overlay.value === "palette" && <Palette />}
      {overlay.value === "pages" && <Later title="" load={loadPages} props={{}} meanwhile={dialogMeanwhile} />}
    </div>
  );
}
