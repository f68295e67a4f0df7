// Starting a macro: watch a program that runs already, or (administrators) run a command.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { ApiError } from "../api/client";
import { macrosApi } from "../api/macros";
import type { MacroProfile, SafetyLevel, StartMacro } from "../api/types";
import { formatLength } from "../lib/format";
import { refresh } from "../state/live";
import { profiles, readProfiles } from "../state/profiles";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { Field } from "../ui/field";
import { Icon } from "../ui/icons";
import { Button, Segmented } from "../ui/parts";
import { limitsLine } from "./profiles";

const kIdPattern = /^[a-z0-9_-]{1,64}$/;
const kMaxPid = 4_194_304; // Linux: PID_MAX_LIMIT.

interface Form {
  kind: "external" | "process";
  id: string;
  name: string;
  level: SafetyLevel | "";
  pid: string;
  command: string;
}

/** The request that a form stands for, or what is wrong with it, by field. */
export function readForm(form: Form): { body: StartMacro } | { wrong: Record<string, string> } {
  const wrong: Record<string, string> = {};
  if (!kIdPattern.test(form.id)) wrong.macro_id = "Use 1 to 64 small letters, digits, - or _.";
  const pid = form.pid.trim() === "" ? null : Number(form.pid);
  if (
    form.kind === "external" &&
    pid !== null &&
    !(Number.isInteger(pid) && pid > 1 && pid <= kMaxPid)
  ) {
    wrong.pid = `A process id is a number from 2 to ${kMaxPid}.`;
  }
  const command = form.command
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  if (form.kind === "process" && command.length === 0) wrong.command = "Name the program to run.";
  if (Object.keys(wrong).length > 0) return { wrong };
  return {
    body: {
      macro_id: form.id,
      ...(form.name.trim() ? { macro_name: form.name.trim() } : {}),
      ...(form.level ? { safety_level: form.level } : {}),
      ...(form.kind === "external" && pid !== null ? { pid } : {}),
      ...(form.kind === "process" ? { command } : {}),
    },
  };
}

function ProfilePreview({
  id,
  known,
}: {
  id: string;
  known: readonly MacroProfile[];
}): JSX.Element {
  const profile = known.find((entry) => entry.macro_id === id);
  if (!profile) {
    return (
      <p class="preview">
        <Icon name="info" size={16} />{" "}
        {id
          ? "No profile has this id, so the default applies: risky, 5 min."
          : "The id chooses the profile."}
      </p>
    );
  }
  return (
    <p class="preview">
      <Icon name="shield" size={16} />
      <span>
        <strong>{profile.name}</strong>: {profile.safety_level}, at most{" "}
        {formatLength(profile.max_duration)}. <small>{limitsLine(profile)}</small>
      </span>
    </p>
  );
}

export function StartDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const [form, setForm] = useState<Form>({
    kind: "external",
    id: "",
    name: "",
    level: "",
    pid: "",
    command: "",
  });
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (profiles.value.state !== "here") void readProfiles();
  }, []);
  const known = profiles.value.state === "here" ? profiles.value.items : [];
  const change = (part: Partial<Form>): void => setForm({ ...form, ...part });
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const read = readForm(form);
    setError(null);
    setWrong("wrong" in read ? read.wrong : {});
    if ("wrong" in read) return;
    setBusy(true);
    try {
      const started = await macrosApi.start(read.body);
      toast("good", `${started.macro_name} is running and watched.`);
      void refresh("macros");
      onClose();
    } catch (caught) {
      const fields = caught instanceof ApiError ? caught.fieldErrors() : {};
      setWrong(fields);
      setError(caught instanceof Error ? caught.message : String(caught));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Start a macro" onClose={onClose} wide>
      <form onSubmit={(event) => void submit(event)} noValidate>
        {error && (
          <p class="form-error" role="alert">
            <Icon name="bad" size={16} /> {error}
          </p>
        )}
        {may("macros:admin") && (
          <div class="field">
            <Segmented
              label="What to start"
              value={form.kind}
              onChange={(kind) => change({ kind })}
              options={[
                { value: "external", label: "Watch a running program", icon: "eye" },
                { value: "process", label: "Run a command", icon: "play" },
              ]}
            />
          </div>
        )}
        <div class="field-row">
          <Field id="macro-id" label="Macro id" error={wrong.macro_id}>
            {(tied) => (
              <input
                {...tied}
                type="text"
                class="mono"
                list="known-profiles"
                autocomplete="off"
                autocapitalize="none"
                spellcheck={false}
                autofocus
                value={form.id}
                onInput={(event) => change({ id: event.currentTarget.value })}
              />
            )}
          </Field>
          <Field id="macro-name" label="Name (optional)" error={wrong.macro_name}>
            {(tied) => (
              <input
                {...tied}
                type="text"
                autocomplete="off"
                value={form.name}
                onInput={(event) => change({ name: event.currentTarget.value })}
              />
            )}
          </Field>
        </div>
        <datalist id="known-profiles">
          {known.map((profile) => (
            <option key={profile.macro_id} value={profile.macro_id}>
              {profile.name}
            </option>
          ))}
        </datalist>
        <ProfilePreview id={form.id} known={known} />
        <div class="field-row">
          <Field
            id="macro-level"
            label="Safety level"
            error={wrong.safety_level}
            hint={
              may("macros:admin")
                ? undefined
                : "A weaker level than the profile's needs an administrator."
            }
          >
            {(tied) => (
              <select
                {...tied}
                value={form.level}
                onChange={(event) => change({ level: event.currentTarget.value as Form["level"] })}
              >
                <option value="">The profile's</option>
                <option value="safe">Safe: relaxed limits</option>
                <option value="risky">Risky: standard limits</option>
                <option value="dangerous">Dangerous: strict limits</option>
              </select>
            )}
          </Field>
          {form.kind === "external" && (
            <Field
              id="macro-pid"
              label="Process id (optional)"
              error={wrong.pid}
              hint="With it, Gamekeeper can measure the program and stop it."
            >
              {(tied) => (
                <input
                  {...tied}
                  type="text"
                  inputMode="numeric"
                  autocomplete="off"
                  value={form.pid}
                  onInput={(event) => change({ pid: event.currentTarget.value })}
                />
              )}
            </Field>
          )}
        </div>
        {form.kind === "process" && (
          <Field
            id="macro-command"
            label="Command"
            error={wrong.command}
            hint="The program on the first line, then one argument a line. No shell."
          >
            {(tied) => (
              <textarea
                {...tied}
                class="mono"
                rows={4}
                spellcheck={false}
                value={form.command}
                onInput={(event) => change({ command: event.currentTarget.value })}
              />
            )}
          </Field>
        )}
        <p class="note">
          A macro of your library starts on the page <a href="/library">Library</a>.
        </p>
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" icon="play" busy={busy}>
            {busy ? "Starting…" : "Start"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
