// The form of a game link. The fields that a kind has come from the daemon.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { type Game, type GameCandidate, type GameKind, gamesApi } from "../api/games";
import { readNumber, readWords } from "../lib/form";
import { navigate } from "../lib/router";
import { Confirm, useSending } from "../settings/shared";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { Field, FormError, PasswordField, TextField } from "../ui/field";
import { Button } from "../ui/parts";
import { games, kinds } from "./state";

type Texts = Record<string, string>;

function startOf(
  of: Partial<Game> | null,
  kind: GameKind | undefined,
): Texts {
  const options = Object.fromEntries(
    (kind?.options ?? []).map((option) => {
      const value = of?.options?.[option.name];
      return [`option.${option.name}`, value === undefined ? "" : textOf(value)];
    }),
  );
  return {
    host: of?.host ?? "127.0.0.1",
    port: String(of?.port ?? kind?.port ?? ""),
    rate_per_s: String(of?.rate_per_s ?? kind?.rate_per_s ?? ""),
    burst: String(of?.burst ?? kind?.burst ?? ""),
    in_flight: String(of?.in_flight ?? kind?.in_flight ?? ""),
    allow: of?.allow?.join("\n") ?? "",
    queries: (of?.queries ?? kind?.queries ?? []).join("\n"),
    users: of?.users?.join(" ") ?? "",
    roles: of?.roles?.join(" ") ?? "",
    ...options,
  };
}

const textOf = (value: unknown): string =>
  Array.isArray(value) ? value.join("\n") : typeof value === "string" ? value : JSON.stringify(value);

const linesOf = (text: string): string[] => text.split("\n").filter((line) => line.trim() !== "");

const kNumbers = [
  ["rate_per_s", "Commands a second", 0.001, 10_000],
  ["burst", "At once", 1, 10_000],
  ["in_flight", "Unanswered at a time", 1, 32],
] as const;

interface Props {
  of: Game | null;
  /** A new game begins with these. */
  preset?: GameCandidate["body"] | null;
  onClose: () => void;
}

