// A detected game server in words. Pure.

import type { GameCandidate } from "../api/games";

/** "127.0.0.1:3977 · openttd, process 812 · it answered": where it is and how sure that is. */
export function candidateLine(of: GameCandidate): string {
  const world = of.body.options?.world;
  const program =
    of.process === null
      ? null
      : of.pid === null
        ? of.process
        : `${of.process}, process ${of.pid}`;
  return [
    of.port === null ? null : `${of.body.host ?? "127.0.0.1"}:${of.port}`,
    typeof world === "string" ? world : null,
    program,
    of.proven ? "it answered" : "not proven: it says nothing before a log-in",
  ]
    .filter((part) => part !== null)
    .join(" · ");
}
