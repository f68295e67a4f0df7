// A labelled input with its hint and its error tied to it, and what forms are made of it.

import type { ComponentChildren, JSX } from "preact";

import { Icon } from "./icons";

interface FieldProps {
  id: string;
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  children: (tied: {
    id: string;
    "aria-describedby"?: string;
    "aria-invalid"?: boolean;
  }) => JSX.Element;
}

export function Field({ id, label, hint, error, children }: FieldProps): JSX.Element {
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        ...(described ? { "aria-describedby": described } : {}),
        ...(error ? { "aria-invalid": true } : {}),
      })}
      {hint && (
        <div class="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          <Icon name="bad" size={14} /> {error}
        </p>
      )}
    </div>
  );
}

export function FormError({ text }: { text: string | null }): JSX.Element | null {
  if (!text) return null;
  return (
    <p class="form-error" role="alert">
      <Icon name="bad" size={16} /> {text}
    </p>
  );
}

export function TextField(props: {
  id: string;
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: ComponentChildren;
  error?: string | undefined;
  numeric?: boolean;
  mono?: boolean;
  disabled?: boolean;
  autofocus?: boolean;
  autocomplete?: "username" | "one-time-code";
}): JSX.Element {
  return (
    <Field id={props.id} label={props.label} hint={props.hint} error={props.error}>
      {(tied) => (
        <input
          {...tied}
          type="text"
          class={props.mono ? "mono" : ""}
          inputMode={props.numeric ? "decimal" : "text"}
          autocomplete={props.autocomplete ?? "off"}
          autocapitalize="none"
          spellcheck={false}
          disabled={props.disabled}
          autofocus={props.autofocus}
          value={props.value}
          onInput={(event) => props.onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function PasswordField(props: {
  id: string;
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: ComponentChildren;
  error?: string | undefined;
  fresh?: boolean;
  autofocus?: boolean;
}): JSX.Element {
  return (
    <Field id={props.id} label={props.label} hint={props.hint} error={props.error}>
      {(tied) => (
        <input
          {...tied}
          type="password"
          autocomplete={props.fresh ? "new-password" : "current-password"}
          autofocus={props.autofocus}
          value={props.value}
          onInput={(event) => props.onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}
