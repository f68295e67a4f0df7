// What a macro's profile would have decided over recorded history. Nothing is acted on.

import "../styles/profiles.css";
import "../styles/simulate.css";

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { ApiError } from "../api/client";
import { macrosApi } from "../api/macros";
import type { ProfilePatch, SimulateInput, Simulation } from "../api/types";
import type { Wrong } from "../lib/profile-draft";
import { askOf, newSimulation } from "../lib/simulation";
import { profiles, readProfiles } from "../state/profiles";
import { why } from "../state/resource";
import { Dialog } from "../ui/dialog";
import { Button, Failure, Loading } from "../ui/parts";
import { SimulateFields } from "./form";
import { Result } from "./result";

type Shown =
  | { state: "working" }
  | { state: "failed"; message: string }
  | { state: "here"; of: Simulation };

export interface SimulateProps {
  macroId: string;
  /** Under which profile; absent: the macro's own. */
  profile?: string | undefined;
  /** Fields to try on top of it. */
  patch?: ProfilePatch | undefined;
}

export function SimulateDialog({
  macroId,
  profile,
  patch,
  onClose,
}: SimulateProps & { onClose: () => void }): JSX.Element {
  const [draft, setDraft] = useState(() => newSimulation(profile ?? ""));
  const [wrong, setWrong] = useState<Wrong>({});
  const [shown, setShown] = useState<Shown>({ state: "working" });
  const latest = useRef(0);
  const work = async (ask: SimulateInput): Promise<void> => {
    const turn = ++latest.current;
    setShown({ state: "working" });
    let next: Shown;
    let complaints: Wrong = {};
    try {
      next = { state: "here", of: await macrosApi.simulate(ask) };
    } catch (error) {
      complaints = error instanceof ApiError ? error.pathErrors() : {};
      next = { state: "failed", message: why(error) };
    }
    if (latest.current !== turn) return;
    setWrong(complaints);
    setShown(next);
  };
  const submit = (): void => {
    const read = askOf(macroId, draft, patch);
    setWrong("wrong" in read ? read.wrong : {});
    if ("ask" in read) void work(read.ask);
  };
  useEffect(() => {
    submit();
    if (profiles.value.state !== "here") void readProfiles();
    return () => {
      latest.current = -1; // An answer that comes later is of no use.
    };
  }, []);
  const known = profiles.value.state === "here" ? profiles.value.items : [];
  return (
    <Dialog title={`Simulate ${macroId}`} onClose={onClose} wide>
      {patch && (
        <p class="hint-line">With the changes that are not saved: {Object.keys(patch).join(", ") || "none"}.</p>
      )}
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <details class="ask" open={Object.keys(wrong).length > 0 || undefined}>
          <summary>Another time, profile, game or limits</summary>
          <SimulateFields
            macroId={macroId}
            draft={draft}
            known={known}
            wrong={wrong}
            onChange={(part) => setDraft({ ...draft, ...part })}
          />
          <div class="dialog-actions">
            <Button kind="primary" type="submit" icon="clock" busy={shown.state === "working"}>
              Simulate
            </Button>
          </div>
        </details>
      </form>
      {shown.state === "working" && <Loading rows={4} label="Simulating" />}
      {shown.state === "failed" && (
        <Failure title="The simulation did not work" message={shown.message} onRetry={submit} />
      )}
      {shown.state === "here" && <Result of={shown.of} />}
      <div class="dialog-actions">
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}
