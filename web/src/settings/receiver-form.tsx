// The form of one receiver. Its address and its secret are written, never read.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { noticesApi, type Receiver, type ReceiverInput, type ReceiverKind } from "../api/notices";
import { games } from "../games/state";
import { readWords } from "../lib/form";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { FormError, PasswordField, TextField } from "../ui/field";
import { Button } from "../ui/parts";
import { useSending, type Wrong } from "./shared";

export const kKindNames: Record<ReceiverKind, string> = {
  discord: "Discord channel",
  webhook: "Webhook",
  game: "Players of a game",
};

interface Texts {
  name: string;
  url: string;
  secret: string;
  game: string;
  command: string;
  events: string;
}

function check(texts: Texts, kind: ReceiverKind, isNew: boolean): Wrong {
  const wrong: Wrong = {};
  if (isNew && !/^[a-z0-9_-]{1,64}$/.test(texts.name)) wrong.name = "Use 1 to 64 of a-z, 0-9, _ and -";
  if (kind === "game") {
    if (texts.game === "") wrong.game = "Choose the game whose players are told.";
    if (!texts.command.includes("{text}")) wrong.command = "Write {text} where the message goes.";
    return wrong;
  }
  if (isNew && texts.url.trim() === "") wrong.url = "Paste the address.";
  if (texts.secret !== "" && [...texts.secret].length < 16) wrong.secret = "Use 16 characters or more.";
  return wrong;
}

function inputOf(texts: Texts, kind: ReceiverKind, enabled: boolean): ReceiverInput {
  const input: ReceiverInput = { kind, enabled, events: readWords(texts.events) };
  if (kind === "game") return { ...input, game: texts.game, command: texts.command };
  if (texts.url.trim() !== "") input.url = texts.url.trim();
  if (kind === "webhook" && texts.secret !== "") input.secret = texts.secret;
  return input;
}

function GameFields(props: {
  texts: Texts;
  wrong: Wrong;
  set: (key: keyof Texts) => (value: string) => void;
}): JSX.Element {
  const { texts, wrong, set } = props;
  const names = (games.value.value ?? []).map((one) => one.name);
  const shown = texts.game === "" || names.includes(texts.game) ? names : [texts.game, ...names];
  return (
    <>
      <div class="field">
        <label for="receiver-game">Game</label>
        <select
          id="receiver-game"
          value={texts.game}
          aria-invalid={wrong.game ? true : undefined}
          onChange={(event) => set("game")(event.currentTarget.value)}
        >
          <option value="">Choose…</option>
          {shown.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        {wrong.game && <p class="field-error">{wrong.game}</p>}
      </div>
      <TextField
        id="receiver-command"
        label="Command"
        value={texts.command}
        onChange={set("command")}
        error={wrong.command}
        hint="In the game's own words; {text} becomes the message."
        mono
      />
    </>
  );
}

function AddressFields(props: {
  of: Receiver | null;
  kind: ReceiverKind;
  texts: Texts;
  wrong: Wrong;
  set: (key: keyof Texts) => (value: string) => void;
}): JSX.Element {
  const { of, kind, texts, wrong, set } = props;
  return (
    <>
      <PasswordField
        id="receiver-url"
        label={kind === "discord" ? "Webhook URL of the channel" : "URL"}
        value={texts.url}
        onChange={set("url")}
        error={wrong.url}
        hint={of ? "One is kept, sealed. Empty: it stays." : "https://… It is kept sealed and never shown."}
        fresh
      />
      {kind === "webhook" && (
        <PasswordField
          id="receiver-secret"
          label="Secret that signs"
          value={texts.secret}
          onChange={set("secret")}
          error={wrong.secret}
          hint={of?.signed ? "One is kept. Empty: it stays." : "Empty: messages are not signed."}
          fresh
        />
      )}
    </>
  );
}

export function ReceiverDialog(props: {
  of: Receiver | null;
  etag: string | null;
  /** Somebody else changed it meanwhile: opens the form again with what is there now. */
  onReread: () => void;
  onClose: () => void;
  onSaved: () => Promise<void>;
}): JSX.Element {
  const { of, etag, onReread, onClose, onSaved } = props;
  const [kind, setKind] = useState<ReceiverKind>(of?.kind ?? "discord");
  const [enabled, setEnabled] = useState(of?.enabled ?? true);
  const [texts, setTexts] = useState<Texts>({
    name: of?.name ?? "",
    url: "",
    secret: "",
    game: of?.kind === "game" ? of.target : "",
    command: of?.command ?? "say {text}",
    events: of?.events.join(" ") ?? "",
  });
  const { busy, wrong, error, stale, send, setWrong } = useSending("receiver");
  const set = (key: keyof Texts) => (value: string) => setTexts({ ...texts, [key]: value });
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const found = check(texts, kind, !of);
    if (Object.keys(found).length > 0) return setWrong(found);
    const worked = await send(async () => {
      const input = inputOf(texts, kind, enabled);
      await (of ? noticesApi.change(of.name, input, etag) : noticesApi.add(texts.name, input));
      await onSaved();
    });
    if (!worked) return;
    toast("good", of ? `${of.name} is changed.` : `${texts.name} is told from now on. Send it a test.`);
    onClose();
  };
  return (
    <Dialog title={of ? `Change ${of.name}` : "Add a receiver"} onClose={onClose}>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <FormError text={error} />
        {stale && (
          <Button icon="refresh" onClick={onReread}>
            Read it again
          </Button>
        )}
        {!of && (
          <TextField id="receiver-name" label="Name" value={texts.name} onChange={set("name")} error={wrong.name} mono autofocus />
        )}
        <div class="field">
          <label for="receiver-kind">Who is told</label>
          <select
            id="receiver-kind"
            value={kind}
            disabled={!!of}
            onChange={(event) => setKind(event.currentTarget.value as ReceiverKind)}
          >
            {Object.entries(kKindNames).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </div>
        {kind === "game" ? (
          <GameFields texts={texts} wrong={wrong} set={set} />
        ) : (
          <AddressFields of={of} kind={kind} texts={texts} wrong={wrong} set={set} />
        )}
        <TextField
          id="receiver-events"
          label="Kinds of notices"
          value={texts.events}
          onChange={set("events")}
          error={wrong.events}
          hint="Such as macro.cancelled or macro.*; empty: all."
          mono
        />
        <label class="check-row">
          <input type="checkbox" checked={enabled} onChange={(event) => setEnabled(event.currentTarget.checked)} />
          <span>Switched on</span>
        </label>
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {of ? "Save" : "Add"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
