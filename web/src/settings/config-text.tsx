// The configuration as its file: TOML with the daemon's verdict beside it while one types.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { ApiError } from "../api/client";
import { configApi, type ConfigVerdict, type Versioned } from "../api/settings";
import { lineRange } from "../lib/config";
import { plural } from "../lib/format";
import { why } from "../state/resource";
import { toast } from "../state/toasts";
import { FormError, TextField } from "../ui/field";
import { Icon } from "../ui/icons";
import { Button, Section } from "../ui/parts";
import { Changes, Complaints } from "./config-parts";
import { useSending } from "./shared";

/** The daemon is asked after a pause of this length. Chosen. */
const kCheckMs = 400;

function useVerdict(text: string): { verdict: ConfigVerdict | null; failed: string | null } {
  const [verdict, setVerdict] = useState<ConfigVerdict | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  useEffect(() => {
    let wanted = true;
    const typing = setTimeout(() => {
      configApi.check(text).then(
        (found) => {
          if (!wanted) return;
          setVerdict(found);
          setFailed(null);
        },
        (error) => wanted && setFailed(why(error)),
      );
    }, kCheckMs);
    return () => {
      wanted = false;
      clearTimeout(typing);
    };
  }, [text]);
  return { verdict, failed };
}

function Verdict(props: {
  verdict: ConfigVerdict | null;
  failed: string | null;
  onGo: (line: number) => void;
}): JSX.Element {
  const { verdict, failed } = props;
  if (failed) return <FormError text={failed} />;
  if (!verdict) return <p class="hint">Checking …</p>;
  if (!verdict.valid)
    return (
      <div role="status" class="check-report">
        <p class="inline-word tone-bad">
          <Icon name="bad" size={16} /> {plural(verdict.complaints.length, "mistake")}
        </p>
        <Complaints items={verdict.complaints} onGo={props.onGo} />
      </div>
    );
  const { changes, restart_required } = verdict;
  return (
    <div role="status" class="check-report">
      <p class="inline-word tone-good">
        <Icon name="check" size={16} />{" "}
        {changes.length === 0 ? "Valid; no setting changes" : `Valid; ${plural(changes.length, "setting")} would change`}
      </p>
      <Changes items={changes} />
      {restart_required.length > 0 && (
        <p class="hint">Waits for the next start: {restart_required.join(", ")}.</p>
      )}
    </div>
  );
}

/** Line numbers beside the text; a wrong line is marked. It scrolls with the text. */
function Gutter(props: { lines: number; wrong: ReadonlySet<number>; top: number }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (box.current) box.current.scrollTop = props.top;
  }, [props.top]);
  return (
    <div class="gutter" ref={box} aria-hidden="true">
      {Array.from({ length: props.lines }, (_, i) => (
        <span key={i} class={props.wrong.has(i + 1) ? "is-wrong" : ""}>
          {props.wrong.has(i + 1) ? "▸ " : ""}
          {i + 1}
        </span>
      ))}
    </div>
  );
}

export function ConfigText(props: {
  base: Versioned;
  draft: string | null;
  onDraft: (draft: string | null) => void;
  onSaved: () => void;
  onConflict: () => void;
  readOnly: boolean;
}): JSX.Element {
  const { base, draft, onDraft } = props;
  const text = draft ?? base.config.text;
  const [comment, setComment] = useState("");
  const [top, setTop] = useState(0);
  const area = useRef<HTMLTextAreaElement>(null);
  const { busy, error, send } = useSending();
  const { verdict, failed } = useVerdict(text);
  const go = (line: number): void => {
    area.current?.focus();
    area.current?.setSelectionRange(...lineRange(text, line));
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const worked = await send(async () => {
      try {
        await configApi.put(base.etag, text, comment.trim());
      } catch (caught) {
        if (caught instanceof ApiError && caught.status === 412) props.onConflict();
        throw caught;
      }
    });
    if (!worked) return;
    setComment("");
    toast("good", "The file is replaced.");
    props.onSaved();
  };
  const wrong = new Set(verdict?.valid === false ? verdict.complaints.map(({ line }) => line) : []);
  return (
    <Section title="The file" id="config-text-head" note={<code>{base.config.file}</code>}>
      <form class="card-form" noValidate onSubmit={(event) => void submit(event)}>
        <FormError text={error} />
        <div class="code-box">
          <Gutter lines={text.split("\n").length} wrong={wrong} top={top} />
          <textarea
            id="config-text"
            aria-label="Configuration as TOML"
            aria-describedby="config-verdict"
            aria-invalid={wrong.size > 0 || undefined}
            ref={area}
            class="mono"
            rows={22}
            wrap="off"
            spellcheck={false}
            autocapitalize="none"
            readOnly={props.readOnly}
            value={text}
            onScroll={(event) => setTop(event.currentTarget.scrollTop)}
            onInput={(event) => {
              const next = event.currentTarget.value;
              onDraft(next === base.config.text ? null : next);
            }}
          />
        </div>
        <div id="config-verdict">
          <Verdict verdict={verdict} failed={failed} onGo={go} />
        </div>
        {draft !== null && (
          <>
            <TextField id="config-text-comment" label="Why, for the list of revisions" value={comment} onChange={setComment} hint="May stay empty." />
            <div class="dialog-actions">
              <Button onClick={() => onDraft(null)}>Discard</Button>
              <Button kind="primary" type="submit" busy={busy} disabled={verdict?.valid === false}>
                Replace the file
              </Button>
            </div>
          </>
        )}
      </form>
    </Section>
  );
}
