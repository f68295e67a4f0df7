// What a simulation answered: the decisions, what may hide in means, what the history knew.

import type { JSX } from "preact";

import type { Simulation } from "../api/types";
import { formatLength, formatMoment, formatMomentSeconds, formatNumber, signalInfo } from "../lib/format";
import { coverageLine, kSteps, levelLine, possibleLine, shareText } from "../lib/simulation";
import { now } from "../state/clock";
import { Empty } from "../ui/parts";
import { Chip } from "../ui/words";

function Decisions({ of }: { of: Simulation }): JSX.Element {
  return (
    <ol class="simulated decisions">
      {of.decisions.map((one, index) => (
        <li key={index}>
          <Chip look={kSteps[one.action]} />
          <span class="simulated-why">
            {one.reason}
            <small>
              {" "}
              {formatMomentSeconds(one.at, now.value)}
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

function Possible({ of }: { of: Simulation }): JSX.Element {
  return (
    <section class="possible" aria-labelledby="simulated-possible">
      <h3 id="simulated-possible">
        May hide in means <span class="count">{of.possible.length}</span>
      </h3>
      <p class="hint">
        Of these times only means are left. They stay inside the limit; single samples did not.
      </p>
      <ol class="simulated">
        {of.possible.map((one, index) => (
          <li key={index}>
            <span class="num">{formatMomentSeconds(one.from, now.value)}</span>
            <span class="simulated-why">
              {possibleLine(one)}
              <small>
                for {formatLength(Math.round((Date.parse(one.to) - Date.parse(one.from)) / 1000))}
              </small>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Coverage({ of }: { of: Simulation }): JSX.Element {
  return (
    <details class="coverage">
      <summary>What the history knows of each signal</summary>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Coverage of each signal">
        <table>
          <thead>
            <tr>
              <th scope="col">Signal</th>
              <th scope="col">Of</th>
              <th scope="col" class="right">
                Samples
              </th>
              <th scope="col" class="right">
                Means
              </th>
              <th scope="col" class="right">
                Known
              </th>
            </tr>
          </thead>
          <tbody>
            {of.coverage.map((one) => (
              <tr key={`${one.signal} ${one.subject}`}>
                <th scope="row">{signalInfo(one.signal).label}</th>
                <td>{one.subject === "" ? "the machine" : <code>{one.subject}</code>}</td>
                <td class="right">{formatNumber(one.samples)}</td>
                <td class="right">{formatNumber(one.folded)}</td>
                <td class="right">{shareText(one.known_share)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

export function Result({ of }: { of: Simulation }): JSX.Element {
  return (
    <>
      <p class="hint-line">
        {formatMoment(of.from, now.value)} to {formatMoment(of.to, now.value)} · {coverageLine(of)}
      </p>
      <p class="hint-line">{levelLine(of)}</p>
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
      {of.possible.length > 0 && <Possible of={of} />}
      {of.coverage.length > 0 && <Coverage of={of} />}
    </>
  );
}
