// The games: links to servers, and the console of each. A chunk of their own.

import "../styles/games.css";

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { Game, GameCandidate } from "../api/games";
import { plural } from "../lib/format";
import { placeOf } from "../lib/place";
import { Await, LookOnly, useFollow } from "../rooms/shared";
import { may } from "../state/session";
import { Button, Empty, PageHead } from "../ui/parts";
import { Chip } from "../ui/words";
import { ConsolePage } from "./console";
import { DetectDialog } from "./detect";
import { HealthFacts, titleOfKind } from "./facts";
import { GameDialog } from "./form";
import { FrameRates } from "./frames";
import { games, gamesFollower, kLinkLooks } from "./state";

function Card({ of }: { of: Game }): JSX.Element {
  return (
    <li class="game-card card">
      <div class="game-head">
        <a class="game-name" href={`/games/${encodeURIComponent(of.name)}`}>
          {of.name}
        </a>
        <Chip look={kLinkLooks[of.state]} />
      </div>
      <p class="game-kind">
        {titleOfKind(of.kind)}
        {placeOf(of) && (
          <>
            {" "}
            · <span class="mono">{placeOf(of)}</span>
          </>
        )}
      </p>
      {of.reason && of.state !== "ready" && <p class="game-reason">{of.reason}</p>}
      <HealthFacts of={of} />
    </li>
  );
}

function List(): JSX.Element {
  const [adding, setAdding] = useState(false);
  const [detecting, setDetecting] = useState(false);
  const [preset, setPreset] = useState<GameCandidate["body"] | null>(null);
  useFollow(() => gamesFollower());
  const canEdit = may("games:write");
  const open = (body: GameCandidate["body"] | null): void => {
    setPreset(body);
    setDetecting(false);
    setAdding(true);
  };
  const add = (
    <>
      <Button icon="search" onClick={() => setDetecting(true)}>
        Detect
      </Button>
      <Button kind="primary" icon="plus" onClick={() => open(null)}>
        Add a game
      </Button>
    </>
  );
  const list = games.value.value;
  const ready = list?.filter((one) => one.state === "ready").length ?? 0;
  return (
    <div class="page">
      <PageHead
        title="Games"
        lead={list ? `${plural(list.length, "link")}, ${ready} ready` : "Links to game servers."}
      >
        {canEdit && add}
      </PageHead>
      {!canEdit && <LookOnly scope="games:write" />}
      <Await of={games} what="the games" scope="games:read">
        {(items) =>
          items.length === 0 ? (
            <div class="card">
              <Empty icon="game" title="No game is linked yet">
                <p>
                  A link talks to a server's own console: Teeworlds, OpenTTD, Minecraft, Quake 3, a
                  MUD, or any program. Macros and sessions send through it.
                </p>
                {canEdit && add}
              </Empty>
            </div>
          ) : (
            <ul class="game-grid">
              {items.map((one) => (
                <Card key={one.name} of={one} />
              ))}
            </ul>
          )
        }
      </Await>
      <FrameRates />
      {detecting && (
        <DetectDialog onAdd={(one) => open(one.body)} onClose={() => setDetecting(false)} />
      )}
      {adding && <GameDialog of={null} preset={preset} onClose={() => setAdding(false)} />}
    </div>
  );
}

export function GamesPage({ name }: { name: string | null }): JSX.Element {
  return name === null ? <List /> : <ConsolePage key={name} name={name} />;
}
