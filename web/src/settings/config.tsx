// The configuration of the running daemon: what holds, what waits, and who changed it.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { configApi, type Versioned } from "../api/settings";
import { changesBetween } from "../lib/config";
import { plural } from "../lib/format";
import { Await, LookOnly, useFollow } from "../rooms/shared";
import { resource, why } from "../state/resource";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { Button, Segmented } from "../ui/parts";
import { ConfigForm, type Drafts } from "./config-form";
import { Banner, Changes, Complaints, Difference } from "./config-parts";
import { Revisions, revisions } from "./config-revisions";
import { ConfigText } from "./config-text";

const latest = resource(configApi.read);

async function readAll(): Promise<void> {
  await Promise.all([latest.read(), revisions.read()]);
}

function FileIsWrong({ now, canWrite }: { now: Versioned; canWrite: boolean }): JSX.Element {
  const act = (work: () => Promise<unknown>, done: string) => (): void =>
    void work().then(
      () => {
        toast("good", done);
        void readAll();
      },
      (error) => toast("bad", why(error)),
    );
  const tools = canWrite && (
    <>
      <Button onClick={act(configApi.reload, "The file is right again.")}>Read it again</Button>
      <Button
        onClick={act(
          () => configApi.put(now.etag, now.config.text, "back to what holds"),
          "The file holds what is in force again.",
        )}
      >
        Put back what holds
      </Button>
    </>
  );
  return (
    <Banner tone="bad" icon="bad" tools={tools}>
      <p>
        <strong>The file on disk is wrong.</strong> Revision {now.config.revision} holds until it is
        right.
      </p>
      <Complaints items={now.config.complaints} />
    </Banner>
  );
}

/** Somebody changed it since the editing began. */
function Conflict(props: { base: Versioned; now: Versioned; onKeep: () => void; onDrop: () => void }): JSX.Element {
  const { base, now } = props;
  const changes = changesBetween(base.config.settings, now.config.settings);
  return (
    <Banner
      tone="warn"
      icon="warn"
      tools={
        <>
          <Button onClick={props.onKeep}>Keep mine, on top</Button>
          <Button onClick={props.onDrop}>Discard mine</Button>
        </>
      }
    >
      <p>
        <strong>Somebody changed it</strong> while you were editing (revision {base.config.revision} became{" "}
        {now.config.revision}). Look at the difference before you save.
      </p>
      {changes.length > 0 ? (
        <Changes items={changes} />
      ) : (
        <Difference before={base.config.text} after={now.config.text} label="Their difference" />
      )}
    </Banner>
  );
}

function Configured({ now }: { now: Versioned }): JSX.Element {
  const canWrite = may("config:write");
  const [view, setView] = useState<"form" | "text">("form");
  const [editing, setEditing] = useState<Versioned | null>(null);
  const [drafts, setDrafts] = useState<Drafts>({});
  const [text, setText] = useState<string | null>(null);
  const dirty = Object.keys(drafts).length > 0 || text !== null;
  // What is edited stays what it was, so that a change by somebody else is seen and not overwritten.
  const base = dirty && editing ? editing : now;
  const begin = (): void => {
    if (!dirty) setEditing(now);
  };
  const drop = (): void => {
    setDrafts({});
    setText(null);
  };
  const saved = (): void => {
    drop();
    void readAll();
  };
  const waits = now.config.restart_required;
  return (
    <>
      {!canWrite && <LookOnly scope="config:write" />}
      {!now.config.valid && <FileIsWrong now={now} canWrite={canWrite} />}
      {waits.length > 0 && (
        <Banner tone="warn" icon="clock">
          <p>
            <strong>{plural(waits.length, "setting waits", "settings wait")} for the next start</strong> of gamekeeperd:{" "}
            {waits.map((key, i) => (
              <>
                {i > 0 && ", "}
                <code key={key}>{key}</code>
              </>
            ))}
            .
          </p>
        </Banner>
      )}
      {base.config.revision !== now.config.revision && (
        <Conflict base={base} now={now} onKeep={() => setEditing(now)} onDrop={drop} />
      )}
      <div class="config-head">
        <Segmented
          label="Shown as"
          value={view}
          options={[
            { value: "form", label: "Form" },
            { value: "text", label: "File" },
          ]}
          onChange={(next) => {
            if (dirty) return toast("info", "Save or discard your changes first.");
            setView(next);
          }}
        />
        <span class="hint">
          Revision {now.config.revision} is in force
          {now.config.file && (
            <>
              , from <code class="hash">{now.config.file}</code>
            </>
          )}
        </span>
      </div>
      {view === "form" ? (
        <ConfigForm
          base={base}
          drafts={drafts}
          readOnly={!canWrite}
          onDrafts={(next) => {
            begin();
            setDrafts(next);
          }}
          onSaved={saved}
          onConflict={() => void readAll()}
        />
      ) : (
        <ConfigText
          base={base}
          draft={text}
          readOnly={!canWrite}
          onDraft={(next) => {
            begin();
            setText(next);
          }}
          onSaved={saved}
          onConflict={() => void readAll()}
        />
      )}
      <Revisions now={now.config} canWrite={canWrite} onRestored={readAll} />
    </>
  );
}

export function ConfigTab(): JSX.Element {
  useFollow(() => ({ topics: { "config:changed": () => void readAll() }, read: () => void readAll() }));
  return (
    <Await of={latest} what="the configuration" scope="config:read" rows={8}>
      {(now) => <Configured now={now} />}
    </Await>
  );
}