export function GameDialog({ of, preset = null, onClose }: Props): JSX.Element {
  const all = kinds.value.value ?? [];
  const [name, setName] = useState(of?.name ?? preset?.name ?? "");
  const [kindName, setKind] = useState(of?.kind ?? preset?.kind ?? all[0]?.name ?? "");
  const kind = all.find((one) => one.name === kindName);
  const [texts, setTexts] = useState<Texts>(() => startOf(of ?? preset, kind));
  const [password, setPassword] = useState("");
  const [adaptive, setAdaptive] = useState((of ?? preset)?.adaptive_pace ?? true);
  const [removing, setRemoving] = useState(false);
  const { busy, wrong, error, send, setWrong } = useSending();
  const set = (key: string) => (value: string) => setTexts({ ...texts, [key]: value });
  const choose = (next: string): void => {
    setKind(next);
    setTexts(startOf(null, all.find((one) => one.name === next)));
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const found: Record<string, string> = {};
    if (!/^[a-z0-9_-]{1,64}$/.test(name)) found.name = "Use 1 to 64 of a-z, 0-9, _ and -";
    const body: Record<string, unknown> = { name, kind: kindName, enabled: of?.enabled ?? true };
    if (kind?.transport === "tcp" || kind?.transport === "udp") {
      body.host = texts.host?.trim();
      const port = readNumber(texts.port ?? "", { low: 1, high: 65_535, integer: true });
      if ("wrong" in port) found.port = port.wrong;
      else body.port = port.value;
    }
    for (const [field, , low, high] of kNumbers) {
      const read = readNumber(texts[field] ?? "", { low, high, integer: field !== "rate_per_s" });
      if ("wrong" in read) found[field] = read.wrong;
      else body[field] = read.value;
    }
    const options: Record<string, unknown> = {};
    for (const option of kind?.options ?? []) {
      const text = texts[`option.${option.name}`] ?? "";
      if (text.trim() !== "") options[option.name] = option.type === "lines" ? text : text.trim();
    }
    body.options = options;
    body.adaptive_pace = adaptive;
    body.allow = linesOf(texts.allow ?? "");
    body.queries = linesOf(texts.queries ?? "");
    body.users = readWords(texts.users ?? "");
    body.roles = readWords(texts.roles ?? "");
    if (of) body.dangerous = of.dangerous;
    if (password !== "") body.password = password;
    setWrong(found);
    if (Object.keys(found).length > 0) return;
    const worked = await send(async () => {
      await (of ? gamesApi.put(of.name, body) : gamesApi.add(body));
      await games.read();
    });
    if (!worked) return;
    toast("good", of ? `${name} is changed.` : `${name} is linked; it connects now.`);
    onClose();
    if (!of) navigate(`/games/${encodeURIComponent(name)}`);
  };
  if (removing && of)
    return (
      <Confirm
        title={`Remove ${of.name}?`}
        action="Remove"
        done={`${of.name} is removed.`}
        onClose={() => setRemoving(false)}
        work={async () => {
          await gamesApi.remove(of.name);
          await games.read();
          navigate("/games");
        }}
      >
        <p>Its link is closed and its password forgotten. Macros that need it do not start.</p>
      </Confirm>
    );
  return (
    <Dialog title={of ? `Settings of ${of.name}` : "Add a game"} onClose={onClose} wide>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <FormError text={error} />
        <div class="field-row">
          {!of && (
            <TextField
              id="game-name"
              label="Name"
              value={name}
              onChange={setName}
              error={wrong.name}
              mono
              autofocus
            />
          )}
          <div class="field">
            <label for="game-kind">What it is</label>
            <select
              id="game-kind"
              value={kindName}
              disabled={!!of}
              onChange={(event) => choose(event.currentTarget.value)}
            >
              {all.map((one) => (
                <option key={one.name} value={one.name}>
                  {one.title}
                </option>
              ))}
            </select>
          </div>
        </div>
        {(kind?.transport === "tcp" || kind?.transport === "udp") && (
          <div class="field-row">
            <TextField id="game-host" label="Host" value={texts.host ?? ""} onChange={set("host")} error={wrong.host} mono />
            <TextField id="game-port" label="Port" value={texts.port ?? ""} onChange={set("port")} error={wrong.port} numeric />
          </div>
        )}
        {kind?.has_password && (
          <PasswordField
            id="game-password"
            label="Password of its console"
            value={password}
            onChange={setPassword}
            error={wrong.password}
            hint={of?.has_password ? "One is kept, sealed. Empty: it stays." : "Kept sealed; it is never shown."}
            fresh
          />
        )}
        {kind?.options.map((option) => (
          <TextField
            key={option.name}
            id={`game-option-${option.name}`}
            label={option.name.replaceAll("_", " ")}
            value={texts[`option.${option.name}`] ?? ""}
            onChange={set(`option.${option.name}`)}
            error={wrong[option.name]}
            hint={option.default ? `${option.description}. Empty: ${option.default}` : option.description}
            mono
          />
        ))}
        <details class="more-options">
          <summary>Pace, and who may send</summary>
          <div class="field-row">
            {kNumbers.map(([field, label]) => (
              <TextField
                key={field}
                id={`game-${field}`}
                label={label}
                value={texts[field] ?? ""}
                onChange={set(field)}
                error={wrong[field]}
                numeric
              />
            ))}
          </div>
          <label class="check-row">
            <input
              type="checkbox"
              checked={adaptive}
              onChange={(event) => setAdaptive(event.currentTarget.checked)}
            />
            <span>Slower while the game is behind its clock</span>
          </label>
          <Field
            id="game-queries"
            label="Commands that change nothing"
            hint="One a line; * ends a word. Of these several may be unanswered, of all others one."
            error={wrong.queries}
          >
            {(tied) => (
              <textarea
                {...tied}
                class="mono"
                rows={4}
                spellcheck={false}
                value={texts.queries ?? ""}
                onInput={(event) => set("queries")(event.currentTarget.value)}
              />
            )}
          </Field>
          <div class="field-row">
            <TextField id="game-users" label="Users" value={texts.users ?? ""} onChange={set("users")} error={wrong.users} hint="Names; empty: whoever may send." />
            <TextField id="game-roles" label="Roles" value={texts.roles ?? ""} onChange={set("roles")} error={wrong.roles} hint="The same for roles." />
          </div>
        </details>
        <div class="dialog-actions">
          {of && (
            <Button class="push" onClick={() => setRemoving(true)}>
              Remove the game
            </Button>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {of ? "Save" : "Add"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
