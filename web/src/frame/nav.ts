// The pages that the navigation, the palette and the shortcuts lead to.

import type { Route } from "../lib/router";
import type { IconName } from "../ui/icons";

export interface NavItem {
  path: string;
  label: string;
  icon: IconName;
  keys: string;
  pages: readonly Route["page"][];
  /** Whoever lacks it sees there why; the palette leaves it out. */
  scope?: string;
  /** On a phone it is behind "More". */
  extra?: true;
}

export const kNav: readonly NavItem[] = [
  { path: "/", label: "Overview", icon: "home", keys: "g o", pages: ["overview"] },
  { path: "/macro-safety", label: "Macros", icon: "macros", keys: "g m", scope: "macros:read", pages: ["macros"] },
  {
    path: "/cancellations",
    label: "Cancellations",
    icon: "cancel",
    keys: "g c",
    scope: "macros:read",
    pages: ["cancellations", "cancellation"],
    extra: true,
  },
  {
    path: "/trends",
    label: "Trends",
    icon: "bars",
    keys: "g d",
    scope: "macros:read",
    pages: ["trends"],
    extra: true,
  },
  {
    path: "/library",
    label: "Library",
    icon: "book",
    keys: "g b",
    scope: "macros:read",
    pages: ["library"],
    extra: true,
  },
  {
    path: "/games",
    label: "Games",
    icon: "game",
    keys: "g p",
    scope: "games:read",
    pages: ["games", "game"],
    extra: true,
  },
  {
    path: "/sessions",
    label: "Sessions",
    icon: "user",
    keys: "g n",
    scope: "sessions:read",
    pages: ["sessions"],
    extra: true,
  },
  { path: "/locks", label: "Locks", icon: "lock", keys: "g l", scope: "locks:read", pages: ["locks", "lane"] },
  {
    path: "/tasks",
    label: "Tasks",
    icon: "tasks",
    keys: "g t",
    scope: "tasks:read",
    pages: ["tasks", "graph"],
    extra: true,
  },
  {
    path: "/referee",
    label: "Referee",
    icon: "referee",
    keys: "g r",
    scope: "anticheat:read",
    pages: ["referee", "player"],
  },
  {
    path: "/explore",
    label: "Metrics",
    icon: "chart",
    keys: "g e",
    scope: "metrics:read",
    pages: ["explore"],
    extra: true,
  },
  {
    path: "/logs",
    label: "Logs & audit",
    icon: "eye",
    keys: "g a",
    scope: "logs:read",
    pages: ["logs", "audit", "story"],
    extra: true,
  },
  {
    path: "/settings",
    label: "Settings",
    icon: "settings",
    keys: "g s",
    pages: ["settings"],
    extra: true,
  },
];

/** The title of the page while its own is not there yet. */
export function titleOf(page: Route["page"]): string {
  return kNav.find((item) => item.pages.includes(page))?.label ?? "";
}
