// What a macro's profile would have decided in the last 24 h. Nothing is acted on.

import "../styles/simulate.css";

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { api } from "../api/client";
import type { Simulation } from "../api/types";
import { plural } from "../lib/format";
import { coverageLine, kSteps } from "../lib/simulation";
import { why } from "../state/resource";
import { Dialog } from "../ui/dialog";
import { Ago, Button, Empty, Failure, Loading } from "../ui/parts";
import { Chip } from "../ui/words";
import type { SimulateProps } from "./button";

type Shown =
  | { state: "working" }
  | { state: "failed"; message: string }
  | { state: "here"; of: Simulation };

function Decisions({ of }: { of: Simulation }): JSX.Element {
  return (
    <ol class="simulated">
      {of.decisions.map((one, index) => (
        <li key={index}>
          <Chip look={kSteps[one.action]} />
          <span class="simulated-why">
            {one.reason}
            <small>
              {" "}
              <Ago at={one.at} />
              {one.window !== null && ` · window ${one.window}`}
              {one.forecast && " · forecast"}
              {one.from_aggregate && " · from a mean"}
            </small>
          </span>
        </li>
      ))}
    </ol>
  );
}

function Result({ of }: { of: Simulation }): JSX.Element {
  return (
    <>
      <p class="hint-line">{coverageLine(of)}</p>
      {!of.runs_recorded && (
        <p class="hint-line">Its runs are not recorded: it is taken to run all the time.</p>
      )}
      {of.samples_used === 0 ? (
        <Empty icon="clock" title="There is no history to judge">
          <p>No sample of this time was kept.</p>
        </Empty>
      ) : of.decisions.length === 0 ? (
        <Empty icon="check" title="It would have decided nothing">
          <p>No limit was broken, as far as the history tells.</p>
        </Empty>
      ) : (
        <Decisions of={of} />
      )}
      {of.truncated && <p class="hint-line">There were more decisions than are shown.</p>}
      {of.possible.length > 0 && (
        <p class="hint-line">
          {plural(of.possible.length, "more breach", "more breaches")} may hide in means of older
          samples.
        </p>
      )}
    </>
  );
}

export function SimulateDialog({ macroId, profile, onClose }: SimulateProps): JSX.Element {
  const [shown, setShown] = useState<Shown>({ state: "working" });
  const wanted = useRef(true);
  const work = async (): Promise<void> => {
    setShown({ state: "working" });
    let next: Shown;
    try {
      next = { state: "here", of: await api.simulate({ macro_id: macroId, ...(profile && { profile }) }) };
    } catch (error) {
      next = { state: "failed", message: why(error) };
    }
    if (wanted.current) setShown(next);
  };
  useEffect(() => {
    void work();
    return () => {
      wanted.current = false;
    };
  }, []);
  return (
    <Dialog title={`The last 24 h under the profile of ${profile ?? macroId}`} onClose={onClose} wide>
      {shown.state === "working" && <Loading rows={4} label="Simulating" />}
      {shown.state === "failed" && (
        <Failure
          title="The simulation did not work"
          message={shown.message}
          onRetry={() => void work()}
        />
      )}
      {shown.state === "here" && <Result of={shown.of} />}
      <div class="dialog-actions">
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}
