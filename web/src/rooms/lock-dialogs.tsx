// The forms of the locks pages: a lane and its options, a module, and ending a grant.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { ApiError } from "../api/client";
import {
  type Lane,
  type LaneOptions,
  type LockModule,
  type LockModuleChange,
  locksApi,
} from "../api/rooms";
import { type NumberRule, readNumber, readWords } from "../lib/form";
import { navigate } from "../lib/router";
import { why } from "../state/resource";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { FormError, TextField } from "../ui/field";
import { Button } from "../ui/parts";
import { lanes, modules } from "./locks-state";

type Wrong = Record<string, string>;

/** What came of sending a form: done, or the fields that are wrong and a sentence. */
function useSend(onDone: () => void): {
  busy: boolean;
  wrong: Wrong;
  error: string | null;
  setWrong: (wrong: Wrong) => void;
  send: (work: () => Promise<void>) => Promise<void>;
} {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<Wrong>({});
  const [error, setError] = useState<string | null>(null);
  const send = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await work();
      onDone();
    } catch (caught) {
      setWrong(caught instanceof ApiError ? caught.fieldErrors() : {});
      setError(why(caught));
      setBusy(false);
    }
  };
  return { busy, wrong, error, setWrong, send };
}

type NumberOption = Exclude<keyof LaneOptions, "groups">;
/** Ranges: the lane and arbiter options of gamekeeper/arbiter_types.h. */
const kLaneFields: readonly {
  name: NumberOption;
  label: string;
  hint: string;
  rule: NumberRule;
  start: string;
}[] = [
  {
    name: "spacing_s",
    label: "Gap between groups, s",
    hint: "Quiet time when the next one is of another group.",
    rule: { low: 0, high: 60 },
    start: "1",
  },
  {
    name: "lease_s",
    label: "Longest hold, s",
    hint: "A grant that is not renewed ends then.",
    rule: { low: 0.001, high: 600 },
    start: "30",
  },
  {
    name: "aging_s",
    label: "Waiting that adds 1, s",
    hint: "Each such wait raises the priority by one.",
    rule: { low: 0.001, high: 3600 },
    start: "1",
  },
  {
    name: "burst",
    label: "Grants in a row for a group",
    hint: "Then the best of the others goes first.",
    rule: { low: 0, high: 15, integer: true },
    start: "4",
  },
  {
    name: "timeout_s",
    label: "Wait at most, s",
    hint: "When the caller gives no deadline.",
    rule: { low: 0.001, high: 3600 },
    start: "30",
  },
  {
    name: "queue_max",
    label: "Longest queue",
    hint: "One more is refused.",
    rule: { low: 1, high: 4096, integer: true },
    start: "64",
  },
  {
    name: "rate_per_s",
    label: "Grants a second",
    hint: "Empty: unlimited.",
    rule: { low: 0.001, high: 1e6, optional: true },
    start: "",
  },
];
const kLaneName = /^[A-Za-z0-9_.:-]{1,64}$/;

