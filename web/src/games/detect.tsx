// What detection found on the daemon's machine, to be linked with one more step.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { type GameCandidate, gamesApi } from "../api/games";
import { candidateLine } from "../lib/candidate";
import { why } from "../state/resource";
import { Dialog } from "../ui/dialog";
import { Button, Empty, Failure, Loading } from "../ui/parts";

type Found =
  | { state: "looking" }
  | { state: "failed"; message: string }
  | { state: "here"; items: readonly GameCandidate[] };

interface Props {
  onAdd: (of: GameCandidate) => void;
  onClose: () => void;
}

function Candidate({ of, onAdd }: { of: GameCandidate; onAdd: Props["onAdd"] }): JSX.Element {
  return (
    <li class="candidate">
      <div>
        <p class="candidate-title">{of.title}</p>
        <p class="game-kind">{candidateLine(of)}</p>
        {of.needs !== null && of.game === null && <p class="game-kind">Needs {of.needs}</p>}
      </div>
      {of.game === null ? (
        <Button aria-label={`Add ${of.body.name}`} onClick={() => onAdd(of)}>
          Add
        </Button>
      ) : (
        <span>
          Linked as <a href={`/games/${encodeURIComponent(of.game)}`}>{of.game}</a>
        </span>
      )}
    </li>
  );
}

export function DetectDialog({ onAdd, onClose }: Props): JSX.Element {
  const [found, setFound] = useState<Found>({ state: "looking" });
  const wanted = useRef(true);
  const look = async (): Promise<void> => {
    setFound({ state: "looking" });
    let next: Found;
    try {
      next = { state: "here", items: (await gamesApi.detect()).items };
    } catch (error) {
      next = { state: "failed", message: why(error) };
    }
    if (wanted.current) setFound(next);
  };
  useEffect(() => {
    void look();
    return () => {
      wanted.current = false;
    };
  }, []);
  return (
    <Dialog title="Games on this machine" onClose={onClose} wide>
      {found.state === "looking" && <Loading rows={3} label="Looking for game servers" />}
      {found.state === "failed" && (
        <Failure
          title="Detection did not work"
          message={found.message}
          onRetry={() => void look()}
        />
      )}
      {found.state === "here" && found.items.length === 0 && (
        <Empty icon="search" title="No game server was found">
          <p>
            Only this machine is looked at. A server elsewhere, or one on an unusual port, is added
            by hand.
          </p>
        </Empty>
      )}
      {found.state === "here" && found.items.length > 0 && (
        <ul class="candidates">
          {found.items.map((one) => (
            <Candidate key={one.body.name} of={one} onAdd={onAdd} />
          ))}
        </ul>
      )}
      <div class="dialog-actions">
        {found.state === "here" && (
          <Button class="push" icon="refresh" onClick={() => void look()}>
            Look again
          </Button>
        )}
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}
