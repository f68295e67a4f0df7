// What the settings share: sending a form, asking before what cannot be undone, showing a secret.

import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";

import { ApiError } from "../api/client";
import { why } from "../state/resource";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { FormError } from "../ui/field";
import { Button } from "../ui/parts";

export type Wrong = Record<string, string>;

export interface Sending {
  busy: boolean;
  wrong: Wrong;
  error: string | null;
  /** The last one was refused with 412. */
  stale: boolean;
  setWrong: (wrong: Wrong) => void;
  /** Runs `work`; a refusal becomes `wrong` and `error`. True: it worked. */
  send: (work: () => Promise<void>) => Promise<boolean>;
}

/** `what`: what somebody else may change while the form is open. */
export function useSending(what = "entry"): Sending {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<Wrong>({});
  const [error, setError] = useState<string | null>(null);
  const [stale, setStale] = useState(false);
  const send = async (work: () => Promise<void>): Promise<boolean> => {
    setBusy(true);
    setError(null);
    setWrong({});
    setStale(false);
    try {
      await work();
      return true;
    } catch (caught) {
      setWrong(caught instanceof ApiError ? caught.fieldErrors() : {});
      const changed = caught instanceof ApiError && caught.status === 412;
      setStale(changed);
      setError(changed ? `Somebody else changed this ${what} meanwhile. Read it again, then change yours.` : why(caught));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, wrong, error, stale, setWrong, send };
}

/** A question before something that cannot be undone. */
export function Confirm(props: {
  title: string;
  action: string;
  done: string;
  work: () => Promise<unknown>;
  onClose: () => void;
  children: ComponentChildren;
}): JSX.Element {
  const sending = useSending();
  const go = async (): Promise<void> => {
    const worked = await sending.send(async () => void (await props.work()));
    if (!worked) return;
    toast("good", props.done);
    props.onClose();
  };
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <FormError text={sending.error} />
      <div class="body-text">{props.children}</div>
      <div class="dialog-actions">
        <Button onClick={props.onClose}>Cancel</Button>
        <Button kind="danger" busy={sending.busy} onClick={() => void go()}>
          {props.action}
        </Button>
      </div>
    </Dialog>
  );
}

/** A text that is shown once: to copy, not to keep on the screen. */
export function ShownOnce(props: { text: string; label: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(props.text);
      setCopied(true);
    } catch {
      toast("warn", "The browser did not allow copying. Select the text instead.");
    }
  };
  return (
    <div class="shown-once">
      <pre tabIndex={0} role="region" aria-label={props.label}>
        {props.text}
      </pre>
      <Button icon={copied ? "check" : "table"} onClick={() => void copy()}>
        {copied ? "Copied" : "Copy"}
      </Button>
    </div>
  );
}