export function LaneDialog(props: { lane: Lane | null; onClose: () => void }): JSX.Element {
  const { lane, onClose } = props;
  const [name, setName] = useState(lane?.lane ?? "");
  const [groups, setGroups] = useState(lane?.options.groups ?? true);
  const [texts, setTexts] = useState<Record<string, string>>(() =>
    Object.fromEntries(
      kLaneFields.map((field) => [
        field.name,
        lane ? String(lane.options[field.name] ?? "") : field.start,
      ]),
    ),
  );
  const [removing, setRemoving] = useState(false);
  const { busy, wrong, error, setWrong, send } = useSend(onClose);
  const submit = (event: Event): void => {
    event.preventDefault();
    const found: Wrong = {};
    if (!kLaneName.test(name)) found.lane = "Use 1 to 64 letters, digits or . _ : -";
    const options: Partial<LaneOptions> = { groups };
    for (const field of kLaneFields) {
      const read = readNumber(texts[field.name] ?? "", field.rule);
      if ("wrong" in read) found[field.name] = read.wrong;
      else (options as Record<string, number | null>)[field.name] = read.value;
    }
    setWrong(found);
    if (Object.keys(found).length > 0) return;
    void send(async () => {
      await locksApi.putLane(name, options);
      toast("good", lane ? `The options of ${name} are changed.` : `The lane ${name} is there.`);
      await lanes.read();
      if (!lane) navigate(`/locks/${encodeURIComponent(name)}`);
    });
  };
  const remove = (): void =>
    void send(async () => {
      await locksApi.removeLane(name);
      toast("good", `The lane ${name} is removed.`);
      navigate("/locks");
      await lanes.read();
    });
  return (
    <Dialog title={lane ? `Options of ${lane.lane}` : "Create a lane"} onClose={onClose} wide>
      <form onSubmit={submit} noValidate>
        <FormError text={error} />
        {!lane && (
          <TextField
            id="lane-name"
            label="Name"
            value={name}
            onChange={setName}
            error={wrong.lane}
            hint="What is driven: the character, or the connection."
            mono
            autofocus
          />
        )}
        <div class="field-row">
          {kLaneFields.map((field) => (
            <TextField
              key={field.name}
              id={`lane-${field.name}`}
              label={field.label}
              hint={field.hint}
              value={texts[field.name] ?? ""}
              error={wrong[field.name]}
              numeric
              onChange={(value) => setTexts({ ...texts, [field.name]: value })}
            />
          ))}
        </div>
        <label class="check-row">
          <input
            type="checkbox"
            checked={groups}
            onChange={(event) => setGroups(event.currentTarget.checked)}
          />
          <span>
            Use groups <small>(off: the gap stands between any two modules)</small>
          </span>
        </label>
        {removing && (
          <p class="form-note" role="alert">
            Remove {name} with its counters? It must be idle. A later request makes a new one.
          </p>
        )}
        <div class="dialog-actions">
          {lane &&
            (removing ? (
              <Button kind="danger" icon="cancel" busy={busy} onClick={remove}>
                Yes, remove
              </Button>
            ) : (
              <Button class="push" onClick={() => setRemoving(true)}>
                Remove the lane
              </Button>
            ))}
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {lane ? "Save" : "Create"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function ModuleDialog(props: {
  module: LockModule | null;
  onClose: () => void;
}): JSX.Element {
  const { module, onClose } = props;
  const [form, setForm] = useState({
    name: module?.name ?? "",
    priority: String(module?.priority ?? 50),
    group: module?.group ?? "",
    rate: module?.rate_per_s == null ? "" : String(module.rate_per_s),
    burst: module?.burst == null ? "" : String(module.burst),
    uids: (module?.uids ?? []).join(", "),
    programs: (module?.programs ?? []).join("\n"),
  });
  const { busy, wrong, error, setWrong, send } = useSend(onClose);
  const change = (part: Partial<typeof form>): void => setForm({ ...form, ...part });
  const submit = (event: Event): void => {
    event.preventDefault();
    const found: Wrong = {};
    const take = (field: string, text: string, rule: NumberRule): number | null => {
      const read = readNumber(text, rule);
      if ("value" in read) return read.value;
      found[field] = read.wrong;
      return null;
    };
    if (!/^[a-z0-9_-]{1,64}$/.test(form.name))
      found.name = "Use 1 to 64 small letters, digits, - or _.";
    const uids = readWords(form.uids).map((word) =>
      take("uids", word, { low: 0, high: 4294967294, integer: true }),
    );
    const body: LockModuleChange = {
      priority: take("priority", form.priority, { low: 0, high: 255, integer: true }) ?? 0,
      group: form.group.trim() || null,
      rate_per_s: take("rate_per_s", form.rate, { low: 0.001, high: 1e6, optional: true }),
      burst: take("burst", form.burst, { low: 1, high: 1e6, optional: true }),
      uids: uids.filter((uid) => uid !== null),
      programs: form.programs
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== ""),
    };
    setWrong(found);
    if (Object.keys(found).length > 0) return;
    void send(async () => {
      await locksApi.putModule(form.name, body);
      toast("good", `${form.name} has priority ${body.priority} now.`);
      void modules.read();
    });
  };
  return (
    <Dialog title={module ? `Module ${module.name}` : "Add a module"} onClose={onClose} wide>
      <form onSubmit={submit} noValidate>
        <FormError text={error} />
        {!module && (
          <TextField
            id="module-name"
            label="Name"
            value={form.name}
            onChange={(name) => change({ name })}
            error={wrong.name}
            mono
            autofocus
          />
        )}
        <div class="field-row">
          <TextField
            id="module-priority"
            label="Priority"
            value={form.priority}
            onChange={(priority) => change({ priority })}
            error={wrong.priority}
            hint="0 to 255. Higher goes first."
            numeric
            autofocus={module !== null}
          />
          <TextField
            id="module-group"
            label="Group (optional)"
            value={form.group}
            onChange={(group) => change({ group })}
            error={wrong.group}
            hint="No gap between modules of one group."
            mono
          />
          <TextField
            id="module-rate"
            label="Actions a second (optional)"
            value={form.rate}
            onChange={(rate) => change({ rate })}
            error={wrong.rate_per_s}
            numeric
          />
          <TextField
            id="module-burst"
            label="Burst (optional)"
            value={form.burst}
            onChange={(burst) => change({ burst })}
            error={wrong.burst}
            numeric
          />
        </div>
        <TextField
          id="module-uids"
          label="User ids (optional)"
          value={form.uids}
          onChange={(uids) => change({ uids })}
          error={wrong.uids}
          hint="A program of these users is this module, whatever it says."
          mono
        />
        <div class="field">
          <label for="module-programs">Programs (optional)</label>
          <textarea
            id="module-programs"
            class="mono"
            rows={2}
            spellcheck={false}
            value={form.programs}
            onInput={(event) => change({ programs: event.currentTarget.value })}
          />
          <div class="hint">One path a line.</div>
        </div>
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {module ? "Save" : "Add"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function RevokeDialog(props: { lane: Lane; onClose: () => void }): JSX.Element {
  const { lane, onClose } = props;
  const [reason, setReason] = useState("");
  const { busy, wrong, error, setWrong, send } = useSend(onClose);
  const actor = lane.holder?.actor ?? "the holder";
  const submit = (event: Event): void => {
    event.preventDefault();
    if (reason.trim() === "") return setWrong({ reason: "Say why; the audit log keeps it." });
    void send(async () => {
      const { revoked } = await locksApi.revoke(lane.lane, reason.trim());
      toast(
        revoked ? "good" : "info",
        revoked ? `${actor} no longer holds ${lane.lane}.` : `${lane.lane} was free already.`,
      );
      void lanes.read();
    });
  };
  return (
    <Dialog title={`Take ${lane.lane} from ${actor}?`} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <p>
          Its grant ends at once and what it still sends is refused. The next in the queue goes on.
          What it had begun is not undone.
        </p>
        <FormError text={error} />
        <TextField
          id="revoke-reason"
          label="Reason"
          value={reason}
          onChange={setReason}
          error={wrong.reason}
          autofocus
        />
        <div class="dialog-actions">
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="danger" type="submit" icon="cancel" busy={busy}>
            Release the lane
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
