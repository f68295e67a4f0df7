// Locks: who acts on each lane, who waits, and which modules may.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { Lane, LockModule } from "../api/rooms";
import { formatNumber, plural } from "../lib/format";
import { may } from "../state/session";
import { FilterBox } from "../ui/filter";
import { Icon } from "../ui/icons";
import { Bar, Button, Empty, PageHead, Section } from "../ui/parts";
import { Chip } from "../ui/words";
import { LaneDialog, ModuleDialog } from "./lock-dialogs";
import { agedLanes, lanes, locksFollower, modules } from "./locks-state";
import { Await, LookOnly, others, seconds, useFollow } from "./shared";
import { WaitsSection } from "./wait-graph";

const kShownInTrack = 4;

export function LaneChip({ lane }: { lane: Lane }): JSX.Element {
  if (lane.holder) return <Chip look={{ icon: "lock", word: "Held", tone: "info" }} />;
  if (lane.cooldown_left_s > 0)
    return (
      <Chip
        look={{ icon: "clock", word: `Quiet for ${seconds(lane.cooldown_left_s)}`, tone: "quiet" }}
        title="The gap between two groups has not passed yet."
      />
    );
  return <Chip look={{ icon: "check", word: "Free", tone: "good" }} />;
}

/** What is left of the lease, shrinking. */
export function LeaseBar({ lane }: { lane: Lane }): JSX.Element | null {
  const { holder, options } = lane;
  if (!holder) return null;
  const part = options.lease_s > 0 ? holder.lease_left_s / options.lease_s : 0;
  const tone = part <= 0 ? "over" : part < 0.15 ? "close" : part < 0.35 ? "near" : "calm";
  return (
    <span class="lease">
      <Bar
        part={part}
        tone={tone}
        label={`Lease of ${holder.actor}`}
        text={`${seconds(holder.lease_left_s)} left`}
      />
    </span>
  );
}

/** The lane as a line: who acts, then who waits, in the order of now. */
function Track({ lane }: { lane: Lane }): JSX.Element {
  const shown = lane.queue.slice(0, kShownInTrack);
  return (
    <ol class="track" aria-label={`Order on ${lane.lane}`}>
      <li class={lane.holder ? "track-now" : "track-now free"}>
        <span class="sr-only">acts now: </span>
        {lane.holder ? lane.holder.actor : "nobody"}
      </li>
      {shown.map((ticket) => (
        <li key={ticket.ticket} class={ticket.ready ? "" : "held-back"}>
          {ticket.actor} <span class="num">{ticket.effective_priority}</span>
          <span class="sr-only"> effective priority{ticket.ready ? "" : ", held back"}</span>
        </li>
      ))}
      {lane.queue.length > shown.length && (
        <li class="track-more">+{lane.queue.length - shown.length}</li>
      )}
    </ol>
  );
}

/** "fisher has acted for 3.2 s; 26 s of its lease are left." */
export function laneSentence(lane: Lane): string {
  const waiting = lane.queue.length === 0 ? "Nobody waits" : `${plural(lane.queue.length, "ticket")} waiting`;
  if (lane.holder) {
    const { actor, age_s, lease_left_s } = lane.holder;
    return `${actor} has acted for ${seconds(age_s)}, ${seconds(lease_left_s)} of its lease left. ${waiting}.`;
  }
  if (lane.cooldown_left_s > 0) return `Quiet time between two groups. ${waiting}.`;
  return `Free. ${waiting}.`;
}

function LaneCard({ lane }: { lane: Lane }): JSX.Element {
  const path = `/locks/${encodeURIComponent(lane.lane)}`;
  return (
    <article class="lane card" aria-labelledby={`lane-${lane.lane}`}>
      <header class="lane-head">
        <h3 id={`lane-${lane.lane}`}>
          <a href={path}>{lane.lane}</a>
        </h3>
        <LaneChip lane={lane} />
      </header>
      <p class="lane-line num">{laneSentence(lane)}</p>
      <LeaseBar lane={lane} />
      <Track lane={lane} />
      <p class="lane-foot">
        <span>{formatNumber(lane.counters.granted)} granted</span>
        <span>{plural(lane.counters.timeout, "timeout")}</span>
        {lane.counters.expired > 0 && (
          <span class="tone-warn inline-word">
            <Icon name="warn" size={14} />
            {plural(lane.counters.expired, "lease")} expired
          </span>
        )}
      </p>
    </article>
  );
}

