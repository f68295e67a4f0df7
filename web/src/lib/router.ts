// The address bar as a signal. A dozen pages need no router library.

import { signal } from "@preact/signals";

export type SettingsTab =
  | "account"
  | "tokens"
  | "notices"
  | "users"
  | "roles"
  | "config"
  | "backups";

export type Route =
  | { page: "overview" }
  | { page: "macros" }
  | { page: "cancellations" }
  | { page: "cancellation"; id: string }
  | { page: "trends" }
  | { page: "locks" }
  | { page: "lane"; id: string }
  | { page: "tasks" }
  | { page: "graph"; id: string }
  | { page: "referee"; tab: "watch" | "review" | "replay" | "options" }
  | { page: "player"; id: string }
  | { page: "sessions" }
  | { page: "games" }
  | { page: "game"; id: string }
  | { page: "library" }
  | { page: "explore" }
  | { page: "logs" }
  | { page: "audit" }
  | { page: "story"; id: string }
  | { page: "settings"; tab: SettingsTab }
  | { page: "login" }
  | { page: "setup" }
  | { page: "not-found"; path: string };

/** Pages about one thing, by its id. */
const kDetails = [
  [/^\/cancellations\/([^/]+)$/, "cancellation"],
  [/^\/locks\/([^/]+)$/, "lane"],
  [/^\/tasks\/([^/]+)$/, "graph"],
  [/^\/logs\/story\/([^/]+)$/, "story"],
  [/^\/games\/([^/]+)$/, "game"],
  [/^\/referee\/players\/([^/]+)$/, "player"],
] as const;

/** The page that a path names. Paths are the daemon's too: it serves index.html for each. */
export function routeOf(path: string): Route {
  const clean = path.length > 1 ? path.replace(/\/+$/, "") : path;
  for (const [pattern, page] of kDetails) {
    const found = pattern.exec(clean)?.[1];
    if (!found) continue;
    try {
      return { page, id: decodeURIComponent(found) };
    } catch {
      return { page: "not-found", path };
    }
  }
  switch (clean) {
    case "":
    case "/":
    case "/overview":
      return { page: "overview" };
    case "/macro-safety":
      return { page: "macros" };
    case "/cancellations":
      return { page: "cancellations" };
    case "/trends":
      return { page: "trends" };
    case "/locks":
      return { page: "locks" };
    case "/tasks":
      return { page: "tasks" };
    case "/referee":
      return { page: "referee", tab: "watch" };
    case "/referee/review":
      return { page: "referee", tab: "review" };
    case "/referee/replay":
      return { page: "referee", tab: "replay" };
    case "/referee/options":
      return { page: "referee", tab: "options" };
    case "/games":
      return { page: "games" };
    case "/library":
      return { page: "library" };
    case "/sessions":
      return { page: "sessions" };
    case "/explore":
      return { page: "explore" };
    case "/logs":
      return { page: "logs" };
    case "/logs/audit":
      return { page: "audit" };
    case "/settings":
      return { page: "settings", tab: "account" };
    case "/settings/tokens":
      return { page: "settings", tab: "tokens" };
    case "/settings/users":
      return { page: "settings", tab: "users" };
    case "/settings/roles":
      return { page: "settings", tab: "roles" };
    case "/settings/notices":
      return { page: "settings", tab: "notices" };
    case "/settings/configuration":
      return { page: "settings", tab: "config" };
    case "/settings/backups":
      return { page: "settings", tab: "backups" };
    case "/login":
      return { page: "login" };
    case "/setup":
      return { page: "setup" };
    default:
      return { page: "not-found", path };
  }
}

export const route = signal<Route>({ page: "overview" });

/** Goes to a page of ours. `replace`: the old page is not to be gone back to. */
export function navigate(path: string, replace = false): void {
  if (replace) history.replaceState(null, "", path);
  else if (path !== location.pathname) history.pushState(null, "", path);
  route.value = routeOf(location.pathname);
  if (!replace) scrollTo(0, 0);
}

function isPlainClick(event: MouseEvent): boolean {
  const modified = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  return event.button === 0 && !modified && !event.defaultPrevented;
}

/** Makes ordinary links navigate in place, and follows back and forward. */
export function startRouter(): void {
  route.value = routeOf(location.pathname);
  addEventListener("popstate", () => {
    route.value = routeOf(location.pathname);
  });
  document.addEventListener("click", (event) => {
    const link = (event.target as Element | null)?.closest?.("a");
    if (!link || !isPlainClick(event) || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || link.pathname.startsWith("/api/")) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    navigate(link.pathname);
  });
}
