// Macros that may not start again yet, and the way out for an administrator.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { macrosApi } from "../api/macros";
import type { QuarantineItem } from "../api/types";
import { formatMoment } from "../lib/format";
import { now } from "../state/clock";
import { recent } from "../state/live";
import { resource, why } from "../state/resource";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { Button, Section } from "../ui/parts";

const list = resource(async () => (await macrosApi.quarantine()).items);

async function lift(item: QuarantineItem): Promise<void> {
  try {
    await macrosApi.lift(item.macro_id);
    toast("good", `${item.macro_id} may start again.`);
  } catch (error) {
    toast("bad", `${item.macro_id} stays in quarantine. ${why(error)}`);
  }
  void list.read();
}

function untilText(item: QuarantineItem): string {
  if (item.needs_confirmation) return "until an administrator lets it out";
  const isOver = Date.parse(item.until) <= now.value;
  return isOver ? "its next start is a trial" : `until ${formatMoment(item.until, now.value)}`;
}

function Row({ item }: { item: QuarantineItem }): JSX.Element {
  const [busy, setBusy] = useState(false);
  return (
    <tr>
      <th scope="row">
        <code>{item.macro_id}</code>
      </th>
      <td class="right num">{item.strikes}</td>
      <td>{untilText(item)}</td>
      <td>{item.reason}</td>
      <td class="right">
        <Button
          class="small"
          icon="play"
          busy={busy}
          disabled={!may("macros:admin")}
          aria-label={`Let out ${item.macro_id}`}
          onClick={() => {
            setBusy(true);
            void lift(item).finally(() => setBusy(false));
          }}
        >
          Let out
        </Button>
      </td>
    </tr>
  );
}

/** Nothing at all while nothing is in it: it is the exception. */
export function Quarantine(): JSX.Element | null {
  const newest = recent.value?.[0]?.id;
  useEffect(() => void list.read(), [newest]);
  const items = list.value.value ?? [];
  if (items.length === 0) return null;
  return (
    <Section
      title="Quarantine"
      id="quarantine"
      note="Cancelled lately. Each further time the wait doubles; after the third somebody has to agree."
    >
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Macros in quarantine">
        <table>
          <thead>
            <tr>
              <th scope="col">Macro</th>
              <th scope="col" class="right">
                Times in a row
              </th>
              <th scope="col">Kept out</th>
              <th scope="col">Why</th>
              <th scope="col">
                <span class="sr-only">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <Row key={item.macro_id} item={item} />
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
