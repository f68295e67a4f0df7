// Picking scopes. What there is comes from the daemon's own description of its routes.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { call } from "../api/client";
import { resource } from "../state/resource";
import { user } from "../state/session";
import { Field } from "../ui/field";

interface OpenApi {
  paths: Record<string, Record<string, { summary?: string; "x-scope"?: string }>>;
}

/** Scope → what it opens, in words of the routes. */
export const scopes = resource(async () => {
  const { paths } = await call<OpenApi>("GET", "/api/openapi.json");
  const found = new Map<string, string[]>();
  for (const methods of Object.values(paths)) {
    for (const { summary, "x-scope": scope } of Object.values(methods)) {
      if (!scope?.includes(":")) continue;
      const words = found.get(scope) ?? [];
      if (summary) words.push(summary);
      found.set(scope, words);
    }
  }
  return new Map([...found].sort(([a], [b]) => a.localeCompare(b)));
});

const kShownWords = 3;

function Hint({ words }: { words: readonly string[] }): JSX.Element {
  const more = words.length - kShownWords;
  return (
    <small>
      {words.slice(0, kShownWords).join(" · ")}
      {more > 0 && ` · and ${more} more`}
    </small>
  );
}

export function ScopePicker(props: {
  id: string;
  label: string;
  picked: readonly string[];
  onChange: (picked: string[]) => void;
  error?: string | undefined;
  disabled?: boolean;
}): JSX.Element {
  useEffect(() => {
    if (scopes.value.value === null) void scopes.read();
  }, []);
  const known = scopes.value.value ?? new Map<string, string[]>();
  const own = user.value?.scopes ?? [];
  const held = (scope: string): boolean => own.includes("*") || own.includes(scope);
  // What is set and unknown here stays visible: it must not vanish with a save.
  const names = [...new Set([...known.keys(), ...props.picked])].sort();
  const toggle = (scope: string, on: boolean): void =>
    props.onChange(
      on ? [...props.picked, scope].sort() : props.picked.filter((one) => one !== scope),
    );
  return (
    <Field
      id={props.id}
      label={props.label}
      error={props.error}
      hint="Grey ones you do not hold yourself, so you cannot hand them out."
    >
      {(tied) => (
        <div {...tied} class="scopes" role="group" aria-label={props.label}>
          {names.map((scope) => (
            <label key={scope} class="scope">
              <input
                type="checkbox"
                checked={props.picked.includes(scope)}
                disabled={props.disabled || (!held(scope) && !props.picked.includes(scope))}
                onChange={(event) => toggle(scope, event.currentTarget.checked)}
              />
              <span>
                <code>{scope}</code>
                <Hint words={known.get(scope) ?? []} />
              </span>
            </label>
          ))}
        </div>
      )}
    </Field>
  );
}
