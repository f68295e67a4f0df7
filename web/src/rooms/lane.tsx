// One lane: who holds it, who waits and for how long at most, whether it is fair, what happened.

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { type Lane, type LaneEvent, type LaneFairness, type LaneTicket, locksApi } from "../api/rooms";
import { formatNumber } from "../lib/format";
import { isStale } from "../state/live";
import { fairnessView } from "../state/prefs";
import { resource } from "../state/resource";
import { may } from "../state/session";
import { Icon } from "../ui/icons";
import {
  Bar,
  Button,
  Empty,
  Failure,
  kChartOrTable,
  PageHead,
  percentText,
  Section,
  Segmented,
} from "../ui/parts";
import { LaneDialog, RevokeDialog } from "./lock-dialogs";
import { LaneChip, laneSentence, LeaseBar } from "./locks";
import { agedLanes, lanes, locksFollower } from "./locks-state";
import { Await, LookOnly, seconds, useFollow } from "./shared";

const kTail = 60;
/** A busy lane grants many times a second; its tail is read at most this often. Chosen. */
const kTailEveryMs = 1000;

const kKinds = {
  local: "in the daemon",
  http: "over HTTP",
  socket: "over the socket",
  child: "a process macro",
} as const;

function nextStart({ cooldown_left_s, queue }: Lane): string {
  if (cooldown_left_s > 0)
    return "Whoever is first when the quiet time is over starts; the group that acted last need not wait.";
  return queue.length > 0 ? "Those who wait are held back by a pace." : "The next request is granted at once.";
}

function Holder({ lane }: { lane: Lane }): JSX.Element {
  const { holder } = lane;
  return (
    <section class="card holder" aria-label="Holder">
      <div class="holder-who">
        <LaneChip lane={lane} />
        <p class={holder ? "holder-name" : "holder-name nobody"}>{holder?.actor ?? "Nobody"}</p>
        {holder && (
          <p class="note">
            {kKinds[holder.kind] ?? holder.kind}
            {holder.pid !== null && ` · pid ${holder.pid}`}
            {holder.uid !== null && ` · uid ${holder.uid}`}
            {holder.group && ` · group ${holder.group}`}
          </p>
        )}
        {!holder && <p class="note">{nextStart(lane)}</p>}
      </div>
      {holder && (
        <div class="holder-lease">
          <p>
            <span class="num big">{seconds(holder.lease_left_s)}</span>
            <span class="note">
              {" "}
              of {seconds(lane.options.lease_s)} left · has acted for {seconds(holder.age_s)}
            </span>
          </p>
          <LeaseBar lane={lane} />
          <dl class="facts">
            <div class="fact">
              <dt>Effective priority</dt>
              <dd class="num">{holder.effective_priority}</dd>
            </div>
            <div class="fact">
              <dt>Token</dt>
              <dd class="num">{holder.token}</dd>
            </div>
            <div class="fact">
              <dt>Shared with</dt>
              <dd class="num">{holder.sub_grants}</dd>
            </div>
          </dl>
        </div>
      )}
    </section>
  );
}

function QueueRow({ ticket, place }: { ticket: LaneTicket; place: number }): JSX.Element {
  const raised = ticket.effective_priority - ticket.priority;
  return (
    <tr>
      <td class="num">{place}</td>
      <th scope="row">
        {ticket.actor}
        {ticket.group && <small> {ticket.group}</small>}
      </th>
      <td class="num right">
        {ticket.effective_priority}
        {raised > 0 && (
          <small>
            {" "}
            {ticket.priority}&nbsp;+&nbsp;{raised}
          </small>
        )}
      </td>
      <td class="num right">{seconds(ticket.waited_s)}</td>
      <td class="num right">
        {ticket.bound_s === null ? (
          <span class="note">no bound</span>
        ) : (
          `≤ ${seconds(ticket.bound_s)}`
        )}
      </td>
      <td class="num right">
        {ticket.deadline_in_s === null ? (
          <span class="note">never</span>
        ) : (
          `in ${seconds(ticket.deadline_in_s)}`
        )}
      </td>
      <td>
        <span class={`inline-word ${ticket.ready ? "" : "note"}`}>
          <Icon name={ticket.ready ? "check" : "pause"} size={14} />
          {ticket.ready ? "Ready" : "Held back by its pace"}
        </span>
      </td>
    </tr>
  );
}

