// The six quick actions: each is one command. What concerns a session takes the one that lives, or
// asks which.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { type Command, type CommandBody, type GameSession, playApi } from "../api/play";
import { why } from "../state/resource";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import type { IconName } from "../ui/icons";
import { Button } from "../ui/parts";
import { NewSession } from "./sessions";
import { applyCommand, history, live, sessions } from "./state";

interface Quick {
  label: string;
  icon: IconName;
  body: CommandBody;
  scope: string;
  danger?: true;
  /** States of the sessions that it is for; absent: it is for none. */
  of?: readonly GameSession["state"][];
}

const kQuick: readonly Quick[] = [
  {
    label: "Start",
    icon: "play",
    body: { type: "session", action: "start" },
    scope: "sessions:write",
    of: ["created", "paused", "stopped", "interrupted"],
  },
  {
    label: "Pause",
    icon: "pause",
    body: { type: "session", action: "pause" },
    scope: "sessions:write",
    of: ["running"],
  },
  {
    label: "Stop",
    icon: "stop",
    body: { type: "session", action: "stop" },
    scope: "sessions:write",
    of: ["running", "paused"],
  },
  {
    label: "Reload configuration",
    icon: "refresh",
    body: { type: "config", action: "reload" },
    scope: "config:write",
  },
  {
    label: "Run diagnostics",
    icon: "check",
    body: { type: "diagnostics", action: "run" },
    scope: "health:read",
  },
  {
    label: "Stop everything",
    icon: "cancel",
    body: { type: "emergency", action: "stop" },
    scope: "macros:run",
    danger: true,
  },
];

/** Sends a command and shows it in the history at once. */
export async function sendCommand(body: CommandBody): Promise<Command | null> {
  try {
    const command = await playApi.send(body);
    history.set(applyCommand(history.value.value ?? [], command));
    return command;
  } catch (error) {
    toast("bad", why(error));
    return null;
  }
}

function Which(props: {
  quick: Quick;
  choices: readonly GameSession[];
  onClose: () => void;
}): JSX.Element {
  const { quick, choices, onClose } = props;
  return (
    <Dialog title={`${quick.label} which session?`} onClose={onClose}>
      <ul class="rows">
        {choices.map((one) => (
          <li key={one.id} class="row">
            <span class="row-main">
              <span class="row-title">{one.character_name}</span>{" "}
              <span class="row-text">{one.mode ?? "no mode"}</span>
            </span>
            <Button
              icon={quick.icon}
              onClick={() => {
                onClose();
                void sendCommand({ ...quick.body, session_id: one.id });
              }}
            >
              {quick.label}
              <span class="sr-only"> {one.character_name}</span>
            </Button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

export function QuickActions(): JSX.Element {
  const [asking, setAsking] = useState<Quick | null>(null);
  const [adding, setAdding] = useState(false);
  const choicesOf = (quick: Quick): GameSession[] =>
    (sessions.value.value ?? []).filter(({ state }) => quick.of?.includes(state));
  const act = (quick: Quick): void => {
    const choices = choicesOf(quick);
    if (quick.danger) setAsking(quick);
    else if (!quick.of) void sendCommand(quick.body);
    else if (choices.length === 1) void sendCommand({ ...quick.body, session_id: choices[0]!.id });
    else if (choices.length > 1) setAsking(quick);
    else if (quick.label === "Start") setAdding(true);
  };
  const close = (): void => setAsking(null);
  return (
    <div class="quick-actions" role="group" aria-label="Quick actions">
      {kQuick.map((quick) => {
        const nothing = !!quick.of && quick.label !== "Start" && choicesOf(quick).length === 0;
        return (
          <Button
            key={quick.label}
            icon={quick.icon}
            kind={quick.danger ? "danger" : "plain"}
            disabled={!may(quick.scope) || nothing}
            title={may(quick.scope) ? undefined : `Needs ${quick.scope}`}
            onClick={() => act(quick)}
          >
            {quick.label}
          </Button>
        );
      })}
      {asking?.danger && (
        <Dialog title="Stop everything?" onClose={close}>
          <p class="body-text">
            Every macro is killed and every session ends, {live.value.length} of them now.
          </p>
          <div class="dialog-actions">
            <Button onClick={close}>Cancel</Button>
            <Button
              kind="danger"
              onClick={() => {
                close();
                void sendCommand(asking.body);
              }}
            >
              Stop everything
            </Button>
          </div>
        </Dialog>
      )}
      {asking && !asking.danger && (
        <Which quick={asking} choices={choicesOf(asking)} onClose={close} />
      )}
      {adding && <NewSession onClose={() => setAdding(false)} />}
    </div>
  );
}
