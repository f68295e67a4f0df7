// The configuration as a form: a field a key, in sections. Only what differs is sent.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { ApiError } from "../api/client";
import { configApi, type ConfigSetting, type Versioned } from "../api/settings";
import { choicesOf, draftOf, isDefault, sectionsOf, valueOf, valueText } from "../lib/config";
import { plural } from "../lib/format";
import { toast } from "../state/toasts";
import { FormError, TextField } from "../ui/field";
import { Icon } from "../ui/icons";
import { Button, Section } from "../ui/parts";
import { useSending } from "./shared";

const kTitles: Record<string, string> = {
  "": "Web server",
  log: "Log",
  monitor: "Monitor",
  metrics: "Metrics",
  http: "Connections",
  store: "Storage",
  retention: "Retention",
  macros: "Macros",
  notices: "Notices",
  referee: "Referee",
};
const idOf = (key: string): string => `config-${key.replaceAll(".", "-")}`;

function Control(props: {
  of: ConfigSetting;
  tied: Record<string, unknown>;
  draft: string;
  onChange: (draft: string) => void;
}): JSX.Element {
  const { of, tied, draft, onChange } = props;
  const choices = choicesOf(of);
  const shared = { ...tied, value: draft, autocapitalize: "none" as const, spellcheck: false };
  if (choices.length > 0)
    return (
      <select {...shared} onChange={(event) => onChange(event.currentTarget.value)}>
        {choices.map((word) => (
          <option key={word}>{word}</option>
        ))}
      </select>
    );
  if (of.type === "array of strings")
    return (
      <textarea
        {...shared}
        class="mono"
        rows={Math.min(6, draft.split("\n").length + 1)}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    );
  return (
    <input
      {...shared}
      type="text"
      class={of.type === "string" ? "mono" : ""}
      inputMode={of.type === "number" ? "decimal" : "text"}
      autocomplete="off"
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function Setting(props: {
  of: ConfigSetting;
  draft: string | undefined;
  error: string | undefined;
  readOnly: boolean;
  onChange: (draft: string | undefined) => void;
}): JSX.Element {
  const { of, draft, error, onChange } = props;
  const id = idOf(of.key);
  const saved = draftOf(of.value);
  const shown = draft ?? saved;
  const list = of.type === "array of strings";
  const byDefault = draftOf(defaultOf(of));
  return (
    <div class={draft === undefined ? "setting" : "setting is-changed"}>
      <div class="setting-words">
        <label for={id}>
          <code>{of.key}</code>
        </label>
        <p class="hint" id={`${id}-hint`}>
          {of.meaning}.{list ? " One a line." : ""}
        </p>
        <p class="setting-facts">
          <span class={of.live ? "badge" : "badge tone-warn"}>
            <Icon name={of.live ? "bolt" : "clock"} size={13} /> {of.live ? "at once" : "next start"}
          </span>
          {of.range && choicesOf(of).length === 0 && <span>{of.range}</span>}
          <span>
            default <code>{of.default}</code>
          </span>
          {!isDefault(of) && draft === undefined && <span class="badge">not the default</span>}
          {draft !== undefined && (
            <span class="badge tone-info">
              <Icon name="edit" size={13} /> changed, was <code>{valueText(of.value)}</code>
            </span>
          )}
        </p>
      </div>
      <div class="setting-control">
        <Control
          of={of}
          draft={shown}
          onChange={(next) => onChange(next === saved ? undefined : next)}
          tied={{
            id,
            disabled: props.readOnly,
            "aria-describedby": error ? `${id}-hint ${id}-error` : `${id}-hint`,
            "aria-invalid": error ? true : undefined,
          }}
        />
        {error && (
          <p class="field-error" id={`${id}-error`}>
            <Icon name="bad" size={14} /> {error}
          </p>
        )}
        {!props.readOnly && shown !== byDefault && (
          <button
            type="button"
            class="line-link"
            onClick={() => onChange(byDefault === saved ? undefined : byDefault)}
          >
            Default<span class="sr-only"> of {of.key}</span>
          </button>
        )}
        {draft !== undefined && (
          <button type="button" class="line-link" onClick={() => onChange(undefined)}>
            Undo<span class="sr-only"> the change of {of.key}</span>
          </button>
        )}
      </div>
    </div>
  );
}

/** The default is TOML; of these types that is JSON too. */
function defaultOf({ default: fallback }: ConfigSetting): unknown {
  try {
    return JSON.parse(fallback);
  } catch {
    return fallback;
  }
}

export type Drafts = Readonly<Record<string, string>>;

/** A draft that says the default is no entry of the file any more. */
function patchOf(settings: readonly ConfigSetting[], drafts: Drafts): Record<string, unknown> {
  return Object.fromEntries(
    settings
      .filter(({ key }) => drafts[key] !== undefined)
      .map((of) => {
        const value = valueOf(of.type, drafts[of.key]!);
        return [of.key, valueText(value) === of.default ? null : value];
      }),
  );
}

export function ConfigForm(props: {
  base: Versioned;
  drafts: Drafts;
  onDrafts: (drafts: Drafts) => void;
  onSaved: () => void;
  onConflict: () => void;
  readOnly: boolean;
}): JSX.Element {
  const { base, drafts, onDrafts } = props;
  const { settings } = base.config;
  const [comment, setComment] = useState("");
  const [filter, setFilter] = useState("");
  const { busy, error, send } = useSending();
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const count = Object.keys(drafts).length;
  const change = (key: string) => (draft: string | undefined): void => {
    const { [key]: _, ...rest } = drafts;
    onDrafts(draft === undefined ? rest : { ...rest, [key]: draft });
  };
  useEffect(() => {
    // From the palette: one setting.
    if (location.hash) document.getElementById(location.hash.slice(1))?.focus();
  }, []);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setWrong({});
    const worked = await send(async () => {
      try {
        const { restart_required } = await configApi.patch(base.etag, patchOf(settings, drafts), comment.trim());
        const later = restart_required.filter((key) => key in drafts).length;
        toast("good", later > 0 ? `Saved. ${plural(later, "setting waits", "settings wait")} for the next start.` : "Saved, and in force.");
      } catch (caught) {
        if (caught instanceof ApiError && caught.status === 412) props.onConflict();
        if (!(caught instanceof ApiError)) throw caught;
        const found = (caught.problem?.errors ?? []).map(({ path, message }) => [path, message] as const);
        setWrong(Object.fromEntries(found));
        setFilter("");
        const first = found.find(([key]) => settings.some((one) => one.key === key))?.[0];
        // After the filter is gone from the page.
        if (first) setTimeout(() => document.getElementById(idOf(first))?.focus());
        throw caught;
      }
    });
    if (!worked) return;
    setComment("");
    props.onSaved();
  };
  const words = filter.toLowerCase().split(/\s+/);
  const shown = settings.filter(({ key, meaning }) =>
    words.every((word) => `${key} ${meaning}`.toLowerCase().includes(word)),
  );
  return (
    <form noValidate class="config-form" onSubmit={(event) => void submit(event)}>
      <div class="filter">
        <Icon name="search" size={16} />
        <input
          type="search"
          data-filter
          aria-label="Filter the settings"
          placeholder="Filter"
          autocomplete="off"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
        <kbd aria-hidden="true">/</kbd>
      </div>
      {shown.length === 0 && <p class="hint" role="status">No setting has these words.</p>}
      {sectionsOf(shown).map(([name, all]) => (
        <Section key={name} title={kTitles[name] ?? name} id={`config-section-${name || "top"}`}>
          {all.map((of) => (
            <Setting
              key={of.key}
              of={of}
              draft={drafts[of.key]}
              error={wrong[of.key]}
              readOnly={props.readOnly}
              onChange={change(of.key)}
            />
          ))}
        </Section>
      ))}
      {(count > 0 || error) && (
        <div class="card save-bar" role="region" aria-label="Unsaved changes">
          <FormError text={error} />
          <TextField
            id="config-comment"
            label="Why (optional)"
            value={comment}
            onChange={setComment}
            error={wrong.comment}
          />
          <div class="dialog-actions">
            <Button onClick={() => onDrafts({})}>Discard</Button>
            <Button kind="primary" type="submit" busy={busy} disabled={count === 0}>
              Save {plural(count, "change")}
            </Button>
          </div>
        </div>
      )}
    </form>
  );
}
