// The review queue: what the referee suspects and a person decides.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { movementApi, type ReviewItem } from "../api/rooms";
import { kUnknown } from "../lib/format";
import { isSolid, type WalkView } from "../lib/walk";
import { why } from "../state/resource";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { Ago, Button, Empty, Segmented } from "../ui/parts";
import { Chip } from "../ui/words";
import { evidence } from "./referee-parts";
import { review, stats } from "./referee-state";
import { Await, LookOnly } from "./shared";
import { WalkLegend, WalkPicture } from "./walk-view";

function Decision({ item }: { item: ReviewItem }): JSX.Element {
  const accepted = item.state === "accepted";
  return (
    <div class="decided">
      <Chip
        look={
          accepted
            ? { icon: "bad", word: "Accepted: it was cheating", tone: "bad" }
            : { icon: "check", word: "Dismissed: a false alarm", tone: "good" }
        }
      />
      <p class="note">
        by {item.decided_by ?? kUnknown}
        {item.decided_at && (
          <>
            , <Ago at={item.decided_at} />
          </>
        )}
      </p>
      {item.note && <p>{item.note}</p>}
    </div>
  );
}

/** From the side when it is about height. */
function viewOf(item: ReviewItem): WalkView {
  return isSolid(item.path) && /airborne|rise/.test(item.channel) ? "height" : "plan";
}

function Item({ item }: { item: ReviewItem }): JSX.Element {
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const decide = async (verdict: "accept" | "dismiss"): Promise<void> => {
    setBusy(true);
    try {
      await movementApi.decide(item.id, verdict, note.trim());
      toast("good", `${item.player}: ${verdict === "accept" ? "accepted" : "dismissed"}.`);
    } catch (error) {
      toast("bad", `The decision on ${item.player} was not kept. ${why(error)}`);
    }
    setBusy(false);
    void review.read();
    void stats.read();
  };
  return (
    <li class="card review" aria-labelledby={`review-${item.id}`}>
      <div class="review-picture">
        <WalkPicture path={item.path} view={viewOf(item)} small />
      </div>
      <div class="review-body">
        <h3 id={`review-${item.id}`}>
          <a href={`/referee/players/${encodeURIComponent(item.player)}`}>{item.player}</a>
        </h3>
        <p>
          {item.channel.replaceAll("_", " ")}, evidence {evidence(item.max_e)}{" "}
          <span class="note">
            {viewOf(item) === "height" && "seen from the side · "}opened{" "}
            <Ago at={item.opened_at} />
          </span>
        </p>
        {item.state !== "open" && <Decision item={item} />}
        {item.state === "open" && may("anticheat:write") && (
          <>
            <div class="field">
              <label for={`note-${item.id}`}>
                Note <small>(optional)</small>
              </label>
              <input
                id={`note-${item.id}`}
                type="text"
                autocomplete="off"
                value={note}
                onInput={(event) => setNote(event.currentTarget.value)}
              />
            </div>
            <div class="actions">
              <Button
                kind="danger"
                icon="bad"
                busy={busy}
                aria-label={`Accept: ${item.player} cheated`}
                onClick={() => void decide("accept")}
              >
                Accept
              </Button>
              <Button
                icon="check"
                busy={busy}
                aria-label={`Dismiss: a false alarm about ${item.player}`}
                onClick={() => void decide("dismiss")}
              >
                Dismiss
              </Button>
            </div>
          </>
        )}
      </div>
    </li>
  );
}

export function ReviewTab(): JSX.Element {
  const [shown, setShown] = useState<"open" | "decided">("open");
  return (
    <>
      <div class="section-head bare review-head">
        <p class="note">
          Accept when it was cheating, dismiss a false alarm. Dismissals teach the referee how often
          honest players here look like this; they never widen what is accepted.
        </p>
        <div class="tools">
          <Segmented
            label="Which reviews"
            value={shown}
            options={[
              { value: "open", label: "Open" },
              { value: "decided", label: "Decided" },
            ]}
            onChange={setShown}
          />
        </div>
      </div>
      {!may("anticheat:write") && <LookOnly scope="anticheat:write" />}
      <Await of={review} what="the review queue" scope="anticheat:read">
        {(items) => {
          const list = items.filter((item) => (item.state === "open") === (shown === "open"));
          if (list.length === 0)
            return (
              <div class="card">
                <Empty
                  icon="check"
                  title={shown === "open" ? "Nothing to review" : "Nothing was decided yet"}
                >
                  {shown === "open" && (
                    <p>A player comes here when the evidence reaches 10 000 to 1.</p>
                  )}
                </Empty>
              </div>
            );
          return (
            <>
              <ul class="reviews" aria-label="Reviews">
                {list.map((item) => (
                  <Item key={item.id} item={item} />
                ))}
              </ul>
              <WalkLegend />
            </>
          );
        }}
      </Await>
    </>
  );
}