function Queue({ lane }: { lane: Lane }): JSX.Element {
  if (lane.queue.length === 0) return <Empty icon="leaf" title="Nobody waits" />;
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Waiting">
      <table>
        <thead>
          <tr>
            <th scope="col">
              <span class="sr-only">Place</span>
            </th>
            <th scope="col">Actor</th>
            <th scope="col" class="right">
              Priority now
            </th>
            <th scope="col" class="right">
              Has waited
            </th>
            <th scope="col" class="right">
              Ends within
            </th>
            <th scope="col" class="right">
              Gives up
            </th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {lane.queue.map((ticket, i) => (
            <QueueRow key={ticket.ticket} ticket={ticket} place={i + 1} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function FairnessBars({ list }: { list: readonly LaneFairness[] }): JSX.Element {
  const longest = Math.max(...list.map((one) => one.waited_max_s), 1e-3);
  return (
    <ul class="fairness">
      {list.map((one) => (
        <li key={one.actor}>
          <span class="fairness-who">{one.actor}</span>
          <span class="fairness-line">
            <Bar
              part={one.share}
              tone="calm"
              label={`Share of grants, ${one.actor}`}
              text={percentText(one.share)}
            />
            <span class="num">{percentText(one.share)}</span>
          </span>
          <span class="fairness-line wait">
            <span
              class="range"
              role="img"
              aria-label={`Waiting of ${one.actor}: ${seconds(one.waited_mean_s)} on average, ${seconds(one.waited_max_s)} at most`}
            >
              <i style={{ width: `${(one.waited_max_s / longest) * 100}%` }} />
              <b style={{ left: `${(one.waited_mean_s / longest) * 100}%` }} />
            </span>
            <span class="num">{seconds(one.waited_max_s)}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function FairnessTable({ list }: { list: readonly LaneFairness[] }): JSX.Element {
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Fairness, as a table">
      <table>
        <thead>
          <tr>
            <th scope="col">Actor</th>
            <th scope="col" class="right">
              Grants
            </th>
            <th scope="col" class="right">
              Share
            </th>
            <th scope="col" class="right">
              Mean wait
            </th>
            <th scope="col" class="right">
              Longest wait
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map((one) => (
            <tr key={one.actor}>
              <th scope="row">{one.actor}</th>
              <td class="num right">{formatNumber(one.granted)}</td>
              <td class="num right">{percentText(one.share)}</td>
              <td class="num right">{seconds(one.waited_mean_s)}</td>
              <td class="num right">{seconds(one.waited_max_s)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Fairness({ lane }: { lane: Lane }): JSX.Element {
  const list = [...lane.fairness].sort((a, b) => b.share - a.share);
  return (
    <Section
      title="Fairness"
      id="fairness"
      note={
        fairnessView.value === "charts"
          ? "Share of the grants; then the waiting, its mean as a mark and its longest in figures"
          : undefined
      }
      tools={
        <Segmented
          label="Show as"
          value={fairnessView.value}
          options={kChartOrTable}
          onChange={(value) => {
            fairnessView.value = value;
          }}
        />
      }
    >
      {list.length === 0 ? (
        <Empty icon="chart" title="Nothing was granted yet" />
      ) : fairnessView.value === "table" ? (
        <FairnessTable list={list} />
      ) : (
        <FairnessBars list={list} />
      )}
    </Section>
  );
}

const kGoodEvents = new Set(["granted", "released", "shared", "renewed", "adopted", "fast_hold"]);
/** Those that end a wait; the others have none to show. */
const kWaitedEvents = new Set(["granted", "timed_out", "timeout", "cancelled"]);
const kBadEvents = new Set(["timed_out", "timeout", "expired", "revoked", "stale_send", "rejected"]);

function EventWord({ event }: { event: string }): JSX.Element {
  const icon = kBadEvents.has(event) ? "warn" : kGoodEvents.has(event) ? "check" : "info";
  const tone = kBadEvents.has(event) ? "tone-warn" : "";
  return (
    <span class={`inline-word ${tone}`}>
      <Icon name={icon} size={14} />
      {event.replaceAll("_", " ")}
    </span>
  );
}

const number = (value: number | null): string => (value === null ? "" : String(value));

function Trace({ events }: { events: readonly LaneEvent[] }): JSX.Element {
  if (events.length === 0) return <Empty icon="clock" title="Nothing has happened on this lane" />;
  const latest = Math.max(...events.map((event) => event.at_s));
  const sorted = [...events].sort((a, b) => b.at_s - a.at_s);
  return (
    <div class="table-scroll tall" tabIndex={0} role="region" aria-label="Trace, newest first">
      <table class="trace">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Event</th>
            <th scope="col">Actor</th>
            <th scope="col" class="right">
              Priority
            </th>
            <th scope="col" class="right">
              Waited
            </th>
            <th scope="col" class="right">
              In queue
            </th>
            <th scope="col" class="right">
              Token
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((event, i) => (
            <tr key={`${event.at_s}${event.event}${event.ticket}${i}`}>
              <td class="num nowrap">
                {event.at_s === latest ? "last" : `−${(latest - event.at_s).toFixed(2)} s`}
              </td>
              <td class="nowrap">
                <EventWord event={event.event} />
              </td>
              <td>{event.actor}</td>
              <td class="num right">{number(event.effective_priority || null)}</td>
              <td class="num right">{kWaitedEvents.has(event.event) && event.waited_s !== null ? seconds(event.waited_s) : ""}</td>
              <td class="num right">{number(event.depth)}</td>
              <td class="num right">{number(event.token || null)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Counters({ lane }: { lane: Lane }): JSX.Element {
  const facts: readonly [string, number][] = [
    ["Granted", lane.counters.granted],
    ["Timed out", lane.counters.timeout],
    ["Cancelled", lane.counters.cancelled],
    ["Refused", lane.counters.rejected],
    ["Lease expired", lane.counters.expired],
    ["Stale sends refused", lane.counters.stale_sends],
  ];
  return (
    <dl class="fact-strip six card">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <span class="num">{formatNumber(value)}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function LanePage({ name }: { name: string }): JSX.Element {
  const [dialog, setDialog] = useState<"none" | "options" | "revoke">("none");
  const trace = useMemo(
    () => resource(async () => (await locksApi.trace(name, kTail)).items),
    [name],
  );
  const tail = useMemo(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const read = (): void => {
      timer ??= setTimeout(() => {
        timer = null;
        void trace.read();
      }, kTailEveryMs);
    };
    return { read, stop: () => timer !== null && clearTimeout(timer) };
  }, [trace]);
  useEffect(() => {
    void trace.read();
    return () => void tail.stop();
  }, [trace]);
  useFollow(() => locksFollower((lane) => lane === name && tail.read()), name);
  const lane = agedLanes.value?.find((one) => one.lane === name) ?? null;
  const isAdmin = may("locks:admin");
  const back = (
    <p class="back">
      <a href="/locks">
        <Icon name="back" size={16} /> All lanes
      </a>
    </p>
  );
  return (
    <div class="page">
      {back}
      <PageHead title={name} lead={lane ? laneSentence(lane) : undefined}>
        {isAdmin && lane && (
          <>
            <Button icon="edit" onClick={() => setDialog("options")}>
              Options
            </Button>
            <Button
              kind="danger"
              icon="cancel"
              disabled={lane.holder === null || isStale.value}
              onClick={() => setDialog("revoke")}
            >
              Release…
            </Button>
          </>
        )}
      </PageHead>
      <Await of={lanes} what="the lanes" scope="locks:read">
        {() =>
          lane === null ? (
            <div class="card">
              <Failure
                title="No such lane"
                message={`There is no lane ${name} now. A lane appears with the first request for it.`}
              />
            </div>
          ) : (
            <>
              {!isAdmin && <LookOnly scope="locks:admin" />}
              <Holder lane={lane} />
              <Section title="Waiting" id="waiting" note="In the order in which they would go now">
                <Queue lane={lane} />
              </Section>
              <Fairness lane={lane} />
              <Counters lane={lane} />
              <Section title="Trace" id="trace" note={`The last ${kTail} events, newest first`}>
                <Await of={trace} what="the trace" scope="locks:read">
                  {(events) => <Trace events={events} />}
                </Await>
              </Section>
              {dialog === "options" && (
                <LaneDialog lane={lane} onClose={() => setDialog("none")} />
              )}
              {dialog === "revoke" && (
                <RevokeDialog lane={lane} onClose={() => setDialog("none")} />
              )}
            </>
          )
        }
      </Await>
    </div>
  );
}
