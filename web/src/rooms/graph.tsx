// One graph of tasks: the drawing or the list, and the task that was picked.

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { type Task, type TaskGraph, tasksApi } from "../api/rooms";
import { formatTimeSeconds, plural } from "../lib/format";
import { now } from "../state/clock";
import { isStale } from "../state/live";
import { graphView } from "../state/prefs";
import { resource, why } from "../state/resource";
import { applyTask, hasEnded, readGraphs, totalOf } from "../state/rooms";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { Ago, Button, Empty, kChartOrTable, PageHead, Section, Segmented } from "../ui/parts";
import { DagView } from "./dag-view";
import { Await, LookOnly, seconds, useFollow } from "./shared";
import { countsText, isOver, kPriorityWord, nameOf, Progress, TaskChip, tookS } from "./task-words";

/** Beyond this a drawing is a carpet; the list shows them. Chosen. */
const kMostDrawn = 240;
const kMostListed = 1000;

function moment(at: string | null): JSX.Element {
  if (at === null) return <span class="note">not yet</span>;
  return (
    <>
      <span class="num">{formatTimeSeconds(Date.parse(at))}</span>{" "}
      <small>
        <Ago at={at} />
      </small>
    </>
  );
}

function deadline(task: Task): JSX.Element {
  if (task.deadline_at === null) return <span class="note">none</span>;
  const at = Date.parse(task.deadline_at);
  const left = (at - now.value) / 1000;
  return (
    <>
      <span class="num">{formatTimeSeconds(at)}</span>{" "}
      {!hasEnded(task.state) && <small>{left > 0 ? `in ${seconds(left)}` : "passed"}</small>}
    </>
  );
}

async function cancelTask(task: Task, read: () => void): Promise<void> {
  try {
    await tasksApi.cancelTask(task.id);
    toast("good", `${task.name} is cancelled.`);
  } catch (error) {
    toast("bad", `${task.name} was not cancelled. ${why(error)}`);
  }
  read();
}

function Output({ title, value }: { title: string; value: unknown }): JSX.Element {
  return (
    <>
      <h3 class="sub">{title}</h3>
      <pre class="output" tabIndex={0} aria-label={title}>
        {JSON.stringify(value, null, 2)}
      </pre>
    </>
  );
}

function Details(props: {
  task: Task;
  tasks: readonly Task[];
  onPick: (id: string) => void;
  onChanged: () => void;
}): JSX.Element {
  const { task, tasks, onPick } = props;
  const took = tookS(task, now.value);
  const name = (id: string): string => tasks.find((other) => other.id === id)?.name ?? id;
  return (
    <Section
      title={task.name}
      id="task"
    >
      <div class="task-state">
        <TaskChip state={task.state} />
        {may("tasks:run") && !hasEnded(task.state) && (
          <Button
            kind="danger"
            icon="cancel"
            class="small"
            onClick={() => void cancelTask(task, props.onChanged)}
          >
            Cancel task
          </Button>
        )}
        {task.reason && <p>{task.reason}</p>}
      </div>
      <dl class="pairs">
        <div>
          <dt>Priority</dt>
          <dd>{kPriorityWord[task.priority] ?? task.priority}</dd>
        </div>
        <div>
          <dt>Tries</dt>
          <dd class="num">{task.attempts}</dd>
        </div>
        <div>
          <dt>Needs</dt>
          <dd class="links">
            {task.depends_on.length === 0 && <span class="note">nothing</span>}
            {task.depends_on.map((id) => (
              <button type="button" class="line-link" key={id} onClick={() => onPick(id)}>
                {name(id)}
              </button>
            ))}
          </dd>
        </div>
        <div>
          <dt>Started</dt>
          <dd>{moment(task.started_at)}</dd>
        </div>
        <div>
          <dt>{task.ended_at === null ? "Runs for" : "Took"}</dt>
          <dd class="num">{took === null ? <span class="note">not yet</span> : seconds(took)}</dd>
        </div>
        <div>
          <dt>Deadline</dt>
          <dd>{deadline(task)}</dd>
        </div>
        <div>
          <dt>Id</dt>
          <dd>
            <code>{task.id}</code>
          </dd>
        </div>
      </dl>
      <Output title="Action" value={task.action} />
      {task.result !== null && <Output title="Output" value={task.result} />}
    </Section>
  );
}

