// Every automatic cancellation, newest first.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { api } from "../api/client";
import type { Cancellation } from "../api/types";
import { formatMoment, formatMs } from "../lib/format";
import { readableReason } from "../lib/rule";
import { navigate } from "../lib/router";
import { now } from "../state/clock";
import { problems, recent, recentCursor, refresh } from "../state/live";
import { appendPage } from "../state/reduce";
import { toast } from "../state/toasts";
import { FilterBox } from "../ui/filter";
import { Ago, Button, Empty, Failure, Loading, PageHead } from "../ui/parts";
import { OutcomeChip } from "../ui/words";

function matches(event: Cancellation, filter: string): boolean {
  const text =
    `${event.macro_id} ${event.macro_name} ${event.cancellation_reason} ${event.rule} ${event.outcome}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** How long the macro took to be gone after the decision. */
function Speed({ event }: { event: Cancellation }): JSX.Element {
  if (event.gone_ms !== null) return <>{formatMs(event.gone_ms)}</>;
  const text = event.outcome === "watched" ? "left running" : "not seen to end";
  return <span class="unknown">{text}</span>;
}

function Row({ event }: { event: Cancellation }): JSX.Element {
  const path = `/cancellations/${encodeURIComponent(event.id)}`;
  const open = (click: MouseEvent): void => {
    if (!(click.target as Element).closest("a") && !getSelection()?.toString()) navigate(path);
  };
  return (
    <tr class="clickable" onClick={open}>
      <td class="cell-when">
        <span class="num">{formatMoment(event.timestamp, now.value)}</span>
        <br />
        <small>
          <Ago at={event.timestamp} />
        </small>
      </td>
      <th scope="row" class="cell-macro">
        <a href={path}>{event.macro_name}</a>
        <br />
        <code>{event.macro_id}</code>
      </th>
      <td class="cell-reason">{readableReason(event.cancellation_reason)}</td>
      <td class="cell-outcome">
        <OutcomeChip outcome={event.outcome} />
      </td>
      <td class="cell-gone right num">
        <Speed event={event} />
      </td>
    </tr>
  );
}

function List({ filter }: { filter: string }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const events = recent.value;
  if (events === null) {
    return problems.value.cancellations ? (
      <Failure
        title="The cancellations could not be read"
        message={problems.value.cancellations}
        onRetry={() => void refresh("cancellations")}
      />
    ) : (
      <Loading rows={6} label="Reading the cancellations" />
    );
  }
  if (events.length === 0) {
    return (
      <Empty icon="shield" title="Nothing has been cancelled">
        <p>
          When a macro crosses one of its limits, Gamekeeper stops it and keeps the minute before
          and the half minute after as evidence, here.
        </p>
        <p>
          <a href="/macro-safety">See what is running</a>
        </p>
      </Empty>
    );
  }
  const shown = events.filter((event) => matches(event, filter));
  const more = async (): Promise<void> => {
    setBusy(true);
    try {
      const page = await api.cancellations(recentCursor.value, 100);
      recent.value = appendPage(recent.value ?? [], page.items);
      recentCursor.value = page.next_cursor;
    } catch (error) {
      toast("bad", `Older cancellations could not be read. ${(error as Error).message}`);
    }
    setBusy(false);
  };
  return (
    <>
      {shown.length === 0 ? (
        <Empty icon="search" title="No cancellation matches">
          <p>
            {recentCursor.value
              ? "The filter looks at what is loaded; load more to search further back."
              : "Clear the filter to see all."}
          </p>
        </Empty>
      ) : (
        <div class="table-scroll" tabIndex={0} role="region" aria-label="Cancellations">
          <table class="stacking">
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Macro</th>
                <th scope="col">Reason</th>
                <th scope="col">Outcome</th>
                <th scope="col" class="right">
                  Gone after
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((event) => (
                <Row key={event.id} event={event} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {recentCursor.value && (
        <p class="load-more">
          <Button busy={busy} onClick={() => void more()}>
            {busy ? "Loading…" : "Load older ones"}
          </Button>
        </p>
      )}
    </>
  );
}

export function CancellationsPage(): JSX.Element {
  const [filter, setFilter] = useState("");
  return (
    <div class="page">
      <PageHead
        title="Cancellations"
        lead="What was stopped, why, and how fast. Each one keeps its evidence."
      >
        <FilterBox value={filter} onChange={setFilter} label="Filter cancellations" />
      </PageHead>
      <section class="card" aria-label="Cancellations">
        <List filter={filter} />
      </section>
    </div>
  );
}
