// Changes the windows and the dry run of one profile. It sends what differs, so that everything
// else goes on falling through to override files and defaults.

import "../styles/profiles.css";

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { ApiError } from "../api/client";
import { macrosApi } from "../api/macros";
import type { MacroProfile, ProfilePatch } from "../api/types";
import {
  draftOf,
  kLimits,
  kMostWindows,
  moved,
  newWindow,
  patchOf,
  type ProfileDraft,
  type WindowDraft,
  type Wrong,
} from "../lib/profile-draft";
import { SimulateDialog } from "../simulate/dialog";
import { readProfiles } from "../state/profiles";
import { why } from "../state/resource";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { FormError, TextField } from "../ui/field";
import { Icon } from "../ui/icons";
import { Button, Failure, Loading } from "../ui/parts";
import { LimitFields } from "./limits";

const zoneHere = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

const kNothing = "nothing yet";

/** "level, CPU at most": the names of what a window sets. */
function setsLine(draft: WindowDraft): string {
  const names = [
    draft.safety_level && "level",
    draft.auto_cancel_enabled && "what happens on a breach",
    draft.max_duration && "longest run",
    ...kLimits.map(({ name, label }) => draft.thresholds[name] && label.replace(/ at .*/, "").replace(/^(?!CPU|FPS)./, (c) => c.toLowerCase())),
  ];
  return names.filter(Boolean).join(", ") || kNothing;
}

interface WindowProps {
  at: number;
  count: number;
  draft: WindowDraft;
  of: MacroProfile;
  wrong: Wrong;
  onChange: (part: Partial<WindowDraft>) => void;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}

function WindowHead({ at, count, draft, onMove, onRemove }: WindowProps): JSX.Element {
  const name = draft.name || `window ${at + 1}`;
  return (
    <div class="window-head">
      <h3>{draft.name || `Window ${at + 1}`}</h3>
      <button
        type="button"
        id={`window-${draft.key}-up`}
        class="icon-button turn-up"
        aria-label={`Move ${name} up`}
        disabled={at === 0}
        onClick={() => onMove(-1)}
      >
        <Icon name="next" />
      </button>
      <button
        type="button"
        id={`window-${draft.key}-down`}
        class="icon-button turn-down"
        aria-label={`Move ${name} down`}
        disabled={at === count - 1}
        onClick={() => onMove(1)}
      >
        <Icon name="next" />
      </button>
      <button type="button" class="icon-button" aria-label={`Remove ${name}`} onClick={onRemove}>
        <Icon name="close" />
      </button>
    </div>
  );
}

function WindowFields(props: WindowProps): JSX.Element {
  const { at, draft, of, wrong, onChange } = props;
  const id = `window-${draft.key}`;
  const path = `windows[${at}].`;
  const [isOpen] = useState(setsLine(draft) === kNothing);
  return (
    <li class="window" aria-label={draft.name || `Window ${at + 1}`}>
      <WindowHead {...props} />
      <div class="field-row window-when">
        <TextField
          id={`${id}-cron`}
          label="Opens at"
          value={draft.cron}
          onChange={(cron) => onChange({ cron })}
          error={wrong[`${path}cron`]}
          hint="minute hour day month weekday"
          mono
        />
        <TextField
          id={`${id}-minutes`}
          label="Open for, min"
          numeric
          value={draft.minutes}
          onChange={(minutes) => onChange({ minutes })}
          error={wrong[`${path}duration_s`]}
          hint="1 to 10,080 (7 days)"
        />
        <TextField
          id={`${id}-zone`}
          label="Time zone"
          value={draft.time_zone}
          onChange={(time_zone) => onChange({ time_zone })}
          error={wrong[`${path}time_zone`]}
          hint="Such as Europe/Berlin"
          mono
        />
        <TextField
          id={`${id}-name`}
          label="Name"
          value={draft.name}
          onChange={(name) => onChange({ name })}
          error={wrong[`${path}name`]}
          hint="Empty: its line"
        />
      </div>
      <details open={isOpen || Object.keys(wrong).some((key) => key.startsWith(path)) || undefined}>
        <summary>What it sets: {setsLine(draft)}</summary>
        <LimitFields id={id} path={path} draft={draft} of={of} wrong={wrong} onChange={onChange} />
      </details>
    </li>
  );
}

/** Where the focus goes when the element that had it was moved or removed. */
function useRefocus(): (id: string) => void {
  const wanted = useRef<string | null>(null);
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    const element = document.getElementById(wanted.current) as HTMLButtonElement | null;
    wanted.current = null;
    const other = element?.id.endsWith("-up") ? element.nextElementSibling : element?.previousElementSibling;
    ((element?.disabled ? other : element) as HTMLElement | null)?.focus();
  });
  return (id) => {
    wanted.current = id;
  };
}

