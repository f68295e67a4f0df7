// The chunk of the rooms' pages: which one a route shows.

import type { JSX } from "preact";

import type { Route } from "../lib/router";
import { GraphPage } from "./graph";
import { LanePage } from "./lane";
import { LocksPage } from "./locks";
import { PlayerPage } from "./player";
import { RefereePage } from "./referee";
import { TasksPage } from "./tasks";

export function RoomPage({ at }: { at: Route }): JSX.Element | null {
  switch (at.page) {
    case "locks":
      return <LocksPage />;
    case "lane":
      return <LanePage key={at.id} name={at.id} />;
    case "tasks":
      return <TasksPage />;
    case "graph":
      return <GraphPage key={at.id} id={at.id} />;
    case "referee":
      return <RefereePage tab={at.tab} />;
    case "player":
      return <PlayerPage key={at.id} id={at.id} />;
    default:
      return null;
  }
}
