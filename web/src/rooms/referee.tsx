// The referee: who moves within the rules, how much lag is forgiven now, and what was refused.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { MovementStats, Player } from "../api/rooms";
import { formatMs, formatNumber, kUnknown, plural } from "../lib/format";
import { burstsOf } from "../state/rooms";
import { toast } from "../state/toasts";
import { FilterBox } from "../ui/filter";
import { Icon } from "../ui/icons";
import { Ago, Bar, Button, Empty, PageHead, Section, Segmented } from "../ui/parts";
import { Await, useFollow } from "./shared";
import {
  evidence,
  isUnsafe,
  RefereeTabs,
  StandingChip,
  suspicion,
  ToleranceBar,
  UnsafeChip,
  VerdictItem,
} from "./referee-parts";
import {
  olderVerdicts,
  onlyRejected,
  options,
  players,
  refereeFollower,
  showOnlyRejected,
  stats,
  verdictCursor,
  verdicts,
} from "./referee-state";
import { OptionsTab } from "./referee-options";
import { ReplayTab } from "./replay";
import { ReviewTab } from "./review";

export type RefereeTab = "watch" | "review" | "replay" | "options";

function Ratio(props: { name: string; value: number | null; hint: string }): JSX.Element {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>
        {props.value === null ? (
          <span class="unknown">{kUnknown}</span>
        ) : (
          <span class="num">
            {formatNumber(props.value * 100, props.value < 0.1 ? 1 : 0)}&nbsp;%
          </span>
        )}
        <small>{props.hint}</small>
      </dd>
    </div>
  );
}

function Figures({ value }: { value: MovementStats }): JSX.Element {
  const refused = Object.values(value.rejections_by_rule).reduce((sum, n) => sum + n, 0);
  const adjusted = Object.values(value.adjustments_by_reason).reduce((sum, n) => sum + n, 0);
  const decided = value.reviews.accepted + value.reviews.dismissed;
  return (
    <dl class="fact-strip card">
      <div>
        <dt>Movements judged</dt>
        <dd>
          <span class="num">{formatNumber(value.events)}</span>
        </dd>
      </div>
      <div>
        <dt>Refused</dt>
        <dd>
          <span class="num">{formatNumber(refused)}</span>
          <small>
            {value.events > 0 ? `${formatNumber((refused / value.events) * 100, 2)} % of all` : ""}
          </small>
        </dd>
      </div>
      <div>
        <dt>Lag forgiven</dt>
        <dd>
          <span class="num">{formatNumber(adjusted)}</span>
          <small>movements drew credit</small>
        </dd>
      </div>
      <Ratio
        name="False positives"
        value={value.false_positive_ratio}
        hint={decided === 0 ? "nothing was reviewed yet" : `of ${plural(decided, "review")}`}
      />
      <Ratio name="Detection" value={value.detection_ratio} hint="of the reviews accepted" />
    </dl>
  );
}

