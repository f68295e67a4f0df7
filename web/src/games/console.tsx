// The console of one game: what it says and what was sent, live; a line with completion.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { ApiError } from "../api/client";
import { type ConsoleLine, type Game, gamesApi } from "../api/games";
import { formatTimeSeconds } from "../lib/format";
import { Await, useFollow } from "../rooms/shared";
import { why } from "../state/resource";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { Button, Empty, PageHead, Section } from "../ui/parts";
import { Chip } from "../ui/words";
import { HealthFacts, titleOfKind } from "./facts";
import { GameDialog } from "./form";
import { games, gamesFollower, kLinkLooks } from "./state";

/** Shown; the daemon keeps about as many. */
const kMostLines = 500;
const kAskMs = 150;

const kLineWords: Record<string, string> = {
  command: "sent",
  reply: "answer",
  line: "game",
  state: "link",
  error: "refused",
};

function Output({ lines }: { lines: readonly ConsoleLine[] }): JSX.Element {
  const box = useRef<HTMLOListElement>(null);
  const last = lines.at(-1)?.seq ?? 0;
  // Who has scrolled up reads: new lines do not pull them away. Whoever has not stays at the newest,
  // also when a whole history comes at once.
  const follows = useRef(true);
  useLayoutEffect(() => {
    const list = box.current;
    if (list && follows.current) list.scrollTop = list.scrollHeight;
  }, [last]);
  if (lines.length === 0) return <Empty icon="keyboard" title="Nothing was said yet" />;
  return (
    <div class="console-log" role="log" aria-label="Console">
    <ol
      class="console"
      ref={box}
      tabIndex={0}
      onScroll={({ currentTarget: list }) => {
        follows.current = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
      }}
    >
      {lines.map((line) => (
        <li key={line.seq} class={`console-${line.kind}`}>
          <span class="console-when num">{formatTimeSeconds(Date.parse(line.at))}</span>
          <span class="console-who">{line.sender || (kLineWords[line.kind] ?? line.kind)}</span>
          <span class="console-text">{line.text}</span>
        </li>
      ))}
    </ol>
    </div>
  );
}

function Prompt({ of }: { of: Game }): JSX.Element {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [confirming, setConfirming] = useState<string | null>(null);
  const [choices, setChoices] = useState<string[]>([]);
  const [back, setBack] = useState(-1);
  const sent = useRef<string[]>([]);
  useEffect(() => {
    if (text.trim() === "" || !may("games:read")) return setChoices([]);
    let wanted = true;
    const typing = setTimeout(() => {
      gamesApi.completions(of.name, text).then(
        ({ items }) => wanted && setChoices(items.filter((item) => item !== text).slice(0, 8)),
        () => wanted && setChoices([]),
      );
    }, kAskMs);
    return () => {
      wanted = false;
      clearTimeout(typing);
    };
  }, [text, of.name]);
  const send = async (command: string, confirmed: boolean): Promise<void> => {
    setBusy(true);
    setConfirming(null);
    try {
      await gamesApi.send(of.name, command, confirmed);
      sent.current = [command, ...sent.current.filter((one) => one !== command)].slice(0, 100);
      setText("");
      setBack(-1);
    } catch (error) {
      const dangerous = error instanceof ApiError && /confirm/.test(error.message);
      if (dangerous && !confirmed) setConfirming(command);
      else toast("bad", why(error));
    }
    setBusy(false);
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    if (event.key === "Tab" && !event.shiftKey && choices[0] !== undefined) setText(choices[0]);
    else if (step !== 0 && sent.current.length > 0) {
      const next = Math.max(-1, Math.min(sent.current.length - 1, back + step));
      setBack(next);
      setText(next < 0 ? "" : sent.current[next]!);
    } else return;
    event.preventDefault();
  };
  const down = of.state !== "ready";
  return (
    <form
      class="console-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== "") void send(text, false);
      }}
    >
      <div class="command-box">
        <Icon name="next" size={16} />
        <input
          type="text"
          class="mono"
          aria-label={`Command for ${of.name}`}
          list="console-choices"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          disabled={down}
          placeholder={down ? "Not connected" : "Tab completes, ↑ brings back"}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={onKey}
        />
        <datalist id="console-choices">
          {choices.map((choice) => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
        <Button kind="primary" type="submit" busy={busy} disabled={down || text.trim() === ""}>
          Send
        </Button>
      </div>
      {confirming !== null && (
        <Dialog title="Send it for sure?" onClose={() => setConfirming(null)}>
          <p class="body-text">
            <code>{confirming}</code> is on the list of dangerous commands of {of.name}.
          </p>
          <div class="dialog-actions">
            <Button onClick={() => setConfirming(null)}>Cancel</Button>
            <Button kind="danger" onClick={() => void send(confirming, true)}>
              Send it
            </Button>
          </div>
        </Dialog>
      )}
    </form>
  );
}

export function ConsolePage({ name }: { name: string }): JSX.Element {
  const [lines, setLines] = useState<ConsoleLine[]>([]);
  const [editing, setEditing] = useState(false);
  const read = (): void => {
    gamesApi.history(name).then(
      ({ items }) => setLines(items.slice(-kMostLines)),
      () => setLines([]), // The page's head says why.
    );
  };
  useFollow(() => {
    const follower = gamesFollower((data) => {
      const line = data as ConsoleLine | null;
      if (line?.game !== name) return;
      setLines((old) =>
        old.some((one) => one.seq === line.seq) ? old : [...old, line].slice(-kMostLines),
      );
    });
    return {
      ...follower,
      read: () => {
        follower.read();
        read();
      },
    };
  }, name);
  const act = async (work: Promise<unknown>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      toast("bad", why(error));
    }
    void games.read();
  };
  return (
    <Await of={games} what="the games" scope="games:read">
      {(items) => {
        const of = items.find((one) => one.name === name);
        if (!of)
          return (
            <div class="page">
              <PageHead title={name} />
              <Empty icon="search" title={`There is no game ${name}`}>
                <p>
                  <a href="/games">See all games</a>
                </p>
              </Empty>
            </div>
          );
        const on = of.state !== "stopped";
        return (
          <div class="page">
            <PageHead title={of.name} lead={titleOfKind(of.kind)}>
              {may("games:write") && (
                <>
                  <Button
                    icon={on ? "stop" : "play"}
                    onClick={() => void act(on ? gamesApi.disconnect(name) : gamesApi.connect(name))}
                  >
                    {on ? "Disconnect" : "Connect"}
                  </Button>
                  {of.state === "failed" && (
                    <Button icon="refresh" onClick={() => void act(gamesApi.connect(name))}>
                      Try again
                    </Button>
                  )}
                  <Button icon="settings" onClick={() => setEditing(true)}>
                    Settings
                  </Button>
                </>
              )}
            </PageHead>
            <div class="card game-state">
              <Chip look={kLinkLooks[of.state]} />
              {of.reason && of.state !== "ready" && <p class="game-reason">{of.reason}</p>}
              <HealthFacts of={of} />
            </div>
            <Section title="Console" id="console" note="What the game says, and what was sent to it.">
              <Output lines={lines} />
              {may("games:send") && <Prompt of={of} />}
            </Section>
            {editing && <GameDialog of={of} onClose={() => setEditing(false)} />}
          </div>
        );
      }}
    </Await>
  );
}
