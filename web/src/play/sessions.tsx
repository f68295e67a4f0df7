// The list of sessions, and the form of a new one.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { type GameSession, playApi, type SessionState } from "../api/play";
import { formatLength, plural } from "../lib/format";
import { Await } from "../rooms/shared";
import { useSending } from "../settings/shared";
import { now } from "../state/clock";
import { why } from "../state/resource";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { FormError, TextField } from "../ui/field";
import { Ago, Button, Empty } from "../ui/parts";
import { Chip } from "../ui/words";
import { modes, sessions } from "./state";

const kLooks = {
  created: { icon: "clock", word: "Not started", tone: "quiet" },
  running: { icon: "play", word: "Running", tone: "good" },
  paused: { icon: "pause", word: "Paused", tone: "info" },
  stopped: { icon: "stop", word: "Stopped", tone: "quiet" },
  interrupted: { icon: "warn", word: "Interrupted", tone: "warn" },
} as const;

/** Seconds of running, counted on while it runs. */
function uptime(one: GameSession): number {
  if (one.state !== "running") return one.stats.running_s;
  const since = (now.value - sessions.at.value) / 1000;
  return one.stats.running_s + Math.max(0, since);
}

type Act = "start" | "pause" | "stop" | "forget";
const kActs: Record<SessionState, readonly Act[]> = {
  created: ["start", "forget"],
  running: ["pause", "stop"],
  paused: ["start", "stop"],
  stopped: ["start", "forget"],
  interrupted: ["start", "stop", "forget"],
};
const kWords: Record<Act, { icon: "play" | "pause" | "stop" | "close"; word: string }> = {
  start: { icon: "play", word: "Start" },
  pause: { icon: "pause", word: "Pause" },
  stop: { icon: "stop", word: "Stop" },
  forget: { icon: "close", word: "Forget" },
};

function Actions({ one }: { one: GameSession }): JSX.Element {
  const [busy, setBusy] = useState<Act | null>(null);
  const act = async (what: Act): Promise<void> => {
    setBusy(what);
    try {
      if (what === "forget") await playApi.forget(one.id);
      else await playApi.act(one.id, what);
    } catch (error) {
      toast("bad", why(error));
    }
    await sessions.read();
    setBusy(null);
  };
  return (
    <span class="session-acts">
      {kActs[one.state].map((what) => (
        <Button
          key={what}
          icon={kWords[what].icon}
          busy={busy === what}
          disabled={what === "start" && !may("macros:run")}
          onClick={() => void act(what)}
        >
          {what === "start" && one.state === "paused" ? "Go on" : kWords[what].word}
          <span class="sr-only"> {one.character_name}</span>
        </Button>
      ))}
    </span>
  );
}

function Card({ one }: { one: GameSession }): JSX.Element {
  const { stats } = one;
  return (
    <li class="play-card card">
      <div class="play-head">
        <strong class="play-name">{one.character_name}</strong>
        <Chip look={kLooks[one.state]} />
      </div>
      <dl class="play-facts">
        <div>
          <dt>Mode</dt>
          <dd>{one.mode ?? <span class="unknown">none</span>}</dd>
        </div>
        <div>
          <dt>Game</dt>
          <dd>{one.game ?? <span class="unknown">none</span>}</dd>
        </div>
        <div>
          <dt>Played</dt>
          <dd class="num">{formatLength(Math.floor(uptime(one)))}</dd>
        </div>
        <div>
          <dt>Macros</dt>
          <dd>
            {plural(stats.macros_started, "start")}
            {stats.macros_cancelled > 0 && (
              <span class="tone-bad">, {stats.macros_cancelled} cancelled</span>
            )}
            {stats.macros_refused > 0 && (
              <span class="tone-warn">, {stats.macros_refused} refused</span>
            )}
          </dd>
        </div>
      </dl>
      {one.reason && <p class="play-reason">{one.reason}</p>}
      <div class="play-foot">
        <small>
          {one.started ? (
            <>
              started <Ago at={one.started} />
            </>
          ) : (
            <>
              made <Ago at={one.created} />
            </>
          )}
        </small>
        {may("sessions:write") && <Actions one={one} />}
      </div>
    </li>
  );
}

export function SessionList({ onAdd }: { onAdd: () => void }): JSX.Element {
  return (
    <Await of={sessions} what="the sessions" scope="sessions:read">
      {(items) =>
        items.length === 0 ? (
          <div class="card">
            <Empty icon="user" title="Nobody plays yet">
              <p>A session is one character. Give it a mode, and it starts that mode's macros.</p>
              {may("sessions:write") && (
                <Button icon="plus" onClick={onAdd}>
                  New session
                </Button>
              )}
            </Empty>
          </div>
        ) : (
          <ul class="play-grid">
            {items.map((one) => (
              <Card key={one.id} one={one} />
            ))}
          </ul>
        )
      }
    </Await>
  );
}

export function NewSession({ onClose }: { onClose: () => void }): JSX.Element {
  const [name, setName] = useState("");
  const [game, setGame] = useState("");
  const [mode, setMode] = useState("");
  const [start, setStart] = useState(true);
  const { busy, wrong, error, send, setWrong } = useSending();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (name.trim() === "") return setWrong({ character_name: "Type the character's name." });
    const worked = await send(async () => {
      const made = await playApi.newSession({
        character_name: name.trim(),
        ...(game.trim() ? { game: game.trim() } : {}),
        ...(mode ? { mode } : {}),
      });
      if (start) await playApi.act(made.id, "start");
    });
    await sessions.read();
    if (worked) onClose();
  };
  return (
    <Dialog title="New session" onClose={onClose}>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <FormError text={error} />
        <TextField
          id="session-name"
          label="Character"
          value={name}
          onChange={setName}
          error={wrong.character_name}
          autofocus
        />
        <div class="field-row">
          <div class="field">
            <label for="session-mode">Mode</label>
            <select
              id="session-mode"
              value={mode}
              onChange={(event) => setMode(event.currentTarget.value)}
            >
              <option value="">None</option>
              {(modes.value.value ?? []).map((one) => (
                <option key={one.name} value={one.name}>
                  {one.name}
                </option>
              ))}
            </select>
          </div>
          <TextField
            id="session-game"
            label="Game"
            value={game}
            onChange={setGame}
            error={wrong.game}
            hint="The name of a link. Empty: none."
          />
        </div>
        <label class="check-row">
          <input
            type="checkbox"
            checked={start}
            onChange={(event) => setStart(event.currentTarget.checked)}
          />
          <span>Start it right away</span>
        </label>
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            Create
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
