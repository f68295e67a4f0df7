// Fields of the limits that a window, or a simulation, sets instead of the profile's.

import type { JSX } from "preact";

import type { MacroProfile } from "../api/types";
import { formatNumber } from "../lib/format";
import { kLimits, type LimitsDraft, type Wrong } from "../lib/profile-draft";
import { Field, TextField } from "../ui/field";

interface Props {
  /** Start of the ids of the fields. */
  id: string;
  /** Start of their paths in `wrong`: "windows[0].". */
  path: string;
  draft: LimitsDraft;
  /** Whose limits hold where nothing is typed; null: not known. */
  of: MacroProfile | null;
  wrong: Wrong;
  onChange: (part: Partial<LimitsDraft>) => void;
}

function Choice(props: {
  id: string;
  label: string;
  value: string;
  options: readonly (readonly [value: string, words: string])[];
  error: string | undefined;
  onChange: (value: string) => void;
}): JSX.Element {
  return (
    <Field id={props.id} label={props.label} error={props.error}>
      {(tied) => (
        <select {...tied} value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
          {props.options.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function LimitFields({ id, path, draft, of, wrong, onChange }: Props): JSX.Element {
  const says = (words: string | undefined): string =>
    words === undefined ? "As the profile says" : `As the profile says: ${words}`;
  const hint = (value: number | undefined): string =>
    value === undefined ? "Empty: the profile's" : `Empty: ${formatNumber(value, value % 1 ? 1 : 0)}`;
  return (
    <div class="limit-fields">
      <Choice
        id={`${id}-level`}
        label="Level"
        value={draft.safety_level}
        error={wrong[`${path}safety_level`]}
        onChange={(level) => onChange({ safety_level: level as LimitsDraft["safety_level"] })}
        options={[
          ["", says(of?.safety_level)],
          ["safe", "Safe"],
          ["risky", "Risky"],
          ["dangerous", "Dangerous"],
        ]}
      />
      <Choice
        id={`${id}-cancel`}
        label="On a breach"
        value={draft.auto_cancel_enabled}
        error={wrong[`${path}auto_cancel_enabled`]}
        onChange={(on) => onChange({ auto_cancel_enabled: on as LimitsDraft["auto_cancel_enabled"] })}
        options={[
          ["", says(of ? (of.auto_cancel_enabled ? "cancels" : "watches only") : undefined)],
          ["true", "Cancels"],
          ["false", "Watches only"],
        ]}
      />
      <TextField
        id={`${id}-run`}
        label="Longest run, s"
        numeric
        value={draft.max_duration}
        hint={hint(of?.max_duration)}
        error={wrong[`${path}max_duration`]}
        onChange={(max_duration) => onChange({ max_duration })}
      />
      {kLimits.map(({ name, label }) => (
        <TextField
          key={name}
          id={`${id}-${name.replaceAll("_", "-")}`}
          label={label}
          numeric
          value={draft.thresholds[name]}
          hint={hint(of?.thresholds[name])}
          error={wrong[`${path}thresholds.${name}`]}
          onChange={(value) => onChange({ thresholds: { ...draft.thresholds, [name]: value } })}
        />
      ))}
    </div>
  );
}