function Split(props: { title: string; counts: Record<string, number> }): JSX.Element {
  const list = Object.entries(props.counts)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1]);
  const most = list[0]?.[1] ?? 1;
  return (
    <div class="split">
      <h3>{props.title}</h3>
      {list.length === 0 && <p class="note">None so far.</p>}
      <ul>
        {list.slice(0, 6).map(([name, count]) => (
          <li key={name}>
            <span>{name.replaceAll("_", " ")}</span>
            <Bar
              part={count / most}
              tone="calm"
              label={`${props.title}: ${name}`}
              text={formatNumber(count)}
            />
            <span class="num">{formatNumber(count)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function PlayerRow({ player }: { player: Player }): JSX.Element {
  return (
    <tr>
      <th scope="row">
        <a href={`/referee/players/${encodeURIComponent(player.player)}`}>{player.player}</a>
        <br />
        <small>
          {player.mode} · <Ago at={player.last_at} />
        </small>
      </th>
      <td class="cell-standing">
        <StandingChip state={player.state} />
      </td>
      <td class="cell-tolerance">
        <ToleranceBar tolerance={player.tolerance} />
      </td>
      <td class="num right" data-name="suspicion">
        {suspicion(player.confidence)}
        <br />
        <small>E {evidence(player.max_e)}</small>
      </td>
      <td class="num right" data-name="refused">
        {formatNumber(player.rejected)}
        <br />
        <small>of {formatNumber(player.moves)}</small>
      </td>
      <td class="num right" data-name="round trip">
        {player.rtt_ms === null ? (
          <span class="unknown">{kUnknown}</span>
        ) : (
          formatMs(player.rtt_ms)
        )}
      </td>
    </tr>
  );
}

function Players({ filter }: { filter: string }): JSX.Element {
  return (
    <Await of={players} what="the players" scope="anticheat:read">
      {(list) => {
        if (list.length === 0)
          return (
            <Empty icon="referee" title="Nobody moves yet">
              <p>
                A game server reports movements with <code>POST /api/movement/validate</code>, or by
                datagram for more than a few thousand a second. In its first week, let it run in the
                mode <code>shadow</code>: it judges and refuses nothing.
              </p>
              <p>
                <a href="/referee/replay">Try it with a trace</a>
              </p>
            </Empty>
          );
        const shown = list.filter((player) => player.player.toLowerCase().includes(filter));
        if (shown.length === 0) return <Empty icon="search" title="No player matches" />;
        return (
          <div class="table-scroll" tabIndex={0} role="region" aria-label="Players">
            <table class="players">
              <thead>
                <tr>
                  <th scope="col">Player</th>
                  <th scope="col">Standing</th>
                  <th scope="col">Tolerance now, and the base</th>
                  <th scope="col" class="right">
                    Suspicion
                  </th>
                  <th scope="col" class="right">
                    Refused
                  </th>
                  <th scope="col" class="right">
                    Round trip
                  </th>
                </tr>
              </thead>
              <tbody>
                {shown.slice(0, 100).map((player) => (
                  <PlayerRow key={player.player} player={player} />
                ))}
              </tbody>
            </table>
          </div>
        );
      }}
    </Await>
  );
}

function Stream({ filter }: { filter: string }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const more = async (): Promise<void> => {
    setBusy(true);
    const problem = await olderVerdicts();
    if (problem !== null) toast("bad", `Older verdicts could not be read. ${problem}`);
    setBusy(false);
  };
  return (
    <Await of={verdicts} what="the verdicts" scope="anticheat:read">
      {(list) => {
        const shown = list.filter((verdict) =>
          `${verdict.player} ${verdict.rule ?? ""} ${verdict.reason ?? ""}`
            .toLowerCase()
            .includes(filter),
        );
        return (
          <>
            {shown.length === 0 && (
              <Empty
                icon="shield"
                title={list.length === 0 ? "Nothing was refused" : "No verdict matches"}
              />
            )}
            <ul class="verdicts">
              {burstsOf(shown).map((burst) => (
                <VerdictItem key={burst.at(-1)?.id} burst={burst} withPlayer />
              ))}
            </ul>
            {verdictCursor.value !== null && (
              <p class="load-more">
                <Button busy={busy} onClick={() => void more()}>
                  {busy ? "Loading…" : "Load older ones"}
                </Button>
              </p>
            )}
          </>
        );
      }}
    </Await>
  );
}

function Watch(): JSX.Element {
  const [filter, setFilter] = useState("");
  const value = stats.value.value;
  return (
    <>
      {value && <Figures value={value} />}
      <Section
        title="Players"
        id="players"
        note="Those who need a look first"
        tools={<FilterBox value={filter} onChange={setFilter} label="Filter players and verdicts" />}
      >
        <Players filter={filter.trim().toLowerCase()} />
      </Section>
      <div class="columns referee-columns">
        <Section
          title="Verdicts"
          id="verdicts"
          note="Newest first; open one for its reasons"
          tools={
            <Segmented
              label="Which verdicts"
              value={onlyRejected.value ? "rejected" : "all"}
              options={[
                { value: "rejected", label: "Refused" },
                { value: "all", label: "All" },
              ]}
              onChange={(which) => showOnlyRejected(which === "rejected")}
            />
          }
        >
          <Stream filter={filter.trim().toLowerCase()} />
        </Section>
        <Section title="Why" id="why" note="Since the daemon started">
          {value ? (
            <>
              <Split title="Refused, by rule" counts={value.rejections_by_rule} />
              <Split title="Forgiven, by reason" counts={value.adjustments_by_reason} />
            </>
          ) : (
            <p class="body-text">Nothing is known yet.</p>
          )}
        </Section>
      </div>
    </>
  );
}

function lead(): JSX.Element | string {
  const mode = options.value.value?.options.mode;
  const list = players.value.value;
  const suspects = list?.filter((player) => player.state !== "ok").length ?? 0;
  const who = list === null ? "" : `${plural(list.length, "player")}, ${suspects} not OK`;
  if (mode === undefined) return who || "Judges movement, and forgives lag that the server saw.";
  return (
    <span class="lead-line">
      <span>
        {who && `${who} · `}mode {mode}
      </span>
      {isUnsafe(mode) && <UnsafeChip />}
      {mode === "shadow" && (
        <span class="inline-word">
          <Icon name="eye" size={15} /> judges, refuses nothing
        </span>
      )}
    </span>
  );
}

export function RefereePage({ tab }: { tab: RefereeTab }): JSX.Element {
  useFollow(() => refereeFollower());
  return (
    <div class="page">
      <PageHead title="Referee" lead={lead()} />
      <RefereeTabs />
      {tab === "watch" && <Watch />}
      {tab === "review" && <ReviewTab />}
      {tab === "replay" && <ReplayTab />}
      {tab === "options" && <OptionsTab />}
    </div>
  );
}
