// The command line with completion and history, and what came of each command.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

import type { Command } from "../api/play";
import { accept, complete, lineOf, readCommand } from "../lib/command-line";
import { Await } from "../rooms/shared";
import { user } from "../state/session";
import { Icon } from "../ui/icons";
import { Ago, Button, Empty } from "../ui/parts";
import { Chip } from "../ui/words";
import { sendCommand } from "./quick-actions";
import { history, kinds, known } from "./state";

const kMostChoices = 8;

export function CommandLine(): JSX.Element {
  const [text, setText] = useState("");
  const [at, setAt] = useState(-1); // In the choices; -1: none is picked.
  const [back, setBack] = useState(-1); // In the history; -1: what is being typed.
  const [wrong, setWrong] = useState<string | null>(null);
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const all = kinds.value.value ?? [];
  const choices = open ? complete(text, all, known.value).slice(0, kMostChoices) : [];
  const own = (history.value.value ?? []).filter((one) => one.by === user.value?.username);
  const change = (next: string): void => {
    setText(next);
    setAt(-1);
    setWrong(null);
  };
  const take = (choice: string): void => {
    change(accept(text, choice));
    input.current?.focus();
  };
  const recall = (step: number): void => {
    const next = Math.max(-1, Math.min(own.length - 1, back + step));
    setBack(next);
    change(next < 0 ? "" : lineOf(own[next]!.request));
    setOpen(false);
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const read = readCommand(text, all);
    if ("wrong" in read) return setWrong(read.wrong);
    if (await sendCommand(read.body)) {
      change("");
      setBack(-1);
    }
  };
  const onKey = (event: KeyboardEvent): void => {
    const pick = choices[at] ?? choices[0];
    if (event.key === "Tab" && !event.shiftKey && pick !== undefined && text !== "") take(pick);
    else if (event.key === "Enter" && choices[at] !== undefined) take(choices[at]!);
    else if (event.key === "Escape" && open) setOpen(false);
    else if (event.key === "ArrowDown" && choices.length > 0) setAt((at + 1) % choices.length);
    else if (event.key === "ArrowUp" && at > 0) setAt(at - 1);
    else if (event.key === "ArrowUp") recall(1);
    else if (event.key === "ArrowDown") recall(-1);
    else return;
    event.preventDefault();
  };
  return (
    <form class="command-form" noValidate onSubmit={(event) => void submit(event)}>
      <div class="command-box">
        <Icon name="next" size={16} />
        <input
          ref={input}
          type="text"
          class="mono"
          role="combobox"
          aria-label="Command"
          aria-expanded={choices.length > 0}
          aria-controls="command-choices"
          aria-activedescendant={at >= 0 ? `command-choice-${at}` : undefined}
          aria-invalid={wrong !== null || undefined}
          aria-describedby="command-said"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          placeholder="session start character_name=Knight"
          value={text}
          onInput={(event) => {
            setOpen(true);
            change(event.currentTarget.value);
          }}
          onBlur={() => setTimeout(() => setOpen(false), 150)}
          onKeyDown={onKey}
        />
        <Button kind="primary" type="submit" disabled={text.trim() === ""}>
          Send
        </Button>
        <ul class="choices" id="command-choices" role="listbox" aria-label="Completions" hidden={choices.length === 0}>
          {choices.map((choice, i) => (
            <li
              key={choice}
              id={`command-choice-${i}`}
              role="option"
              aria-selected={i === at}
              onMouseDown={(event) => {
                event.preventDefault();
                take(choice);
              }}
            >
              <code>{choice}</code>
            </li>
          ))}
        </ul>
      </div>
      <p id="command-said" class={wrong ? "field-error" : "hint"} role={wrong ? "alert" : undefined}>
        {wrong ? (
          <>
            <Icon name="bad" size={14} /> {wrong}
          </>
        ) : (
          "Such as: mode execute fishing · macro stop heal · diagnostics run"
        )}
      </p>
    </form>
  );
}

const kLooks = {
  running: { icon: "clock", word: "Running", tone: "info" },
  succeeded: { icon: "check", word: "Done", tone: "good" },
  failed: { icon: "bad", word: "Failed", tone: "bad" },
} as const;

function said(command: Command): string {
  if (command.error) return command.error.detail;
  if (command.result === null || command.result === undefined) return "";
  return JSON.stringify(command.result, null, 2);
}

function Entry({ command }: { command: Command }): JSX.Element {
  const text = said(command);
  const head = (
    <>
      <code class="command-line">{lineOf(command.request)}</code>
      <Chip look={kLooks[command.state]} />
      <small class="command-who">
        {command.by}, <Ago at={command.submitted_at} />
      </small>
    </>
  );
  if (text === "" || command.error)
    return (
      <li class="command-entry">
        <div class="command-head">{head}</div>
        {command.error && <p class="command-error">{text}</p>}
      </li>
    );
  return (
    <li class="command-entry">
      <details>
        <summary class="command-head">{head}</summary>
        <pre class="output">{text}</pre>
      </details>
    </li>
  );
}

export function History(): JSX.Element {
  return (
    <Await of={history} what="the commands" scope="commands:read">
      {(items) =>
        items.length === 0 ? (
          <Empty icon="keyboard" title="No command yet" />
        ) : (
          <ul class="command-history">
            {items.map((command) => (
              <Entry key={command.command_id} command={command} />
            ))}
          </ul>
        )
      }
    </Await>
  );
}
