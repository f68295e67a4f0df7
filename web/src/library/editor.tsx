// The editor of one macro: its text with the daemon's check beside it, its settings, its versions.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { type CheckReport, type Schedule, type Script, type ScriptPut, scriptsApi } from "../api/games";
import { formatLength, plural } from "../lib/format";
import { placeOf } from "../lib/json-place";
import { useSending } from "../settings/shared";
import { why } from "../state/resource";
import { toast } from "../state/toasts";
import { FormError, TextField } from "../ui/field";
import { Icon } from "../ui/icons";
import { Ago, Button, Loading, PageHead, Section, Segmented } from "../ui/parts";

const kStart = {
  steps: `{
  "name": "hello",
  "description": "Greets once a minute, five times",
  "actions": [
    {"type": "loop", "parameters": {"count": 5, "actions": [
      {"type": "say", "command": "Hello from Gamekeeper"},
      {"type": "pause", "parameters": {"seconds": 60}}]}}
  ]
}
`,
  lua: `-- name: hello
-- description: Greets once a minute, five times

for i = 1, 5 do
  game.say("Hello from Gamekeeper")
  sleep(60)
end
`,
};
const kCheckMs = 400;

/** The page shows no windows, so it keeps what is there. */
function scheduleOf(cron: string, zone: string, windows: NonNullable<Schedule["windows"]>): Schedule | null {
  if (cron === "" && windows.length === 0) return null;
  return {
    ...(cron === "" ? {} : { cron }),
    time_zone: zone || "UTC",
    ...(windows.length === 0 ? {} : { windows }),
  };
}

function Report(props: { report: CheckReport | null; onGo: (path: string) => void }): JSX.Element {
  const { report } = props;
  if (!report) return <Loading rows={1} label="Checking" />;
  return (
    <div class="check-report" role="status">
      <p class={`inline-word tone-${report.valid ? "good" : "bad"}`}>
        <Icon name={report.valid ? "check" : "bad"} size={16} />
        {report.valid
          ? `Valid: ${plural(report.action_count, "action")}` +
            (report.estimated_duration === null
              ? ""
              : `, about ${formatLength(Math.ceil(report.estimated_duration))}`)
          : plural(report.errors.length, "mistake")}
      </p>
      {[...report.errors.map((one) => ["bad", one] as const), ...report.warnings.map((one) => ["warn", one] as const)].map(
        ([tone, one], i) => (
          <p key={i} class={`tone-${tone}`}>
            <button type="button" class="line-link" onClick={() => props.onGo(one.path)}>
              {one.path || "the text"}
            </button>
            : {one.message}
          </p>
        ),
      )}
    </div>
  );
}

