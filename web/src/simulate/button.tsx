// Opens the simulation of a macro's profile; the code of its dialog comes with the first press.

import type { ComponentType, JSX } from "preact";
import { useState } from "preact/hooks";

import { toast } from "../state/toasts";
import { Button } from "../ui/parts";

export interface SimulateProps {
  macroId: string;
  /** Under which profile; absent: the macro's own. */
  profile?: string | undefined;
  onClose: () => void;
}

interface Props {
  macroId: string;
  profile?: string;
  small?: boolean;
}

export function SimulateButton({ macroId, profile, small }: Props): JSX.Element {
  const [There, setThere] = useState<ComponentType<SimulateProps> | null>(null);
  const [open, setOpen] = useState(false);
  const show = (): void => {
    import("./dialog").then(
      ({ SimulateDialog }) => {
        setThere(() => SimulateDialog);
        setOpen(true);
      },
      () => toast("bad", "The simulation could not be loaded. Reload the page."),
    );
  };
  return (
    <>
      <Button class={small ? "small" : ""} icon="clock" aria-label={`Simulate ${macroId}`} onClick={show}>
        Simulate
      </Button>
      {open && There && <There macroId={macroId} profile={profile} onClose={() => setOpen(false)} />}
    </>
  );
}
