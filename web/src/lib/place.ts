// Where a game is linked: its address, or the program or world folder that is used instead. Pure.

import type { Game } from "../api/games";

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** "127.0.0.1:3977", "/usr/games/nethack --quiet", "/srv/luanti/world"; "" when nothing is set. */
export function placeOf({ host, port, options }: Pick<Game, "host" | "port" | "options">): string {
  if (port !== 0) return `${host}:${port}`;
  const program = textOf(options.program);
  if (program === "") return textOf(options.world);
  const words = textOf(options.arguments).split("\n").filter((word) => word !== "");
  return [program, ...words].join(" ");
}
