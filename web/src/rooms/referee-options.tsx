// The referee's options: the mode, with the two unsafe ones labelled, the preset and the numbers.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { ApiError } from "../api/client";
import { movementApi, type RefereeMode, type RefereeOptions } from "../api/rooms";
import { resource, why } from "../state/resource";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { FormError, TextField } from "../ui/field";
import { Ago, Button, Empty, Section } from "../ui/parts";
import { readNumber } from "../lib/form";
import { isUnsafe, UnsafeChip } from "./referee-parts";
import { options } from "./referee-state";
import { Await, LookOnly } from "./shared";

const history = resource(async () => (await movementApi.optionsHistory()).items);

const kModes: readonly { mode: RefereeMode; title: string; text: string }[] = [
  {
    mode: "bounded",
    title: "Bounded",
    text: "Refuses what no server time and no lag that the server saw can explain. The default.",
  },
  {
    mode: "shadow",
    title: "Shadow",
    text: "Judges the same way and refuses nothing. For the first week of a server.",
  },
  {
    mode: "smart_ts",
    title: "SmartAntiCheat, TypeScript rules",
    text: "Believes what the client says about its performance, so a client can widen its own limits.",
  },
  {
    mode: "smart_cs",
    title: "SmartAntiCheat, C# rules",
    text: "The same weakness. Only for migration and comparison.",
  },
];

/** Known names in words; what the daemon adds later is shown by its own name. */
const kLabels: Record<string, string> = {
  max_credit_s: "Most credit, s",
  base_credit_s: "Base credit, s",
  min_base_credit_s: "Base on a steady link, s",
  join_credit_s: "Credit when joining, s",
  slack_s: "Slack, s",
  credit_leak: "Leak of unproven credit",
  speed_tolerance: "Speed tolerance",
  pool_leak: "Leak of the slack",
  evidence_hold_s: "Evidence of lag holds, s",
  evidence_decay: "Then decays, s a second",
  honest_block_rate: "Honest players look odd",
  watch_at: "Watch from E",
  review_at: "Review from E",
  claims_per_second: "Claims a second",
  max_move_rate: "Movements per interval",
};

const isNumber = (entry: [string, unknown]): entry is [string, number] =>
  typeof entry[1] === "number";

function Form(props: { given: RefereeOptions; etag: string | null }): JSX.Element {
  const { given, etag } = props;
  const numbers = Object.entries(given).filter(isNumber);
  const [mode, setMode] = useState(given.mode);
  const [preset, setPreset] = useState(given.preset);
  const [texts, setTexts] = useState<Record<string, string>>(
    Object.fromEntries(numbers.map(([name, value]) => [name, String(value)])),
  );
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const canEdit = may("anticheat:admin");
  const save = async (): Promise<void> => {
    setAsking(false);
    const body: Record<string, string | number | boolean | null> = { ...given, mode, preset };
    delete body.unsafe;
    const found: Record<string, string> = {};
    for (const [name] of numbers) {
      const read = readNumber(texts[name] ?? "", { low: 0, high: 1e9 });
      if ("wrong" in read) found[name] = read.wrong;
      else if (read.value !== null) body[name] = read.value;
    }
    setWrong(found);
    setError(null);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      await movementApi.putOptions(body as unknown as Omit<RefereeOptions, "unsafe">, etag);
      toast("good", "The referee's options are changed.");
      void options.read();
      void history.read();
    } catch (caught) {
      const isApi = caught instanceof ApiError;
      setWrong(isApi ? caught.fieldErrors() : {});
      setError(
        isApi && (caught.status === 412 || caught.status === 428)
          ? "Somebody else changed the options meanwhile. Read them again, then change yours."
          : why(caught),
      );
    }
    setBusy(false);
  };
  return (
    <form
      class="card-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (isUnsafe(mode) && mode !== given.mode) setAsking(true);
        else void save();
      }}
    >
      <FormError text={error} />
      <fieldset class="modes" disabled={!canEdit}>
        <legend>Mode</legend>
        {kModes.map((one) => (
          <label key={one.mode} class="mode">
            <input
              type="radio"
              name="referee-mode"
              value={one.mode}
              checked={mode === one.mode}
              onChange={() => setMode(one.mode)}
            />
            <span>
              <strong>{one.title}</strong> {isUnsafe(one.mode) && <UnsafeChip />}
              <small>
                <code>{one.mode}</code> {one.text}
              </small>
            </span>
          </label>
        ))}
      </fieldset>
      <div class="field-row">
        <div class="field">
          <label for="referee-preset">Preset</label>
          <select
            id="referee-preset"
            value={preset}
            disabled={!canEdit}
            onChange={(event) => setPreset(event.currentTarget.value as typeof preset)}
          >
            <option value="default">Default: up to 3 s of lag</option>
            <option value="competitive">Competitive: up to 1 s</option>
          </select>
        </div>
        {numbers.map(([name]) => (
          <TextField
            key={name}
            id={`referee-${name}`}
            label={kLabels[name] ?? name.replaceAll("_", " ")}
            value={texts[name] ?? ""}
            error={wrong[name]}
            numeric
            disabled={!canEdit}
            onChange={(value) => setTexts({ ...texts, [name]: value })}
          />
        ))}
      </div>
      {canEdit && (
        <div class="form-row">
          <Button kind="primary" type="submit" busy={busy} class="push-end">
            Save
          </Button>
        </div>
      )}
      {asking && (
        <Dialog title="Use an unsafe mode?" onClose={() => setAsking(false)}>
          <p>
            In <code>{mode}</code> a client that claims to stutter is given more room, three times
            the speed at most. Players can cheat with it, and slow machines are refused.
          </p>
          <div class="dialog-actions">
            <Button onClick={() => setAsking(false)}>Stay safe</Button>
            <Button kind="danger" onClick={() => void save()}>
              Use it anyway
            </Button>
          </div>
        </Dialog>
      )}
    </form>
  );
}

export function OptionsTab(): JSX.Element {
  useEffect(() => void history.read(), []);
  return (
    <>
      {!may("anticheat:admin") && <LookOnly scope="anticheat:admin" />}
      <Section title="Options" id="options" note="They apply to the next movement.">
        <Await of={options} what="the options" scope="anticheat:read" rows={6}>
          {(value) => (
            <Form
              key={value.etag ?? JSON.stringify(value.options)}
              given={value.options}
              etag={value.etag}
            />
          )}
        </Await>
      </Section>
      <Section title="History" id="history">
        <Await of={history} what="the history of the options" scope="anticheat:read">
          {(items) =>
            items.length === 0 ? (
              <Empty icon="clock" title="They were never changed" />
            ) : (
              <ul class="rows">
                {items.map((item, i) => (
                  <li key={i} class="row">
                    <span class="row-main">
                      <span class="row-title">
                        {item.options?.mode ?? "changed"}
                        {item.options?.preset ? `, ${item.options.preset}` : ""}
                      </span>
                      <span class="row-text"> by {item.by ?? "the configuration"}</span>
                    </span>
                    <span class="row-note">
                      <Ago at={item.at} />
                    </span>
                  </li>
                ))}
              </ul>
            )
          }
        </Await>
      </Section>
    </>
  );
}
