// Who changed what. Rows are chained by hashes; verifying tells whether any was changed since.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { auditApi, type AuditFilter, type AuditRow } from "../api/explore";
import { formatMomentSeconds, plural } from "../lib/format";
import { TroubleCard } from "../rooms/shared";
import { now } from "../state/clock";
import { pagedList } from "../state/paged";
import { why } from "../state/resource";
import { toast } from "../state/toasts";
import { Icon } from "../ui/icons";
import { Ago, Button, Empty, Loading, Section } from "../ui/parts";

const kNoFilter: AuditFilter = { actor: "", action: "", target: "" };

/** One line of what a row holds; the whole is in the details. */
function text(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function Row({ row, onFilter }: { row: AuditRow; onFilter: (part: Partial<AuditFilter>) => void }): JSX.Element {
  return (
    <li class="audit-row">
      <details>
        <summary>
          <span class="audit-when">
            <span class="num">{formatMomentSeconds(row.at, now.value)}</span>
          </span>
          <span class="audit-what">
            <strong>{row.actor || "somebody"}</strong> <code>{row.action}</code>{" "}
            {row.target && <span class="audit-target">{row.target_name ?? row.target}</span>}
          </span>
        </summary>
        <dl class="pairs">
          <div>
            <dt>When</dt>
            <dd>
              <Ago at={row.at} />, {row.at}
            </dd>
          </div>
          {row.target_name && (
            <div>
              <dt>To what</dt>
              <dd>
                {row.target_name}, <code>{row.target}</code>
              </dd>
            </div>
          )}
          {text(row.before) && (
            <div>
              <dt>Before</dt>
              <dd>
                <pre class="output">{text(row.before)}</pre>
              </dd>
            </div>
          )}
          {text(row.after) && (
            <div>
              <dt>After</dt>
              <dd>
                <pre class="output">{text(row.after)}</pre>
              </dd>
            </div>
          )}
          <div>
            <dt>Request</dt>
            <dd>
              {row.correlation_id ? (
                <a href={`/logs/story/${encodeURIComponent(row.correlation_id)}`}>
                  <code>{row.correlation_id}</code>
                </a>
              ) : (
                "none: the daemon did it by itself"
              )}
            </dd>
          </div>
          <div>
            <dt>Row</dt>
            <dd>
              {row.seq}, <code class="hash">{row.hash}</code>
            </dd>
          </div>
        </dl>
        <div class="actions">
          <Button onClick={() => onFilter({ actor: row.actor })}>Only {row.actor}</Button>
          <Button onClick={() => onFilter({ action: row.action.split(".")[0] ?? "" })}>
            Only {row.action.split(".")[0]}
          </Button>
          {row.target && <Button onClick={() => onFilter({ target: row.target })}>Only {row.target_name ?? "this target"}</Button>}
        </div>
      </details>
    </li>
  );
}

function Verify(): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<{ sound: boolean; text: string } | null>(null);
  const verify = async (): Promise<void> => {
    setBusy(true);
    try {
      const verdict = await auditApi.verify();
      setSaid({
        sound: verdict.sound,
        text: verdict.sound
          ? `Sound: ${plural(verdict.rows ?? 0, "row")} follow from each other.`
          : `Not sound: ${verdict.fault ?? "a row was changed"}.`,
      });
    } catch (error) {
      toast("bad", why(error));
    }
    setBusy(false);
  };
  return (
    <>
      {said && (
        <span class={`inline-word tone-${said.sound ? "good" : "bad"}`} role="status">
          <Icon name={said.sound ? "check" : "bad"} size={16} /> {said.text}
        </span>
      )}
      <Button icon="shield" busy={busy} onClick={() => void verify()}>
        Verify
      </Button>
    </>
  );
}

function Filters(props: { value: AuditFilter; onChange: (value: AuditFilter) => void }): JSX.Element {
  const fields: readonly [keyof AuditFilter, string, string][] = [
    ["actor", "Who", "marta"],
    ["action", "Did what", "user, or user.create"],
    ["target", "To what (id)", ""],
  ];
  return (
    <div class="field-row">
      {fields.map(([name, label, example], i) => (
        <div class="field" key={name}>
          <label for={`audit-${name}`}>{label}</label>
          <input
            id={`audit-${name}`}
            type="search"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            placeholder={example}
            {...(i === 0 ? { "data-filter": true } : {})}
            value={props.value[name]}
            onInput={(event) => props.onChange({ ...props.value, [name]: event.currentTarget.value.trim() })}
          />
        </div>
      ))}
    </div>
  );
}

export function AuditTab(): JSX.Element {
  const [filter, setFilter] = useState(kNoFilter);
  const [list] = useState(() => pagedList<AuditRow>());
  const read = (): void => void list.read((from) => auditApi.list(filter, from));
  useEffect(() => {
    const typing = setTimeout(read, list.rows.peek() === null ? 0 : 250);
    return () => clearTimeout(typing);
  }, [filter.actor, filter.action, filter.target]);
  const rows = list.rows.value;
  const trouble = list.trouble.value;
  return (
    <Section title="Audit" id="audit" note="Every change by a person, newest first." tools={<Verify />}>
      <div class="card-form">
        <Filters value={filter} onChange={setFilter} />
      </div>
      {trouble ? (
        <TroubleCard what="the audit" scope="audit:read" trouble={trouble} onRetry={read} />
      ) : rows === null ? (
        <Loading rows={6} label="Reading the audit" />
      ) : rows.length === 0 ? (
        <Empty icon="search" title="No row matches">
          <p>Names and actions are taken as they are written.</p>
        </Empty>
      ) : (
        <>
          <ul class="audit">
            {rows.map((row) => (
              <Row key={row.seq} row={row} onFilter={(part) => setFilter({ ...kNoFilter, ...part })} />
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
