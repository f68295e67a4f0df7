// Logs and audit: what the daemon did, and what people changed. A chunk of their own.

import "../styles/logs.css";

import type { JSX } from "preact";

import { PageHead } from "../ui/parts";
import { AuditTab } from "./audit";

export function LogsPage(): JSX.Element {
  return (
    <div class="page">
      <PageHead title="Audit" lead="Who changed what, and whether anybody changed the record." />
      <AuditTab />
    </div>
  );
}