function Twin(props: {
  tasks: readonly Task[];
  picked: string | null;
  onPick: (id: string) => void;
}): JSX.Element {
  const name = (id: string): string => props.tasks.find((other) => other.id === id)?.name ?? id;
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Tasks, as a table">
      <table>
        <thead>
          <tr>
            <th scope="col">Task</th>
            <th scope="col">State</th>
            <th scope="col">Needs</th>
            <th scope="col" class="right">
              Tries
            </th>
            <th scope="col" class="right">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {props.tasks.slice(0, kMostListed).map((task) => {
            const took = tookS(task, now.value);
            return (
              <tr key={task.id} class={task.id === props.picked ? "picked" : ""}>
                <th scope="row">
                  <button type="button" class="line-link" onClick={() => props.onPick(task.id)}>
                    {task.name}
                  </button>
                </th>
                <td>
                  <TaskChip state={task.state} />
                </td>
                <td>{task.depends_on.map(name).join(", ") || <span class="note">nothing</span>}</td>
                <td class="num right">{task.attempts}</td>
                <td class="num right">{took === null ? "" : seconds(took)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {props.tasks.length > kMostListed && (
        <p class="plot-none">The first {kMostListed} of {props.tasks.length} are listed.</p>
      )}
    </div>
  );
}

function CancelGraph(props: { graph: TaskGraph; onClose: () => void; onChanged: () => void }) {
  const [busy, setBusy] = useState(false);
  const { graph, onClose } = props;
  const cancel = async (): Promise<void> => {
    setBusy(true);
    try {
      await tasksApi.cancelGraph(graph.id);
      toast("good", `${nameOf(graph)} is cancelled.`);
    } catch (error) {
      toast("bad", `${nameOf(graph)} was not cancelled. ${why(error)}`);
    }
    props.onChanged();
    onClose();
  };
  return (
    <Dialog title={`Cancel ${nameOf(graph)}?`} onClose={onClose}>
      <p>What runs is told to stop; what waits never starts. Finished tasks keep their results.</p>
      <div class="dialog-actions">
        <Button onClick={onClose}>Let it run</Button>
        <Button kind="danger" icon="cancel" busy={busy} onClick={() => void cancel()}>
          Cancel the graph
        </Button>
      </div>
    </Dialog>
  );
}

function Body(props: { graph: TaskGraph; onChanged: () => void }): JSX.Element {
  const { graph, onChanged } = props;
  const tasks = graph.tasks ?? [];
  const [chosen, setChosen] = useState<string | null>(null);
  // Without a choice: what went wrong, else what runs.
  const worth =
    tasks.find((task) => task.state === "failed") ?? tasks.find((task) => task.state === "running");
  const picked = tasks.find((task) => task.id === chosen) ?? worth ?? tasks[0] ?? null;
  const tooMany = tasks.length > kMostDrawn;
  const asTable = graphView.value === "table" || tooMany;
  if (tasks.length === 0)
    return (
      <div class="card">
        <Empty icon="tasks" title="This graph has no tasks" />
      </div>
    );
  return (
    <div class="graph-columns">
      <Section
        title="Graph"
        id="graph"
        note={tooMany ? `Too many to draw: ${plural(tasks.length, "task")}` : undefined}
        tools={
          tooMany ? undefined : (
            <Segmented
              label="Show as"
              value={asTable ? "table" : "charts"}
              options={kChartOrTable}
              onChange={(value) => {
                graphView.value = value;
              }}
            />
          )
        }
      >
        {asTable ? (
          <Twin tasks={tasks} picked={picked?.id ?? null} onPick={setChosen} />
        ) : (
          <DagView tasks={tasks} picked={picked?.id ?? null} onPick={setChosen} />
        )}
      </Section>
      {picked && (
        <Details task={picked} tasks={tasks} onPick={setChosen} onChanged={onChanged} />
      )}
    </div>
  );
}

export function GraphPage({ id }: { id: string }): JSX.Element {
  const [asking, setAsking] = useState(false);
  const of = useMemo(() => resource(() => tasksApi.graph(id)), [id]);
  const read = (): void => void of.read();
  useFollow(
    () => ({
      topics: {
        "task:created": (data) => {
          const graph = of.value.value;
          if (graph) of.set(applyTask(graph, data as Task));
        },
        "task:completed": (data) => {
          const graph = of.value.value;
          if (graph) of.set(applyTask(graph, data as Task));
        },
        "task:updated": (data) => {
          const fresh = readGraphs(data)?.find((graph) => graph.id === id);
          if (fresh?.tasks) of.set(fresh);
          else if (of.value.value && !isOver(of.value.value)) read();
        },
      },
      read,
    }),
    id,
  );
  const graph = of.value.value;
  return (
    <div class="page">
      <p class="back">
        <a href="/tasks">
          <Icon name="back" size={16} /> All graphs
        </a>
      </p>
      <PageHead
        title={graph ? nameOf(graph) : "Graph"}
        lead={graph ? countsText(graph) : undefined}
      >
        {graph && may("tasks:run") && !isOver(graph) && (
          <Button
            kind="danger"
            icon="cancel"
            disabled={isStale.value}
            onClick={() => setAsking(true)}
          >
            Cancel graph
          </Button>
        )}
      </PageHead>
      {!may("tasks:run") && <LookOnly scope="tasks:run" />}
      <Await of={of} what="the task graphs" scope="tasks:read" rows={6}>
        {(one) => (
          <>
            <div class="graph-state">
              <TaskChip state={one.state} />
              <Progress graph={one} />
              <span class="note">
                {plural(totalOf(one), "task")}, submitted <Ago at={one.submitted_at} />
                {one.reason && ` · ${one.reason}`}
              </span>
            </div>
            <Body graph={one} onChanged={read} />
            {asking && (
              <CancelGraph graph={one} onClose={() => setAsking(false)} onChanged={read} />
            )}
          </>
        )}
      </Await>
    </div>
  );
}
