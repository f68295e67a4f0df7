// A button whose dialog's code comes with the first press.

import type { ComponentType, JSX } from "preact";
import { useState } from "preact/hooks";

import { toast } from "../state/toasts";
import { Icon, type IconName } from "./icons";
import { Button } from "./parts";

interface Props<P> {
  load: () => Promise<ComponentType<P & { onClose: () => void }>>;
  props: P;
  icon: IconName;
  words: string;
  /** Names the thing too: there is one such button a row. */
  label: string;
  /** An icon with its label as tooltip: for the rows of a table. */
  bare?: boolean | undefined;
}

export function DialogButton<P extends object>({ load, props, icon, words, label, bare }: Props<P>): JSX.Element {
  const [There, setThere] = useState<ComponentType<P & { onClose: () => void }> | null>(null);
  const [open, setOpen] = useState(false);
  const show = (): void => {
    load().then(
      (component) => {
        setThere(() => component);
        setOpen(true);
      },
      () => toast("bad", "This dialog could not be loaded. Reload the page."),
    );
  };
  return (
    <>
      {bare ? (
        <button type="button" class="icon-button" aria-label={label} title={label} onClick={show}>
          <Icon name={icon} size={18} />
        </button>
      ) : (
        <Button icon={icon} aria-label={label} onClick={show}>
          {words}
        </Button>
      )}
      {open && There && <There {...props} onClose={() => setOpen(false)} />}
    </>
  );
}
