// Modes: named sets of macros with settings.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { type Mode, type ModeMacro, playApi } from "../api/play";
import { plural } from "../lib/format";
import { Await } from "../rooms/shared";
import { Confirm, useSending } from "../settings/shared";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { Field, FormError, TextField } from "../ui/field";
import { Button, Empty, Section } from "../ui/parts";
import { sendCommand } from "./quick-actions";
import { modes } from "./state";

const kName = /^[a-z0-9_-]{1,64}$/;

/** An object in JSON; empty text is {}. */
function readObject(text: string): { value: Record<string, unknown> } | { wrong: string } {
  if (text.trim() === "") return { value: {} };
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === "object" && !Array.isArray(value))
      return { value: value as Record<string, unknown> };
  } catch {
    // Said below.
  }
  return { wrong: 'Write an object, such as {"rod": "carbon"}.' };
}

const textOf = (value: Record<string, unknown> | undefined): string =>
  value && Object.keys(value).length > 0 ? JSON.stringify(value) : "";

interface RowText {
  macro_id: string;
  args: string;
  rest: Omit<ModeMacro, "macro_id" | "args">;
}

function MacroRows(props: {
  rows: readonly RowText[];
  wrong: Record<string, string>;
  onChange: (rows: RowText[]) => void;
}): JSX.Element {
  const { rows, wrong, onChange } = props;
  const set = (i: number, part: Partial<RowText>): void =>
    onChange(rows.map((row, j) => (j === i ? { ...row, ...part } : row)));
  return (
    <fieldset class="mode-rows">
      <legend>Macros</legend>
      {rows.map((row, i) => (
        <div class="mode-row" key={i}>
          <TextField
            id={`mode-macro-${i}`}
            label="Macro"
            value={row.macro_id}
            onChange={(macro_id) => set(i, { macro_id })}
            error={wrong[`macro_${i}`]}
            mono
          />
          <TextField
            id={`mode-args-${i}`}
            label="Its own arguments"
            value={row.args}
            onChange={(args) => set(i, { args })}
            error={wrong[`args_${i}`]}
            mono
          />
          <button
            type="button"
            class="icon-button"
            aria-label={`Remove ${row.macro_id || `macro ${i + 1}`}`}
            onClick={() => onChange(rows.filter((_, j) => j !== i))}
          >
            ×
          </button>
        </div>
      ))}
      <Button icon="plus" onClick={() => onChange([...rows, { macro_id: "", args: "", rest: {} }])}>
        Another macro
      </Button>
    </fieldset>
  );
}

function EditMode({ of, onClose }: { of: Mode | null; onClose: () => void }): JSX.Element {
  const [name, setName] = useState(of?.name ?? "");
  const [description, setDescription] = useState(of?.description ?? "");
  const [settings, setSettings] = useState(textOf(of?.settings));
  const [rows, setRows] = useState<RowText[]>(
    of?.macros.map(({ macro_id, args, ...rest }) => ({ macro_id, args: textOf(args), rest })) ?? [
      { macro_id: "", args: "", rest: {} },
    ],
  );
  const { busy, wrong, error, send, setWrong } = useSending();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const found: Record<string, string> = {};
    if (!kName.test(name)) found.name = "Use 1 to 64 of a-z, 0-9, _ and -";
    const shared = readObject(settings);
    if ("wrong" in shared) found.settings = shared.wrong;
    const macros = rows.map((row, i): ModeMacro => {
      const args = readObject(row.args);
      if ("wrong" in args) found[`args_${i}`] = args.wrong;
      if (!kName.test(row.macro_id)) found[`macro_${i}`] = "Use 1 to 64 of a-z, 0-9, _ and -";
      return {
        ...row.rest,
        macro_id: row.macro_id,
        ...("value" in args && row.args.trim() ? { args: args.value } : {}),
      };
    });
    if (Object.keys(found).length > 0 || "wrong" in shared) return setWrong(found);
    const worked = await send(async () => {
      await playApi.putMode({ description, macros, settings: shared.value }, name);
      await modes.read();
    });
    if (!worked) return;
    toast("good", of ? `The mode ${name} is changed.` : `The mode ${name} is there.`);
    onClose();
  };
  return (
    <Dialog title={of ? `The mode ${of.name}` : "Add a mode"} onClose={onClose} wide>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <FormError text={error} />
        <div class="field-row">
          {!of && (
            <TextField
              id="mode-name"
              label="Name"
              value={name}
              onChange={setName}
              error={wrong.name}
              mono
              autofocus
            />
          )}
          <TextField
            id="mode-description"
            label="What it is for"
            value={description}
            onChange={setDescription}
            error={wrong.description}
          />
        </div>
        <MacroRows rows={rows} wrong={wrong} onChange={setRows} />
        <Field
          id="mode-settings"
          label="Settings for all of them"
          error={wrong.settings}
          hint="An object. A macro's own arguments win over it."
        >
          {(tied) => (
            <textarea
              {...tied}
              class="mono"
              rows={3}
              spellcheck={false}
              value={settings}
              onInput={(event) => setSettings(event.currentTarget.value)}
            />
          )}
        </Field>
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function ModesSection(): JSX.Element {
  const [editing, setEditing] = useState<{ of: Mode | null } | null>(null);
  const [removing, setRemoving] = useState<Mode | null>(null);
  const canEdit = may("sessions:write");
  const add = canEdit && (
    <Button icon="plus" onClick={() => setEditing({ of: null })}>
      Add a mode
    </Button>
  );
  return (
    <Section title="Modes" id="modes" note="Named sets of macros." tools={add || undefined}>
      <Await of={modes} what="the modes" scope="sessions:read">
        {(items) =>
          items.length === 0 ? (
            <Empty icon="macros" title="No mode yet">
              <p>Put the macros that belong together into one, such as fishing.</p>
            </Empty>
          ) : (
            <ul class="rows">
              {items.map((mode) => (
                <li key={mode.name} class="row">
                  <span class="row-main play-mode">
                    <span class="row-title">{mode.name}</span>
                    <span class="row-text">
                      {mode.description && `${mode.description} · `}
                      {plural(mode.macros.length, "macro")}:{" "}
                      <code>{mode.macros.map((one) => one.macro_id).join(", ")}</code>
                    </span>
                  </span>
                  <span class="session-acts">
                    {may("commands:run") && may("macros:run") && (
                      <Button
                        icon="play"
                        onClick={() =>
                          void sendCommand({ type: "mode", action: "execute", mode_name: mode.name })
                        }
                      >
                        Execute<span class="sr-only"> {mode.name}</span>
                      </Button>
                    )}
                    {canEdit && (
                      <>
                        <Button icon="edit" onClick={() => setEditing({ of: mode })}>
                          Change<span class="sr-only"> {mode.name}</span>
                        </Button>
                        <Button onClick={() => setRemoving(mode)}>
                          Delete<span class="sr-only"> {mode.name}</span>
                        </Button>
                      </>
                    )}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Await>
      {editing && <EditMode of={editing.of} onClose={() => setEditing(null)} />}
      {removing && (
        <Confirm
          title={`Delete the mode ${removing.name}?`}
          action="Delete"
          done={`The mode ${removing.name} is gone.`}
          onClose={() => setRemoving(null)}
          work={async () => {
            await playApi.removeMode(removing.name);
            await modes.read();
          }}
        >
          <p>Macros that run in it go on; it just cannot be executed again.</p>
        </Confirm>
      )}
    </Section>
  );
}
