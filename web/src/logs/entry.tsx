// Logs and audit: what the daemon did, and what people changed. A chunk of their own.

import "../styles/logs.css";

import type { JSX } from "preact";

import type { Route } from "../lib/router";
import { PageHead } from "../ui/parts";
import { AuditTab } from "./audit";
import { LogTab, StoryPage } from "./log";

export function LogsPage({ at }: { at: Route }): JSX.Element {
  if (at.page === "story") return <StoryPage key={at.id} id={at.id} />;
  const audit = at.page === "audit";
  return (
    <div class="page">
      <PageHead
        title={audit ? "Audit" : "Logs"}
        lead={audit ? "Who changed what, and whether anybody changed the record." : "What the daemon did."}
      />
      <nav class="tabs" aria-label="Logs">
        <a href="/logs" aria-current={audit ? undefined : "page"}>
          Log
        </a>
        <a href="/logs/audit" aria-current={audit ? "page" : undefined}>
          Audit
        </a>
      </nav>
      {audit ? <AuditTab /> : <LogTab />}
    </div>
  );
}
