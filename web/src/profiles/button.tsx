// Opens the windows and the dry run of a profile to be changed; its code comes with the first press.

import type { JSX } from "preact";

import { DialogButton } from "../ui/dialog-button";

const load = () => import("./dialog").then(({ ProfileDialog }) => ProfileDialog);

export function EditProfileButton({ macroId }: { macroId: string }): JSX.Element {
  return (
    <DialogButton load={load} props={{ macroId }} icon="edit" words="Edit" label={`Edit ${macroId}`} bare />
  );
}