function Lanes({ onCreate }: { onCreate: () => void }): JSX.Element {
  return (
    <Await of={lanes} what="the lanes" scope="locks:read">
      {() => {
        const list = agedLanes.value ?? [];
        if (list.length === 0)
          return (
            <div class="card">
              <Empty icon="lock" title="No lane yet">
                <p>
                  A lane is one thing that only one module may drive at a time: a character, a
                  connection. It appears with the first request for it:
                </p>
                <p>
                  <code>gamekeeper lock knight --actor fisher -- ./fish.sh</code>
                </p>
                {may("locks:admin") && (
                  <Button icon="plus" kind="primary" onClick={onCreate}>
                    Create a lane
                  </Button>
                )}
              </Empty>
            </div>
          );
        return (
          <div class="lane-grid">
            {list.map((lane) => (
              <LaneCard key={lane.lane} lane={lane} />
            ))}
          </div>
        );
      }}
    </Await>
  );
}

function pace(module: LockModule): string {
  if (module.rate_per_s === null) return "unlimited";
  const burst = module.burst === null ? "" : `, burst ${formatNumber(module.burst)}`;
  return `${formatNumber(module.rate_per_s, module.rate_per_s < 10 ? 1 : 0)} a second${burst}`;
}

function identity(module: LockModule): string {
  const parts = [...module.programs, ...module.uids.map((uid) => `uid ${uid}`)];
  return parts.length === 0 ? "by name only" : parts.slice(0, 2).join(", ") + others(parts.length - 2, "");
}

function ModuleTable(props: {
  list: readonly LockModule[];
  onEdit: (module: LockModule) => void;
}): JSX.Element {
  const canEdit = may("locks:admin");
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Modules">
      <table class="modules">
        <thead>
          <tr>
            <th scope="col">Module</th>
            <th scope="col">Priority</th>
            <th scope="col">Group</th>
            <th scope="col">Pace</th>
            <th scope="col">Known by</th>
            {canEdit && (
              <th scope="col">
                <span class="sr-only">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {props.list.map((module) => (
            <tr key={module.name}>
              <th scope="row">
                {module.name}
                {module.source === "custom" && <small> custom</small>}
              </th>
              <td>
                <span class="priority">
                  <span class="num">{module.priority}</span>
                  <Bar
                    part={module.priority / 255}
                    tone="calm"
                    label={`Priority of ${module.name}`}
                    text={`${module.priority} of 255`}
                  />
                </span>
              </td>
              <td>{module.group ?? <span class="note">alone</span>}</td>
              <td class="nowrap">{pace(module)}</td>
              <td>{identity(module)}</td>
              {canEdit && (
                <td class="right">
                  <Button
                    class="small"
                    icon="edit"
                    aria-label={`Edit ${module.name}`}
                    onClick={() => props.onEdit(module)}
                  >
                    Edit
                  </Button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function LocksPage(): JSX.Element {
  const [dialog, setDialog] = useState<"none" | "lane" | "module" | LockModule>("none");
  const [filter, setFilter] = useState("");
  useFollow(() => locksFollower());
  useEffect(() => void modules.read(), []);
  const isAdmin = may("locks:admin");
  const close = (): void => setDialog("none");
  const words = filter.toLowerCase().split(/\s+/);
  const held = (agedLanes.value ?? []).filter((lane) => lane.holder !== null).length;
  const waiting = (agedLanes.value ?? []).reduce((sum, lane) => sum + lane.queue.length, 0);
  return (
    <div class="page">
      <PageHead
        title="Locks"
        lead={
          lanes.value.value === null
            ? "Who may act, and who waits."
            : `${plural(held, "lane")} held · ${plural(waiting, "ticket")} waiting`
        }
      >
        {isAdmin && (
          <Button kind="primary" icon="plus" onClick={() => setDialog("lane")}>
            Create a lane
          </Button>
        )}
      </PageHead>
      {!isAdmin && <LookOnly scope="locks:admin" />}
      <section class="section" aria-label="Lanes">
        <Lanes onCreate={() => setDialog("lane")} />
      </section>
      {agedLanes.value !== null && agedLanes.value.length > 0 && <WaitsSection list={agedLanes.value} />}
      <Section
        title="Modules"
        id="modules"
        note="Who goes first. A higher number wins; waiting adds to it, so nobody starves."
        tools={
          <>
            <FilterBox value={filter} onChange={setFilter} label="Filter modules" />
            {isAdmin && (
              <Button icon="plus" onClick={() => setDialog("module")}>
                Add
              </Button>
            )}
          </>
        }
      >
        <Await of={modules} what="the modules" scope="locks:read">
          {(list) => {
            const shown = list.filter((module) => {
              const text = `${module.name} ${module.group ?? ""} ${module.source}`.toLowerCase();
              return words.every((word) => text.includes(word));
            });
            return shown.length === 0 ? (
              <Empty icon="search" title="No module matches" />
            ) : (
              <ModuleTable list={shown} onEdit={setDialog} />
            );
          }}
        </Await>
      </Section>
      {dialog === "lane" && <LaneDialog lane={null} onClose={close} />}
      {dialog === "module" && <ModuleDialog module={null} onClose={close} />}
      {typeof dialog === "object" && <ModuleDialog module={dialog} onClose={close} />}
    </div>
  );
}