function Windows(props: {
  of: MacroProfile;
  list: readonly WindowDraft[];
  wrong: Wrong;
  onChange: (list: WindowDraft[]) => void;
}): JSX.Element {
  const { of, list, wrong, onChange } = props;
  const refocus = useRefocus();
  const nextKey = useRef(list.length);
  const set = (at: number, part: Partial<WindowDraft>): void =>
    onChange(list.map((one, i) => (i === at ? { ...one, ...part } : one)));
  return (
    <>
      {wrong.windows && <p class="field-error">{wrong.windows}</p>}
      {list.length === 0 && <p class="hint">No windows: the limits are the same at all times.</p>}
      <ol class="windows">
        {list.map((one, at) => (
          <WindowFields
            key={one.key}
            at={at}
            count={list.length}
            draft={one}
            of={of}
            wrong={wrong}
            onChange={(part) => set(at, part)}
            onMove={(by) => {
              refocus(`window-${one.key}-${by === -1 ? "up" : "down"}`);
              onChange(moved(list, at, by));
            }}
            onRemove={() => {
              refocus("window-add");
              onChange(list.filter((_, i) => i !== at));
            }}
          />
        ))}
      </ol>
      <Button
        id="window-add"
        icon="plus"
        disabled={list.length >= kMostWindows}
        onClick={() => {
          const key = nextKey.current++;
          refocus(`window-${key}-cron`);
          onChange([...list, newWindow(key, zoneHere())]);
        }}
      >
        {list.length >= kMostWindows ? `At most ${kMostWindows} windows` : "Add a window"}
      </Button>
    </>
  );
}

interface Saving {
  busy: boolean;
  wrong: Wrong;
  error: string | null;
  conflict: boolean;
  /** What differs; null after it said what is wrong with it. */
  read: () => ProfilePatch | null;
  save: () => Promise<void>;
}

function useSaving(of: MacroProfile, draft: ProfileDraft, onDone: () => void): Saving {
  const [wrong, setWrong] = useState<Wrong>({});
  const [error, setError] = useState<string | null>(null);
  const [conflict, setConflict] = useState(false);
  const [busy, setBusy] = useState(false);
  const read = (): ProfilePatch | null => {
    const result = patchOf(of, draft);
    setError(null);
    setWrong("wrong" in result ? result.wrong : {});
    return "wrong" in result ? null : result.patch;
  };
  const save = async (): Promise<void> => {
    const patch = read();
    if (!patch) return;
    if (Object.keys(patch).length === 0) return onDone();
    setBusy(true);
    try {
      await macrosApi.patchProfile(of.macro_id, of.etag, patch);
      void readProfiles();
      toast("good", `The profile ${of.macro_id} is changed. It holds from the next evaluation.`);
      return onDone();
    } catch (caught) {
      const stale = caught instanceof ApiError && caught.status === 412;
      setConflict(stale);
      setWrong(caught instanceof ApiError ? caught.pathErrors() : {});
      setError(stale ? "Somebody else changed this profile meanwhile. Read it again, then change yours." : why(caught));
    }
    setBusy(false);
  };
  return { busy, wrong, error, conflict, read, save };
}

function Form(props: { of: MacroProfile; onReread: () => void; onClose: () => void }): JSX.Element {
  const { of, onReread, onClose } = props;
  const [draft, setDraft] = useState<ProfileDraft>(() => draftOf(of));
  const [trying, setTrying] = useState<ProfilePatch | null>(null);
  const { busy, wrong, error, conflict, read, save } = useSaving(of, draft, onClose);
  const submit = (event: Event): void => {
    event.preventDefault();
    void save();
  };
  return (
    <>
      <form noValidate onSubmit={submit}>
        <FormError text={error} />
        {conflict && (
          <Button icon="refresh" onClick={onReread}>
            Read it again
          </Button>
        )}
        <label class="check-row">
          <input
            type="checkbox"
            checked={draft.dry_run}
            onChange={(event) => setDraft({ ...draft, dry_run: event.currentTarget.checked })}
          />
          <span>
            Dry run
            <small class="hint">Record what would be done; never act.</small>
          </span>
        </label>
        <section class="windows-part" aria-labelledby="windows-of">
          <h3 id="windows-of">Windows</h3>
          <p class="hint">
            Other limits at other times. Of two that are open, the upper one holds.
            {of.source === "override" &&
              of.windows.length > 0 &&
              " These may come from an override file: what is saved here replaces them."}
          </p>
          <Windows of={of} list={draft.windows} wrong={wrong} onChange={(windows) => setDraft({ ...draft, windows })} />
        </section>
        <div class="dialog-actions">
          <Button icon="clock" onClick={() => setTrying(read())}>
            Try on the last 24 h
          </Button>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            Save
          </Button>
        </div>
      </form>
      {trying && <SimulateDialog macroId={of.macro_id} patch={trying} onClose={() => setTrying(null)} />}
    </>
  );
}

export function ProfileDialog({ macroId, onClose }: { macroId: string; onClose: () => void }): JSX.Element {
  const [of, setOf] = useState<MacroProfile | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const reread = (): void => {
    setOf(null);
    setFailed(null);
    macrosApi.macroProfile(macroId).then(setOf, (error) => setFailed(why(error)));
  };
  useEffect(reread, [macroId]);
  return (
    <Dialog title={`Profile ${of?.name ?? macroId}`} onClose={onClose} wide>
      {failed !== null ? (
        <Failure title="The profile could not be read" message={failed} onRetry={reread} />
      ) : of ? (
        <Form key={of.etag} of={of} onReread={reread} onClose={onClose} />
      ) : (
        <Loading rows={4} label="Reading the profile" />
      )}
    </Dialog>
  );
}
