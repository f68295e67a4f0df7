// The settings: a chunk of their own. Which tab a route shows, and who sees which tab.

import "../styles/settings.css";

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import type { SettingsTab } from "../lib/router";
import { may } from "../state/session";
import { PageHead } from "../ui/parts";
import { AccountTab } from "./account";
import { NoticesTab } from "./notices";
import { BackupsTab } from "./backups";
import { ConfigTab } from "./config";
import { RolesTab } from "./roles";
import { TokensTab } from "./tokens";
import { UsersTab } from "./users";

const kTabs: readonly { tab: SettingsTab; path: string; label: string; scope?: string }[] = [
  { tab: "account", path: "/settings", label: "Your account" },
  { tab: "tokens", path: "/settings/tokens", label: "API tokens" },
  { tab: "notices", path: "/settings/notices", label: "Notices", scope: "alerts:read" },
  { tab: "users", path: "/settings/users", label: "Users", scope: "users:read" },
  { tab: "roles", path: "/settings/roles", label: "Roles", scope: "users:read" },
  { tab: "config", path: "/settings/configuration", label: "Configuration", scope: "config:read" },
  { tab: "backups", path: "/settings/backups", label: "Backups", scope: "admin:read" },
];

export function SettingsPage({ tab }: { tab: SettingsTab }): JSX.Element {
  const tabs = useRef<HTMLElement>(null);
  useEffect(() => {
    // A phone shows four of them.
    tabs.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [tab]);
  return (
    <div class="page">
      <PageHead title="Settings" lead="Your account, and for administrators the whole installation." />
      <nav class="tabs" aria-label="Settings" ref={tabs}>
        {kTabs
          .filter(({ scope }) => !scope || may(scope))
          .map((one) => (
            <a
              key={one.tab}
              href={one.path}
              aria-current={one.tab === tab ? "page" : undefined}
            >
              {one.label}
            </a>
          ))}
      </nav>
      {tab === "account" && <AccountTab />}
      {tab === "tokens" && <TokensTab />}
      {tab === "notices" && <NoticesTab />}
      {tab === "users" && <UsersTab />}
      {tab === "roles" && <RolesTab />}
      {tab === "config" && <ConfigTab />}
      {tab === "backups" && <BackupsTab />}
    </div>
  );
}
