// Who is told of cancellations, whether it arrives, and what still waits.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { type Delivery, type DeliveryState, noticesApi, type Receiver } from "../api/notices";
import { games } from "../games/state";
import { plural } from "../lib/format";
import { Await, LookOnly, useFollow } from "../rooms/shared";
import { now } from "../state/clock";
import { resource, why } from "../state/resource";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { Ago, Button, Empty, Section } from "../ui/parts";
import { Chip, type Look } from "../ui/words";
import { kKindNames, ReceiverDialog } from "./receiver-form";
import { Confirm } from "./shared";

const receivers = resource(noticesApi.receivers);
const outbox = resource(noticesApi.outbox);
const kWrite = "alerts:write";

const readBoth = async (): Promise<void> => {
  await Promise.all([receivers.read(), outbox.read()]);
};

const kLooks: Record<DeliveryState, Look> = {
  pending: { icon: "clock", word: "Waits", tone: "warn" },
  delivered: { icon: "check", word: "Arrived", tone: "good" },
  failed: { icon: "bad", word: "Failed", tone: "bad" },
  dropped: { icon: "cancel", word: "Lost", tone: "bad" },
};

/** "next try in 12 s"; the daemon's clock may be a little ahead of the browser's. */
function nextTry(at: string): string {
  const left = Math.max(0, Math.ceil((Date.parse(at) - now.value) / 1000));
  return left === 0 ? "next try now" : left < 120 ? `next try in ${left} s` : `next try in ${Math.round(left / 60)} min`;
}

/** What the form changes; `etag` is null for a new one. */
interface Editing {
  of: Receiver | null;
  etag: string | null;
}

type Told = { receiver: Receiver; onEdit: () => void; onRemove: () => void };

function ReceiverRow({ receiver, onEdit, onRemove }: Told): JSX.Element {
  const [busy, setBusy] = useState(false);
  const tryIt = async (): Promise<void> => {
    setBusy(true);
    try {
      const sent = await noticesApi.test(receiver.name);
      if (sent.state === "delivered") toast("good", `${receiver.name} took the test message.`);
      else toast("bad", `${receiver.name}: ${sent.error ?? "no answer yet; it is in the outbox"}`);
    } catch (error) {
      toast("bad", why(error));
    }
    setBusy(false);
    await readBoth();
  };
  return (
    <li class="row receiver">
      <span class="row-main stacked">
        <span class="row-title">
          {receiver.name}{" "}
          {!receiver.enabled && <Chip look={{ icon: "pause", word: "Off", tone: "quiet" }} />}
        </span>
        <span class="row-text">
          {kKindNames[receiver.kind]}: <code>{receiver.target}</code>
          {receiver.kind === "webhook" && (receiver.signed ? ", signed" : ", not signed")}
        </span>
        <span class="row-text">
          {receiver.events.length === 0 ? "every notice" : receiver.events.join(" ")},{" "}
          {receiver.last_delivered_at ? (
            <>
              last told <Ago at={receiver.last_delivered_at} />
            </>
          ) : (
            "never told yet"
          )}
          {receiver.pending > 0 && `, ${plural(receiver.pending, "message waits", "messages wait")}`}
        </span>
        {receiver.last_error && <span class="row-text tone-text-bad">{receiver.last_error}</span>}
      </span>
      {may(kWrite) && (
        <span class="cell-actions">
          <Button busy={busy} disabled={!receiver.enabled} onClick={() => void tryIt()} aria-label={`Send test to ${receiver.name}`}>
            Send test
          </Button>
          <Button onClick={onEdit} aria-label={`Change ${receiver.name}`}>
            Change
          </Button>
          <Button onClick={onRemove} aria-label={`Remove ${receiver.name}`}>
            Remove
          </Button>
        </span>
      )}
    </li>
  );
}

function DeliveryRow({ one }: { one: Delivery }): JSX.Element {
  return (
    <li class="row">
      <span class="row-main stacked">
        <span class="row-title">{one.title}</span>
        <span class="row-text">
          to {one.receiver}, made <Ago at={one.created_at} />
          {one.attempts > 0 && `, ${plural(one.attempts, "try", "tries")}`}
          {one.next_attempt_at && `, ${nextTry(one.next_attempt_at)}`}
        </span>
        {one.error && <span class="row-text">{one.error}</span>}
      </span>
      <Chip look={kLooks[one.state]} />
    </li>
  );
}

function Outbox(): JSX.Element {
  return (
    <Section title="Outbox" id="outbox" note="What waits, then what arrived or failed, newest first. It survives a restart.">
      <Await of={outbox} what="the outbox" scope="alerts:read">
        {({ items, pending, dropped_total }) => (
          <>
            {dropped_total > 0 && (
              <p class="hint-line" role="status">
                The outbox was full: {plural(dropped_total, "message is", "messages are")} lost since the start.
              </p>
            )}
            {items.length === 0 ? (
              <Empty icon="check" title="Nothing waits">
                <p>Messages stand here while they are on their way, and for a while afterwards.</p>
              </Empty>
            ) : (
              <ul class="rows" aria-label={`${pending} waiting`}>
                {items.map((one) => (
                  <DeliveryRow key={`${one.notice_id} ${one.receiver}`} one={one} />
                ))}
              </ul>
            )}
          </>
        )}
      </Await>
    </Section>
  );
}

export function NoticesTab(): JSX.Element {
  const [editing, setEditing] = useState<Editing | null>(null);
  const [removing, setRemoving] = useState<Receiver | null>(null);
  useFollow(() => ({
    topics: { "notice:delivered": () => void readBoth(), "notice:failed": () => void readBoth() },
    read: () => {
      void readBoth();
      void games.read();
    },
  }));
  const edit = async (name: string): Promise<void> => {
    try {
      const { receiver, etag } = await noticesApi.receiver(name);
      setEditing({ of: receiver, etag });
    } catch (error) {
      toast("bad", why(error));
      await readBoth();
    }
  };
  const add = may(kWrite) && (
    <Button kind="primary" icon="plus" onClick={() => setEditing({ of: null, etag: null })}>
      Add a receiver
    </Button>
  );
  return (
    <>
      {!may(kWrite) && <LookOnly scope={kWrite} />}
      <Section title="Receivers" id="receivers" note="Who is told when a macro is cancelled, or when one calls notify." tools={add}>
        <Await of={receivers} what="the receivers" scope="alerts:read">
          {(items) =>
            items.length === 0 ? (
              <Empty icon="bell" title="Nobody is told">
                <p>
                  Add a Discord channel, a webhook or the players of a linked game, then send it a
                  test. Cancellations are kept and shown here either way.
                </p>
              </Empty>
            ) : (
              <ul class="rows">
                {items.map((one) => (
                  <ReceiverRow key={one.name} receiver={one} onEdit={() => void edit(one.name)} onRemove={() => setRemoving(one)} />
                ))}
              </ul>
            )
          }
        </Await>
      </Section>
      <Outbox />
      {editing && (
        <ReceiverDialog
          key={`${editing.of?.name} ${editing.etag}`}
          of={editing.of}
          etag={editing.etag}
          onReread={() => void edit(editing.of!.name)}
          onClose={() => setEditing(null)}
          onSaved={readBoth}
        />
      )}
      {removing && (
        <Confirm
          title={`Remove ${removing.name}?`}
          action="Remove"
          done={`${removing.name} is told nothing any more.`}
          onClose={() => setRemoving(null)}
          work={async () => {
            await noticesApi.remove(removing.name);
            await readBoth();
          }}
        >
          <p>What waits for it fails. Its address and secret are forgotten.</p>
        </Confirm>
      )}
    </>
  );
}
