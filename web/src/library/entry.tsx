// The macro library: macros as lists of steps or Lua, with their versions, schedules and logs.

import "../styles/library.css";

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { type LogLine, type Script, scriptsApi } from "../api/games";
import { formatBytes, formatMoment, formatTimeSeconds } from "../lib/format";
import { Await, LookOnly, useFollow } from "../rooms/shared";
import { Confirm } from "../settings/shared";
import { now } from "../state/clock";
import { macros } from "../state/live";
import { resource, why } from "../state/resource";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { FilterBox } from "../ui/filter";
import { Icon } from "../ui/icons";
import { Ago, Button, Empty, PageHead, Section } from "../ui/parts";
import { Editor } from "./editor";

export const scripts = resource(async () => (await scriptsApi.list()).items);

async function run(script: Script): Promise<void> {
  try {
    const { macro_id } = await scriptsApi.run(script.name, {});
    toast("good", `${macro_id} runs.`);
  } catch (error) {
    toast("bad", why(error));
  }
}

function Next({ name }: { name: string }): JSX.Element | null {
  const [next, setNext] = useState<string[] | null>(null);
  useEffect(() => void scriptsApi.next(name).then(({ next }) => setNext(next), () => setNext([])), [name]);
  if (!next?.[0]) return null;
  return <>, next {formatMoment(next[0], now.value)}</>;
}

function Log({ name }: { name: string }): JSX.Element {
  const [lines, setLines] = useState<LogLine[]>([]);
  useFollow(
    () => ({
      topics: {
        "script:log": (data) => {
          const line = data as (LogLine & { macro_id: string }) | null;
          if (line?.macro_id === name)
            setLines((old) => [...old.filter((one) => one.number !== line.number), line].slice(-200));
        },
      },
      read: () => void scriptsApi.log(name).then(({ lines }) => setLines(lines.slice(-200)), () => setLines([])),
    }),
    name,
  );
  if (lines.length === 0) return <p class="body-text">It has not said anything yet.</p>;
  return (
    <div role="log" aria-label={`Log of ${name}`}>
    <ol class="script-log" tabIndex={0}>
      {lines.map((line) => (
        <li key={line.number}>
          <span class="num">{formatTimeSeconds(Date.parse(line.at))}</span> {line.text}
        </li>
      ))}
    </ol>
    </div>
  );
}

function Row(props: {
  one: Script;
  onEdit: () => void;
  onRemove: () => void;
}): JSX.Element {
  const { one } = props;
  const [open, setOpen] = useState(false);
  const running = macros.value?.some((macro) => macro.macro_id === one.name) ?? false;
  const enable = async (): Promise<void> => {
    try {
      await scriptsApi.enable(one.name, !one.enabled);
    } catch (error) {
      toast("bad", why(error));
    }
    void scripts.read();
  };
  return (
    <li class="script">
      <div class="row">
        <span class="row-main script-main">
          <span class="row-title">
            {one.name} <span class="count">{one.kind === "lua" ? "Lua" : "steps"}</span>
            {running && (
              <span class="inline-word tone-good">
                <Icon name="play" size={14} /> runs
              </span>
            )}
            {!one.enabled && (
              <span class="inline-word tone-warn">
                <Icon name="pause" size={14} /> disabled
              </span>
            )}
          </span>
          <span class="row-text">{one.description || "No description"}</span>
          <span class="row-text">
            version {one.version}, {formatBytes(one.bytes)}, <Ago at={one.changed_at} /> by {one.changed_by}
            {one.game && `, on ${one.game}`}
            {one.schedule && (
              <>
                , {one.schedule.cron ? <code>{one.schedule.cron}</code> : "when a window begins"}
                <Next name={one.name} />
              </>
            )}
          </span>
        </span>
        <span class="session-acts">
          {may("macros:run") && (
            <Button icon="play" disabled={running || !one.enabled} onClick={() => void run(one)}>
              Run<span class="sr-only"> {one.name}</span>
            </Button>
          )}
          <Button icon="table" aria-expanded={open} onClick={() => setOpen(!open)}>
            Log<span class="sr-only"> of {one.name}</span>
          </Button>
          {may("macros:admin") && (
            <>
              <Button icon="edit" onClick={props.onEdit}>
                Edit<span class="sr-only"> {one.name}</span>
              </Button>
              <Button onClick={() => void enable()}>
                {one.enabled ? "Disable" : "Enable"}
                <span class="sr-only"> {one.name}</span>
              </Button>
              <Button onClick={props.onRemove}>
                Delete<span class="sr-only"> {one.name}</span>
              </Button>
            </>
          )}
        </span>
      </div>
      {open && <Log name={one.name} />}
    </li>
  );
}

export function LibraryPage(): JSX.Element {
  const [filter, setFilter] = useState("");
  const [editing, setEditing] = useState<{ name: string | null } | null>(null);
  const [removing, setRemoving] = useState<Script | null>(null);
  useFollow(() => ({
    topics: { "script:changed": () => void scripts.read() },
    read: () => void scripts.read(),
  }));
  const canEdit = may("macros:admin");
  const matches = (one: Script): boolean =>
    filter
      .toLowerCase()
      .split(/\s+/)
      .every((word) => `${one.name} ${one.description} ${one.category} ${one.game}`.toLowerCase().includes(word));
  const add = (
    <Button kind="primary" icon="plus" onClick={() => setEditing({ name: null })}>
      New macro
    </Button>
  );
  if (editing)
    return <Editor name={editing.name} onClose={() => setEditing(null)} onSaved={() => void scripts.read()} />;
  return (
    <div class="page">
      <PageHead title="Library" lead="Macros that Gamekeeper runs itself, on your games.">
        {canEdit && add}
      </PageHead>
      {!canEdit && <LookOnly scope="macros:admin" />}
      <Section
        title="Macros"
        id="scripts"
        tools={<FilterBox value={filter} onChange={setFilter} label="Filter the library" />}
      >
        <Await of={scripts} what="the library" scope="macros:read">
          {(items) => {
            const shown = items.filter(matches);
            if (items.length === 0)
              return (
                <Empty icon="macros" title="The library is empty">
                  <p>
                    A macro is a list of steps or a Lua script: announcements with a countdown, a
                    nightly backup, a greeting for whoever joins.
                  </p>
                  {canEdit && add}
                </Empty>
              );
            if (shown.length === 0) return <Empty icon="search" title="No macro matches the filter" />;
            return (
              <ul class="rows">
                {shown.map((one) => (
                  <Row
                    key={one.name}
                    one={one}
                    onEdit={() => setEditing({ name: one.name })}
                    onRemove={() => setRemoving(one)}
                  />
                ))}
              </ul>
            );
          }}
        </Await>
      </Section>
      {removing && (
        <Confirm
          title={`Delete ${removing.name}?`}
          action="Delete"
          done={`${removing.name} is gone.`}
          onClose={() => setRemoving(null)}
          work={async () => {
            await scriptsApi.remove(removing.name);
            await scripts.read();
          }}
        >
          <p>All its versions and what it remembers go too. A run goes on until it ends.</p>
        </Confirm>
      )}
    </div>
  );
}
