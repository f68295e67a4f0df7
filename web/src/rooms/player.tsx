// One player: where they went, how much is forgiven them, and what speaks against them.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { movementApi, type MoveVerdict, type PlayerDetail } from "../api/rooms";
import { formatMs, formatNumber, kUnknown } from "../lib/format";
import { resource } from "../state/resource";
import { addVerdict, burstsOf } from "../state/rooms";
import { Icon } from "../ui/icons";
import { Ago, Bar, Empty, PageHead, Section } from "../ui/parts";
import { evidence, StandingChip, suspicion, ToleranceBar, VerdictItem } from "./referee-parts";
import { options } from "./referee-state";
import { Await, useFollow } from "./shared";
import { WalkPanel } from "./walk-view";

/** The picture moves at most this often, however fast the player does. Chosen. */
const kReadEveryMs = 2000;
const kVerdicts = 30;
/** States of the evidence (docs/referee.md): watch from 1e2, review from 1e4. */
const kTopPower = 6;

function ratio(name: string): string {
  const [what = "", over = ""] = name.split(/_(?=[^_]+$)/);
  const spans: Record<string, string> = { "60s": "1 min", "600s": "10 min", session: "session" };
  return `${what.replaceAll("_", " ")}, ${spans[over] ?? over}`;
}

function Channels({ list }: { list: PlayerDetail["channels"] }): JSX.Element {
  return (
    <ul class="channels">
      {list.map(({ channel, e }) => {
        const power = Math.max(0, Math.log10(Math.max(1, e)));
        const tone = e >= 1e4 ? "over" : e >= 1e2 ? "near" : "calm";
        return (
          <li key={channel}>
            <span>{channel.replaceAll("_", " ")}</span>
            <Bar
              part={power / kTopPower}
              tone={tone}
              label={`Evidence, ${channel.replaceAll("_", " ")}`}
              text={evidence(e)}
            />
            <span class="num">{evidence(e)}</span>
          </li>
        );
      })}
    </ul>
  );
}

function Detail({ player }: { player: PlayerDetail }): JSX.Element {
  return (
    <>
      <dl class="fact-strip card">
        <div>
          <dt>Standing</dt>
          <dd>
            <StandingChip state={player.state} />
            <small>
              seen <Ago at={player.last_at} />
            </small>
          </dd>
        </div>
        <div>
          <dt>Tolerance now</dt>
          <dd>
            <ToleranceBar tolerance={player.tolerance} />
          </dd>
        </div>
        <div>
          <dt>Suspicion</dt>
          <dd>
            <span class="num">{suspicion(player.confidence)}</span>
            <small>highest E {evidence(player.max_e)}</small>
          </dd>
        </div>
        <div>
          <dt>Refused</dt>
          <dd>
            <span class="num">{formatNumber(player.rejected)}</span>
            <small>of {formatNumber(player.moves)}</small>
          </dd>
        </div>
        <div>
          <dt>Round trip</dt>
          <dd>
            {player.rtt_ms === null ? (
              <span class="unknown">{kUnknown}</span>
            ) : (
              <span class="num">{formatMs(player.rtt_ms)}</span>
            )}
          </dd>
        </div>
      </dl>
      <div class="columns walk-columns">
        <Section title="Path" id="path" note="The last movements">
          {player.path.length === 0 ? (
            <Empty icon="chart" title="No movement is kept" />
          ) : (
            <WalkPanel path={player.path} />
          )}
        </Section>
        <div class="column">
          <Section title="Evidence" id="evidence" note="Watched from 100, for review from 10 000">
            <Channels list={player.channels} />
          </Section>
          <Section title="Long run" id="ratios" note="1 is as fast as allowed">
            <dl class="pairs">
              {Object.entries(player.ratios).map(([name, value]) => (
                <div key={name}>
                  <dt>{ratio(name)}</dt>
                  <dd class={value === null ? "unknown" : "num"}>
                    {value === null ? kUnknown : formatNumber(value, 3)}
                  </dd>
                </div>
              ))}
              {Object.entries(player.baseline).map(([name, value]) => (
                <div key={name}>
                  <dt>usual {name.replaceAll("_", " ")}</dt>
                  <dd class={value === null ? "unknown" : "num"}>
                    {value === null
                      ? kUnknown
                      : typeof value === "number"
                        ? formatNumber(value, 1)
                        : value}
                  </dd>
                </div>
              ))}
            </dl>
          </Section>
        </div>
      </div>
    </>
  );
}

export function PlayerPage({ id }: { id: string }): JSX.Element {
  const of = useMemo(() => resource(() => movementApi.player(id)), [id]);
  const verdicts = useMemo(
    () =>
      resource<MoveVerdict[]>(
        async () => (await movementApi.verdicts(null, kVerdicts, true, id)).items,
      ),
    [id],
  );
  useFollow(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const soon = (): void => {
      timer ??= setTimeout(() => {
        timer = null;
        void of.read();
      }, kReadEveryMs);
    };
    return {
      topics: {
        "movement:rejected": (data) => {
          const verdict = data as MoveVerdict;
          if (verdict.player !== id) return;
          if (verdicts.value.value)
            verdicts.set(addVerdict(verdicts.value.value, verdict, kVerdicts));
          soon();
        },
        "movement:updated": soon,
      },
      read: () => {
        void of.read();
        void verdicts.read();
        void options.read();
      },
    };
  }, id);
  return (
    <div class="page">
      <p class="back">
        <a href="/referee">
          <Icon name="back" size={16} /> All players
        </a>
      </p>
      <PageHead title={id} lead={of.value.value ? `Moves in ${of.value.value.mode}.` : undefined} />
      <Await of={of} what="the players" scope="anticheat:read" rows={6}>
        {(player) => (
          <>
            <Detail player={player} />
            <Section title="Refused" id="refused" note={`The last ${kVerdicts} at most`}>
              <Await of={verdicts} what="the verdicts" scope="anticheat:read">
                {(list) =>
                  list.length === 0 ? (
                    <Empty icon="shield" title="Nothing was refused" />
                  ) : (
                    <ul class="verdicts">
                      {burstsOf(list).map((burst) => (
                        <VerdictItem key={burst.at(-1)?.id} burst={burst} withPlayer={false} />
                      ))}
                    </ul>
                  )
                }
              </Await>
            </Section>
          </>
        )}
      </Await>
    </div>
  );
}
