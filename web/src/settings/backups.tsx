// Backups: made while the daemon runs, restored by a command while it does not.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { type Backup, backupsApi } from "../api/settings";
import { formatBytes } from "../lib/config";
import { Await, LookOnly } from "../rooms/shared";
import { resource, why } from "../state/resource";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { Icon } from "../ui/icons";
import { Ago, Button, Empty, Section } from "../ui/parts";
import { Confirm, ShownOnce } from "./shared";
import { Dialog } from "../ui/dialog";

const backups = resource(async () => (await backupsApi.list()).items);
/** While one is made the list is read again this often. Chosen. */
const kLookMs = 2000;

function Row(props: { one: Backup; canWrite: boolean; onRestore: () => void; onRemove: () => void }): JSX.Element {
  const { one } = props;
  const ready = one.state === "ready";
  return (
    <li class="row">
      <span class="row-main stacked">
        <span class="row-title">{one.name}</span>
        <span class="row-text">
          {ready ? (
            <>
              <Icon name="check" size={14} /> whole and checked, <Ago at={one.created_at} />,{" "}
              {formatBytes(one.bytes)}
              {one.scheduled && ", by the schedule"}
            </>
          ) : (
            <>
              <Icon name="clock" size={14} /> is being made
            </>
          )}
        </span>
        <span class="row-text">
          <code class="hash">{one.path}</code>
        </span>
      </span>
      {ready && (
        <span class="cell-actions">
          <Button onClick={props.onRestore} aria-label={`How to restore ${one.name}`}>
            How to restore
          </Button>
          {props.canWrite && (
            <Button onClick={props.onRemove} aria-label={`Delete ${one.name}`}>
              Delete
            </Button>
          )}
        </span>
      )}
    </li>
  );
}

function HowToRestore({ one, onClose }: { one: Backup; onClose: () => void }): JSX.Element {
  const data = one.path.replace(/\/backups\/[^/]+$/, "");
  return (
    <Dialog title={`Restore ${one.name}`} onClose={onClose}>
      <p class="body-text">
        The daemon must not run meanwhile, so this is a command on its machine. What is there now is
        set aside, not deleted. Without systemd, stop and start gamekeeperd your way.
      </p>
      <ShownOnce
        label="Commands"
        text={`systemctl stop gamekeeper\ngamekeeper --data ${data} db restore ${one.path}\nsystemctl start gamekeeper`}
      />
      <div class="dialog-actions">
        <Button kind="primary" onClick={onClose}>
          Close
        </Button>
      </div>
    </Dialog>
  );
}

export function BackupsTab(): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [restoring, setRestoring] = useState<Backup | null>(null);
  const [removing, setRemoving] = useState<Backup | null>(null);
  const canWrite = may("admin:write");
  useEffect(() => void backups.read(), []);
  const running = busy || (backups.value.value ?? []).some(({ state }) => state === "running");
  useEffect(() => {
    if (!running) return undefined;
    const looking = setInterval(() => void backups.read(), kLookMs);
    return () => clearInterval(looking);
  }, [running]);
  const make = async (): Promise<void> => {
    setBusy(true);
    try {
      const { name, bytes } = await backupsApi.make();
      toast("good", `The backup ${name} is whole and checked, ${formatBytes(bytes)}.`);
    } catch (error) {
      toast("bad", why(error));
    }
    setBusy(false);
    void backups.read();
  };
  const tools = canWrite && (
    <Button kind="primary" icon="plus" busy={running} onClick={() => void make()}>
      {running ? "Making one" : "Make a backup"}
    </Button>
  );
  return (
    <>
      {!canWrite && <LookOnly scope="admin:write" />}
      <Section
        title="Backups"
        id="backups"
        note="Databases, configuration and key of the data folder. The files stay on the daemon's machine. Have them made regularly: backups.schedule in the configuration."
        tools={tools || undefined}
      >
        <Await of={backups} what="the backups" scope="admin:read">
          {(items) =>
            items.length === 0 ? (
              <Empty icon="download" title="No backup yet">
                <p>
                  Copy a backup to another disk too: one beside the original does not survive it.
                </p>
              </Empty>
            ) : (
              <ul class="rows">
                {items.map((one) => (
                  <Row
                    key={one.name}
                    one={one}
                    canWrite={canWrite}
                    onRestore={() => setRestoring(one)}
                    onRemove={() => setRemoving(one)}
                  />
                ))}
              </ul>
            )
          }
        </Await>
      </Section>
      {restoring && <HowToRestore one={restoring} onClose={() => setRestoring(null)} />}
      {removing && (
        <Confirm
          title={`Delete the backup ${removing.name}?`}
          action="Delete"
          done={`The backup ${removing.name} is gone.`}
          onClose={() => setRemoving(null)}
          work={async () => {
            await backupsApi.remove(removing.name);
            await backups.read();
          }}
        >
          <p>It cannot be brought back.</p>
        </Confirm>
      )}
    </>
  );
}
