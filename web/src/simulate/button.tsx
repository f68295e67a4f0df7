// Opens the simulation of a macro's profile; the code of its dialog comes with the first press.

import type { JSX } from "preact";

import { DialogButton } from "../ui/dialog-button";
import type { SimulateProps } from "./dialog";

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
