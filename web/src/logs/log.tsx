// The daemon's log: filtered pages, and what comes, live. And the story of one request.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { kUntil, type LogFilter, type LogLine, logsApi } from "../api/explore";
import { formatMomentSeconds } from "../lib/format";
import { TroubleCard, useFollow } from "../rooms/shared";
import { now } from "../state/clock";
import { pagedList } from "../state/paged";
import { troubleOf, type Trouble } from "../state/resource";
import { Icon } from "../ui/icons";
import { Button, Empty, Loading, PageHead, Section, Segmented } from "../ui/parts";

const kLooks = {
  debug: { icon: "info", tone: "quiet" },
  info: { icon: "info", tone: "quiet" },
  warn: { icon: "warn", tone: "warn" },
  error: { icon: "bad", tone: "bad" },
} as const;
const kOwn = new Set(["ts", "level", "event", "message", "correlation_id"]);
const kRank: readonly LogLine["level"][] = ["debug", "info", "warn", "error"];
/** Live lines beyond are let go, oldest first; "Older" brings them back. */
const kMostLive = 500;

function Line({ line, plain }: { line: LogLine; plain?: boolean }): JSX.Element {
  const look = kLooks[line.level] ?? kLooks.info;
  const more = Object.entries(line).filter(([key]) => !kOwn.has(key));
  return (
    <li class="audit-row">
      <details>
        <summary>
          <span class="audit-when num">{formatMomentSeconds(line.ts, now.value)}</span>
          <span class="audit-what">
            <span class={`inline-word tone-${look.tone}`}>
              <Icon name={look.icon} size={14} label={line.level} />
            </span>{" "}
            {line.message} <code class="log-event">{line.event}</code>
          </span>
        </summary>
        <dl class="pairs">
          <div>
            <dt>When</dt>
            <dd>{line.ts}</dd>
          </div>
          {line.correlation_id && (
            <div>
              <dt>Request</dt>
              <dd>
                {plain ? (
                  <code>{line.correlation_id}</code>
                ) : (
                  <a href={`/logs/story/${encodeURIComponent(line.correlation_id)}`}>
                    <code>{line.correlation_id}</code>
                  </a>
                )}
              </dd>
            </div>
          )}
          {more.map(([key, value]) => (
            <div key={key}>
              <dt>{key}</dt>
              <dd class="hash">{typeof value === "string" ? value : JSON.stringify(value)}</dd>
            </div>
          ))}
        </dl>
      </details>
    </li>
  );
}

/** Does a live line belong to what is shown? The daemon filters what is read. */
function matches(line: LogLine, filter: LogFilter): boolean {
  const event = filter.event.endsWith("*")
    ? line.event.startsWith(filter.event.slice(0, -1))
    : filter.event === "" || line.event === filter.event;
  return (
    event &&
    kRank.indexOf(line.level) >= kRank.indexOf(filter.level) &&
    JSON.stringify(line).toLowerCase().includes(filter.q.toLowerCase())
  );
}

export function LogTab(): JSX.Element {
  const [filter, setFilter] = useState<LogFilter>({ level: "info", event: "", q: "" });
  const [live, setLive] = useState(true);
  const [list] = useState(() => pagedList<LogLine>());
  const read = (): void => void list.read((from) => logsApi.list(filter, from));
  useEffect(() => {
    const typing = setTimeout(read, list.rows.peek() === null ? 0 : 250);
    return () => clearTimeout(typing);
  }, [filter.level, filter.event, filter.q]);
  useFollow(
    () => ({
      topics: live
        ? {
            "log:line": (data) => {
              const line = data as LogLine | null;
              if (line?.ts && matches(line, filter))
                list.push(line, kMostLive, (last) => kUntil + last.ts);
            },
          }
        : {},
      read: () => {},
    }),
    `${live}|${JSON.stringify(filter)}`,
  );
  const lines = list.rows.value;
  const trouble = list.trouble.value;
  return (
    <Section
      title="Log"
      id="log"
      note="What the daemon did, newest first."
      tools={
        <label class="check-row">
          <input type="checkbox" checked={live} onChange={(event) => setLive(event.currentTarget.checked)} />
          <span>Live</span>
        </label>
      }
    >
      <div class="card-form log-filters">
        <Segmented
          label="At least"
          value={filter.level}
          options={[
            { value: "info", label: "All" },
            { value: "warn", label: "Warnings", icon: "warn" },
            { value: "error", label: "Errors", icon: "bad" },
          ]}
          onChange={(level) => setFilter({ ...filter, level })}
        />
        <div class="field-row">
          {(["q", "event"] as const).map((name) => (
            <div class="field" key={name}>
              <label for={`log-${name}`}>{name === "q" ? "Text" : "Event"}</label>
              <input
                id={`log-${name}`}
                type="search"
                autocomplete="off"
                autocapitalize="none"
                spellcheck={false}
                placeholder={name === "q" ? "anything in the line" : "macros.*"}
                {...(name === "q" ? { "data-filter": true } : {})}
                value={filter[name]}
                onInput={(event) => setFilter({ ...filter, [name]: event.currentTarget.value.trim() })}
              />
            </div>
          ))}
        </div>
      </div>
      {trouble ? (
        <TroubleCard what="the log" scope="logs:read" trouble={trouble} onRetry={read} />
      ) : lines === null ? (
        <Loading rows={8} label="Reading the log" />
      ) : lines.length === 0 && list.cursor.value === null ? (
        <Empty icon="search" title="No line matches" />
      ) : (
        <>
          <ul class="audit">
            {lines.map((line, i) => (
              <Line key={`${line.ts}${line.event}${i}`} line={line} />
            ))}
          </ul>
          {list.cursor.value !== null && (
            <div class="more-row">
              <Button busy={list.busy.value} onClick={() => void list.more()}>
                Older
              </Button>
            </div>
          )}
        </>
      )}
    </Section>
  );
}

/** Everything that one request wrote, in its order. */
export function StoryPage({ id }: { id: string }): JSX.Element {
  const [lines, setLines] = useState<LogLine[] | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const read = (): void =>
    void logsApi.story(id).then(
      ({ items }) => setLines(items),
      (error) => setTrouble(troubleOf(error)),
    );
  useEffect(read, [id]);
  return (
    <div class="page">
      <PageHead title="One request" lead={<code>{id}</code>}>
        <a class="button plain" href="/logs">
          All lines
        </a>
      </PageHead>
      <Section title="What it did" id="story" note="Oldest first; changes are in the audit too.">
        {trouble ? (
          <TroubleCard what="the log" scope="logs:read" trouble={trouble} onRetry={read} />
        ) : lines === null ? (
          <Loading rows={4} label="Reading the log" />
        ) : lines.length === 0 ? (
          <Empty icon="search" title="The log has nothing of it any more" />
        ) : (
          <ul class="audit">
            {lines.map((line, i) => (
              <Line key={i} line={line} plain />
            ))}
          </ul>
        )}
      </Section>
    </div>
  );
}
