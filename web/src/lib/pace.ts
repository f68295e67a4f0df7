// How fast commands go to a game, in words.

import type { Game } from "../api/games";
import { formatNumber } from "./format";

type Paced = Pick<Game, "rate_per_s"> & { health: Pick<Game["health"], "pace_per_s"> };

const perSecond = (rate: number): string =>
  `${formatNumber(rate, rate < 10 && !Number.isInteger(rate) ? 1 : 0)}/s`;

/** "60/s of 120/s", or "120/s" while nothing holds it back. */
export function paceOf({ rate_per_s, health }: Paced): string {
  const whole = perSecond(rate_per_s);
  return health.pace_per_s < rate_per_s ? `${perSecond(health.pace_per_s)} of ${whole}` : whole;
}

/** Why a game's commands are slowed, or null. */
export function paceTrouble(of: Paced): string | null {
  if (of.health.pace_per_s >= of.rate_per_s) return null;
  return "The game is behind: its commands go more slowly.";
}
