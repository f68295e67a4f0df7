// What a simulation may be asked: another time, profile, game, kind, or other limits.

import type { JSX } from "preact";

import type { MacroProfile } from "../api/types";
import { games } from "../games/state";
import type { Wrong } from "../lib/profile-draft";
import type { Kind, SimulateDraft } from "../lib/simulation";
import { LimitFields } from "../profiles/limits";
import { Field, TextField } from "../ui/field";

const kKinds: Record<Kind, string> = {
  script: "Script of the library",
  process: "Process of its own",
  external: "Program elsewhere",
};

function TimeField(props: {
  id: string;
  label: string;
  value: string;
  hint: string;
  error: string | undefined;
  onChange: (value: string) => void;
}): JSX.Element {
  return (
    <Field id={props.id} label={props.label} hint={props.hint} error={props.error}>
      {(tied) => (
        <input
          {...tied}
          type="datetime-local"
          value={props.value}
          onInput={(event) => props.onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface Props {
  macroId: string;
  draft: SimulateDraft;
  known: readonly MacroProfile[];
  wrong: Wrong;
  onChange: (part: Partial<SimulateDraft>) => void;
}

export function SimulateFields({ macroId, draft, known, wrong, onChange }: Props): JSX.Element {
  const of = known.find((one) => one.macro_id === (draft.profile || macroId)) ?? null;
  const ids = known.map((one) => one.macro_id).filter((id) => id !== macroId);
  const listed = draft.profile !== "" && draft.profile !== macroId && !ids.includes(draft.profile) ? [draft.profile, ...ids] : ids;
  return (
    <>
      <div class="limit-fields">
        <TimeField id="simulate-from" label="From" value={draft.from} hint="Empty: 24 h before the end" error={wrong.from} onChange={(from) => onChange({ from })} />
        <TimeField id="simulate-to" label="To" value={draft.to} hint="Empty: now. At most 7 days" error={wrong.to} onChange={(to) => onChange({ to })} />
        <Field id="simulate-profile" label="Under the profile" error={wrong.profile}>
          {(tied) => (
            <select {...tied} value={draft.profile} onChange={(event) => onChange({ profile: event.currentTarget.value })}>
              <option value="">Its own ({macroId})</option>
              {listed.map((id) => (
                <option key={id} value={id}>
                  {id}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field id="simulate-kind" label="As if it were a" error={wrong.kind}>
          {(tied) => (
            <select {...tied} value={draft.kind} onChange={(event) => onChange({ kind: event.currentTarget.value as Kind })}>
              {Object.entries(kKinds).map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </select>
          )}
        </Field>
        <TextField
          id="simulate-game"
          label="On the game"
          value={draft.game}
          onChange={(game) => onChange({ game })}
          error={wrong.game}
          hint={`Empty: any${(games.value.value ?? []).length > 0 ? `; ${games.value.value!.map((one) => one.name).join(", ")}` : ""}`}
          mono
        />
      </div>
      <details>
        <summary>Try other limits</summary>
        <LimitFields
          id="simulate"
          path="patch."
          draft={draft.limits}
          of={of}
          wrong={wrong}
          onChange={(part) => onChange({ limits: { ...draft.limits, ...part } })}
        />
      </details>
    </>
  );
}
