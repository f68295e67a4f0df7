// Holds the shapes that are written by hand to those of docs/openapi.json: what the daemon sends must
// be what a page expects, or the type check fails here. Types only: nothing of it is in the program.

import type * as accounts from "./accounts";
import type * as explore from "./explore";
import type * as games from "./games";
import type * as play from "./play";
import type * as rooms from "./rooms";
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

// Left out of a shape is what the document only calls an object or anything.

/** `Sent`, as the daemon documents it, can be read as `Expected`. */
type Reads<Expected, Sent extends Expected> = [Expected, Sent];

export type Agreed = [
  Reads<accounts.Session, Schemas["Session"]>,
  Reads<accounts.ApiToken, Schemas["ApiToken"]>,
  Reads<accounts.SecondFactor, Schemas["SecondFactor"]>,
  Reads<accounts.Role, Schemas["Role"]>,
  Reads<play.GameSession, Schemas["GameSession"]>,
  Reads<play.Mode, Schemas["Mode"]>,
  Reads<play.CommandKind, Schemas["CommandKind"]>,
  Reads<play.Command, Schemas["Command"]>,
  Reads<games.Game, Schemas["Game"]>,
  Reads<games.Script, Schemas["MacroScript"]>,
  Reads<explore.SeriesName, Schemas["SeriesName"]>,
  Reads<explore.SeriesAnswer, Schemas["SeriesPoints"]>,
  Reads<explore.AuditRow, Schemas["AuditRow"]>,
  Reads<explore.LogLine, Schemas["LogLine"]>,
  Reads<rooms.LaneHolder, Schemas["LaneHolder"]>,
  Reads<rooms.LaneTicket, Schemas["LaneTicket"]>,
  Reads<rooms.LaneCounters, Schemas["LaneCounters"]>,
  Reads<Omit<rooms.Lane, "options">, Omit<Schemas["Lane"], "options">>,
  Reads<rooms.LaneEvent, Schemas["LaneEvent"]>,
  Reads<rooms.LaneWait, Schemas["LaneWait"]>,
  Reads<Omit<rooms.Task, "action">, Omit<Schemas["Task"], "action">>,
  Reads<Omit<rooms.TaskGraph, "tasks">, Omit<Schemas["TaskGraph"], "tasks">>,
  Reads<rooms.MoveVerdict, Schemas["MovementVerdict"]>,
  Reads<rooms.Tolerance, Schemas["MovementTolerance"]>,
  Reads<rooms.Player, Schemas["MovementPlayer"]>,
  Reads<Omit<rooms.MovementStats, "reviews" | "ingest">, Omit<Schemas["MovementStats"], "reviews" | "ingest">>,
];