function Versions(props: { name: string; onRestored: () => void }): JSX.Element {
  const [items, setItems] = useState<{ version: number; saved_at: string; saved_by: string }[]>([]);
  const read = (): void => void scriptsApi.versions(props.name).then(({ items }) => setItems(items), () => setItems([]));
  useEffect(read, [props.name]);
  const restore = async (version: number): Promise<void> => {
    try {
      await scriptsApi.restore(props.name, version);
      toast("good", `Version ${version} is the newest again.`);
      props.onRestored();
      read();
    } catch (error) {
      toast("bad", why(error));
    }
  };
  return (
    <Section title="Versions" id="versions" note="The last 20 are kept.">
      <ul class="rows">
        {items.map((one, i) => (
          <li key={one.version} class="row">
            <span class="row-main">
              <span class="row-title">{one.version}</span>{" "}
              <span class="row-text">
                <Ago at={one.saved_at} /> by {one.saved_by}
              </span>
            </span>
            {i > 0 && (
              <Button onClick={() => void restore(one.version)}>
                Restore<span class="sr-only"> version {one.version}</span>
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function Editor(props: {
  name: string | null;
  onClose: () => void;
  onSaved: () => void;
}): JSX.Element {
  const [name, setName] = useState(props.name ?? "");
  const [kind, setKind] = useState<"steps" | "lua">("steps");
  const [source, setSource] = useState(props.name === null ? kStart.steps : "");
  const [game, setGame] = useState("");
  const [cron, setCron] = useState("");
  const [zone, setZone] = useState("");
  const [saved, setSaved] = useState<Script | null>(null);
  const [report, setReport] = useState<CheckReport | null>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const { busy, wrong, error, send, setWrong } = useSending();
  const read = (): void => {
    if (props.name === null) return;
    scriptsApi.one(props.name).then(
      (one) => {
        setSaved(one);
        setKind(one.kind);
        setSource(one.source ?? "");
        setGame(one.game);
        setCron(one.schedule?.cron ?? "");
        setZone(one.schedule?.time_zone ?? "");
      },
      (caught) => toast("bad", why(caught)),
    );
  };
  useEffect(read, [props.name]);
  useEffect(() => {
    let wanted = true;
    const typing = setTimeout(() => {
      scriptsApi.check(kind, source, "complete").then(
        (found) => wanted && setReport(found),
        () => wanted && setReport(null),
      );
    }, kCheckMs);
    return () => {
      wanted = false;
      clearTimeout(typing);
    };
  }, [kind, source]);
  const go = (path: string): void => {
    const place = kind === "steps" ? placeOf(source, path) : null;
    area.current?.focus();
    if (place) area.current?.setSelectionRange(place.start, place.end);
  };
  const choose = (next: "steps" | "lua"): void => {
    if (source === "" || source === kStart[kind]) setSource(kStart[next]);
    setKind(next);
  };
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!/^[a-z0-9_-]{1,64}$/.test(name)) return setWrong({ name: "Use 1 to 64 of a-z, 0-9, _ and -" });
    const body: ScriptPut = {
      kind,
      source,
      expected_version: saved?.version ?? 0,
      game: game.trim(),
      schedule: scheduleOf(cron.trim(), zone.trim(), saved?.schedule?.windows ?? []),
    };
    const worked = await send(async () => setSaved(await scriptsApi.put(name, body)));
    if (!worked) return;
    toast("good", `${name} is saved.`);
    props.onSaved();
    if (props.name === null) props.onClose();
  };
  return (
    <div class="page">
      <PageHead title={props.name ?? "New macro"} lead={saved ? `Version ${saved.version}` : "A list of steps, or Lua."}>
        <Button icon="back" onClick={props.onClose}>
          Library
        </Button>
      </PageHead>
      <form class="card script-form" noValidate onSubmit={(event) => void save(event)}>
        <FormError text={error} />
        {props.name === null && (
          <div class="field-row">
            <TextField id="script-name" label="Name" value={name} onChange={setName} error={wrong.name} mono autofocus />
            <div class="field">
              <span id="script-kind">Written as</span>
              <Segmented
                label="Written as"
                value={kind}
                options={[
                  { value: "steps", label: "Steps (JSON)" },
                  { value: "lua", label: "Lua" },
                ]}
                onChange={choose}
              />
            </div>
          </div>
        )}
        <div class="field">
          <label for="script-source">Text</label>
          <textarea
            id="script-source"
            ref={area}
            class="mono code-area"
            rows={20}
            spellcheck={false}
            autocapitalize="none"
            aria-invalid={report?.valid === false || undefined}
            value={source}
            onInput={(event) => setSource(event.currentTarget.value)}
          />
        </div>
        <Report report={report} onGo={go} />
        <div class="field-row">
          <TextField id="script-game" label="Game" value={game} onChange={setGame} error={wrong.game} hint="Name of a link. Empty: the text's own." mono />
          <TextField id="script-cron" label="Schedule" value={cron} onChange={setCron} error={wrong.cron ?? wrong.schedule} hint="minute hour day month weekday; empty: never by itself." mono />
          <TextField id="script-zone" label="Time zone" value={zone} onChange={setZone} error={wrong.time_zone} hint="Such as Europe/Berlin. Empty: UTC." mono />
        </div>
        <div class="form-row">
          <Button kind="primary" type="submit" busy={busy} class="push-end">
            Save
          </Button>
        </div>
      </form>
      {props.name !== null && <Versions key={saved?.version ?? 0} name={props.name} onRestored={read} />}
    </div>
  );
}
