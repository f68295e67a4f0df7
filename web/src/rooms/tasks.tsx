// Tasks: the graphs that were submitted, newest first.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { type TaskGraph, tasksApi } from "../api/rooms";
import { plural } from "../lib/format";
import type { Follower } from "../state/live";
import { resource, why } from "../state/resource";
import { mergeGraphs, readGraphs } from "../state/rooms";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { FilterBox } from "../ui/filter";
import { Icon } from "../ui/icons";
import { Ago, Button, Empty, PageHead } from "../ui/parts";
import { Await, LookOnly, useFollow } from "./shared";
import { SubmitDialog } from "./submit";
import { countsText, isOver, nameOf, Progress, TaskChip } from "./task-words";

const cursor = signal<string | null>(null);
const graphs = resource<TaskGraph[]>(async () => {
  const page = await tasksApi.graphs();
  cursor.value = page.next_cursor;
  return mergeGraphs(page.items, []);
});

function follower(): Follower {
  return {
    topics: {
      "task:updated": (data) => {
        const fresh = readGraphs(data);
        if (fresh && graphs.value.value !== null)
          graphs.set(mergeGraphs(graphs.value.value, fresh));
        else void graphs.read();
      },
    },
    read: () => void graphs.read(),
  };
}

function Row({ graph }: { graph: TaskGraph }): JSX.Element {
  return (
    <li>
      <a class="row graph-row" href={`/tasks/${encodeURIComponent(graph.id)}`}>
        <span class="row-main">
          <span class="row-title">{nameOf(graph)}</span>
          <Progress graph={graph} />
          <span class="row-text">{countsText(graph)}</span>
        </span>
        <span class="row-note">
          <Ago at={graph.submitted_at} />
        </span>
        <TaskChip state={graph.state} />
        <Icon name="next" size={16} class="row-arrow" />
      </a>
    </li>
  );
}

function matches(graph: TaskGraph, filter: string): boolean {
  const names = (graph.tasks ?? []).map((task) => task.name).join(" ");
  const text = `${graph.id} ${graph.name ?? ""} ${graph.state} ${names}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function List(props: { filter: string; onSubmit: () => void }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const more = async (from: string): Promise<void> => {
    setBusy(true);
    try {
      const page = await tasksApi.moreGraphs(from);
      graphs.set(mergeGraphs(page.items, graphs.value.value ?? []));
      cursor.value = page.next_cursor;
    } catch (error) {
      toast("bad", `Older graphs could not be read. ${why(error)}`);
    }
    setBusy(false);
  };
  return (
    <Await of={graphs} what="the task graphs" scope="tasks:read" rows={5}>
      {(list) => {
        if (list.length === 0)
          return (
            <Empty icon="tasks" title="No task was submitted yet">
              <p>
                A graph is a list of tasks and what each depends on. A task starts when all of its
                dependencies are done and a worker is free.
              </p>
              <p>
                <code>gamekeeper task run graph.json</code>
              </p>
              {may("tasks:run") && (
                <Button icon="plus" kind="primary" onClick={props.onSubmit}>
                  Submit a graph
                </Button>
              )}
            </Empty>
          );
        const shown = list.filter((graph) => matches(graph, props.filter));
        return (
          <>
            {shown.length === 0 ? (
              <Empty icon="search" title="No graph matches">
                <p>Clear the filter to see all {list.length}.</p>
              </Empty>
            ) : (
              <ul class="rows">
                {shown.map((graph) => (
                  <Row key={graph.id} graph={graph} />
                ))}
              </ul>
            )}
            {cursor.value !== null && (
              <p class="load-more">
                <Button busy={busy} onClick={() => void more(cursor.value ?? "")}>
                  {busy ? "Loading…" : "Load older ones"}
                </Button>
              </p>
            )}
          </>
        );
      }}
    </Await>
  );
}

export function TasksPage(): JSX.Element {
  const [filter, setFilter] = useState("");
  const [open, setOpen] = useState(false);
  useFollow(follower);
  const list = graphs.value.value;
  const running = list?.filter((graph) => !isOver(graph)).length ?? 0;
  const failed = list?.filter((graph) => (graph.counts.failed ?? 0) > 0).length ?? 0;
  const canRun = may("tasks:run");
  return (
    <div class="page">
      <PageHead
        title="Tasks"
        lead={
          list === null
            ? "Work in graphs: what depends on what, and how far it is."
            : `${plural(running, "graph")} under way · ${failed} with a failed task`
        }
      >
        <FilterBox value={filter} onChange={setFilter} label="Filter graphs" />
        {canRun && (
          <Button kind="primary" icon="plus" onClick={() => setOpen(true)}>
            Submit a graph
          </Button>
        )}
      </PageHead>
      {!canRun && <LookOnly scope="tasks:run" />}
      <section class="card" aria-label="Graphs">
        <List filter={filter} onSubmit={() => setOpen(true)} />
      </section>
      {open && <SubmitDialog onClose={() => setOpen(false)} />}
    </div>
  );
}
