// What held before: who changed what and when, the difference to what holds now, and the way back.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { configApi, type ConfigRevision, type Configuration } from "../api/settings";
import { plural } from "../lib/format";
import { Await } from "../rooms/shared";
import { resource, why } from "../state/resource";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { Ago, Button, Section } from "../ui/parts";
import { Changes, Difference } from "./config-parts";
import { Confirm } from "./shared";

export const revisions = resource(async () => (await configApi.revisions()).items);

const kCauses: Record<string, string> = {
  start: "found at the start",
  file: "the file was written",
  signal: "the file was read on SIGHUP",
  reload: "the file was read again",
  command: "the file was read again by command",
  put: "the file was replaced here",
  patch: "settings were changed here",
  restore: "an older one was restored",
};

function Row(props: {
  one: ConfigRevision;
  holds: boolean;
  canWrite: boolean;
  onShow: () => void;
  onRestore: () => void;
}): JSX.Element {
  const { one, holds } = props;
  return (
    <li class="row revision">
      <span class="row-main stacked">
        <span class="row-title">
          Revision {one.id} {holds && <span class="count">in force</span>}
        </span>
        <span class="row-text">
          <Ago at={one.at} /> by <b>{one.by}</b>: {kCauses[one.cause] ?? one.cause}
          {one.comment && <> · “{one.comment}”</>}
          {one.correlation_id && (
            <>
              {" "}
              · <a href={`/logs/story/${encodeURIComponent(one.correlation_id)}`}>the request</a>
            </>
          )}
        </span>
        {one.changes.length > 0 && (
          <details>
            <summary>{plural(one.changes.length, "change")}</summary>
            <Changes items={one.changes} />
          </details>
        )}
      </span>
      {!holds && (
        <span class="cell-actions">
          <Button onClick={props.onShow} aria-label={`Difference of revision ${one.id} to now`}>
            Difference
          </Button>
          {props.canWrite && (
            <Button onClick={props.onRestore} aria-label={`Restore revision ${one.id}`}>
              Restore
            </Button>
          )}
        </span>
      )}
    </li>
  );
}

export function Revisions(props: {
  now: Configuration;
  canWrite: boolean;
  onRestored: () => Promise<void>;
}): JSX.Element {
  const { now } = props;
  const [shown, setShown] = useState<ConfigRevision | null>(null);
  const [restoring, setRestoring] = useState<ConfigRevision | null>(null);
  const show = (one: ConfigRevision): void =>
    void configApi.revision(one.id).then(setShown, (error) => toast("bad", why(error)));
  return (
    <Section title="Revisions" id="config-revisions" note="Every text that was in force; the newest 50 are kept.">
      <Await of={revisions} what="the revisions" scope="config:read">
        {(items) => (
          <ul class="rows">
            {items.map((one) => (
              <Row
                key={one.id}
                one={one}
                holds={one.id === now.revision}
                canWrite={props.canWrite}
                onShow={() => show(one)}
                onRestore={() => setRestoring(one)}
              />
            ))}
          </ul>
        )}
      </Await>
      {shown && (
        <Dialog title={`From revision ${shown.id} to what holds now`} onClose={() => setShown(null)} wide>
          <Difference before={shown.text ?? ""} after={now.text} label="Difference" />
          <div class="dialog-actions">
            <Button onClick={() => setShown(null)}>Close</Button>
          </div>
        </Dialog>
      )}
      {restoring && (
        <Confirm
          title={`Restore revision ${restoring.id}?`}
          action="Restore it"
          done={`Revision ${restoring.id} holds again.`}
          onClose={() => setRestoring(null)}
          work={async () => {
            await configApi.restore(restoring.id);
            await props.onRestored();
          }}
        >
          <p>Its text replaces the file. What holds now stays in the list.</p>
        </Confirm>
      )}
    </Section>
  );
}
