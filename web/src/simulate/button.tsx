// Opens the simulation of a macro's profile; the code of its dialog comes with the first press.

import type { JSX } from "preact";

import type { ProfilePatch } from "../api/types";
import { DialogButton } from "../ui/dialog-button";

export interface SimulateProps {
  macroId: string;
  /** Under which profile; absent: the macro's own. */
  profile?: string | undefined;
  /** Fields to try on top of it. */
  patch?: ProfilePatch | undefined;
}

const load = () => import("./dialog").then(({ SimulateDialog }) => SimulateDialog);

export function SimulateButton(props: SimulateProps & { bare?: boolean }): JSX.Element {
  const { bare, ...of } = props;
  return (
    <DialogButton
      load={load}
      props={of}
      icon="clock"
      words="Simulate"
      label={`Simulate ${of.macroId}`}
      bare={bare}
    />
  );
}
