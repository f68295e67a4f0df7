// Emergency stop: hold for a second by pointer, Space or Enter. A short press, or a click made by a
// screen reader, asks instead: nobody has to be able to hold.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { api, ApiError } from "../api/client";
import { plural } from "../lib/format";
import { refresh } from "../state/live";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { Button } from "../ui/parts";

export const kHoldMs = 1000;

async function stopEverything(): Promise<void> {
  try {
    const { stopped } = await api.stopAll();
    toast(
      "good",
      stopped === 0
        ? "Emergency stop: no macro was running."
        : `Emergency stop: ${plural(stopped, "macro")} stopped.`,
    );
  } catch (error) {
    const why = error instanceof ApiError ? error.message : String(error);
    toast("bad", `Emergency stop did not reach Gamekeeper. ${why}`);
  }
  void refresh("macros");
  void refresh("cancellations");
}

export function EmergencyStop(): JSX.Element {
  const [holding, setHolding] = useState(false);
  const [asking, setAsking] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  /** A press of ours was seen, so the click that follows it is not a screen reader's. */
  const pressed = useRef(false);
  const fired = useRef(false);
  const allowed = may("macros:run") || may("macros:admin");

  const begin = (): void => {
    if (timer.current !== null || !allowed) return;
    pressed.current = true;
    fired.current = false;
    setHolding(true);
    timer.current = setTimeout(() => {
      fired.current = true;
      end(false);
      void stopEverything();
    }, kHoldMs);
  };
  const end = (ask: boolean): void => {
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = null;
    setHolding(false);
    if (ask && pressed.current && !fired.current) setAsking(true);
    if (ask) pressed.current = false;
  };
  useEffect(() => () => end(false), []);

  const isPress = (event: KeyboardEvent): boolean => event.key === " " || event.key === "Enter";
  return (
    <>
      <button
        type="button"
        class={holding ? "emergency holding" : "emergency"}
        aria-disabled={!allowed || undefined}
        title={allowed ? "Hold for one second: stops every macro" : "Your role may not stop macros"}
        onPointerDown={(event) => event.button === 0 && begin()}
        onPointerUp={() => end(true)}
        onPointerLeave={() => end(false)}
        onPointerCancel={() => end(false)}
        onContextMenu={(event) => event.preventDefault()}
        onKeyDown={(event) => {
          if (!isPress(event)) return;
          event.preventDefault();
          if (!event.repeat) begin();
        }}
        onKeyUp={(event) => isPress(event) && end(true)}
        onBlur={() => end(false)}
        onClick={(event) => {
          if (allowed && event.detail === 0 && !pressed.current && !fired.current) setAsking(true);
          fired.current = false;
        }}
      >
        <span class="emergency-fill" aria-hidden="true" />
        <Icon name="cancel" size={18} />
        <span class="emergency-text">
          <span class="wide-only">Emergency </span>stop
        </span>
      </button>
      <span class="sr-only" role="status">
        {holding ? "Keep holding to stop all macros." : ""}
      </span>
      {asking && (
        <Dialog title="Stop every macro now?" onClose={() => setAsking(false)}>
          <p>
            All macros are cancelled at once and nothing more is sent for them. Next time, hold the
            button for one second to skip this question.
          </p>
          <div class="dialog-actions">
            <Button onClick={() => setAsking(false)}>Keep running</Button>
            <Button
              kind="danger"
              icon="cancel"
              onClick={() => {
                setAsking(false);
                void stopEverything();
              }}
            >
              Stop all macros
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
