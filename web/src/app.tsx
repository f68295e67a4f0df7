// Chooses the door or the page.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { Frame, Toasts } from "./frame/frame";
import { titleOf } from "./frame/nav";
import { navigate, route } from "./lib/router";
import { CancellationPage } from "./pages/cancellation";
import { NotLoadedPage, UnreachablePage } from "./pages/door";
import { NotFoundPage } from "./pages/not-found";
import { OverviewPage } from "./pages/overview";
import { door } from "./state/session";
import { Later } from "./ui/later";
import { Brand } from "./ui/icons";

/** The pages of the rooms share a chunk, which the first load does not carry. */
const loadRooms = () => import("./rooms/entry").then(({ RoomPage }) => RoomPage);

const loadEntrance = () => import("./pages/entrance").then(({ EntrancePage }) => EntrancePage);
const loadCancellations = () => import("./pages/cancellations").then(({ CancellationsPage }) => CancellationsPage);
const loadMacros = () => import("./pages/macros").then(({ MacrosPage }) => MacrosPage);
const loadGames = () => import("./games/entry").then(({ GamesPage }) => GamesPage);
const loadLibrary = () => import("./library/entry").then(({ LibraryPage }) => LibraryPage);
const loadPlay = () => import("./play/entry").then(({ PlayPage }) => PlayPage);
const loadExplore = () => import("./explore/entry").then(({ ExplorePage }) => ExplorePage);
const loadLogs = () => import("./logs/entry").then(({ LogsPage }) => LogsPage);
const loadTrends = () => import("./trends/entry").then(({ TrendsPage }) => TrendsPage);
const loadSettings = () => import("./settings/entry").then(({ SettingsPage }) => SettingsPage);

function Page(): JSX.Element {
  const at = route.value;
  const isDoor = at.page === "login" || at.page === "setup";
  useEffect(() => {
    if (isDoor) navigate("/", true); // Somebody who is inside has no business at the door.
  }, [isDoor]);
  switch (at.page) {
    case "macros":
      return <Later title="Macro safety" load={loadMacros} props={{}} />;
    case "cancellations":
      return <Later title="Cancellations" load={loadCancellations} props={{}} />;
    case "cancellation":
      return <CancellationPage key={at.id} id={at.id} />;
    case "trends":
      return <Later title="Trends" load={loadTrends} props={{}} />;
    case "locks":
    case "lane":
    case "tasks":
    case "graph":
    case "referee":
    case "player":
      return <Later title={titleOf(at.page)} load={loadRooms} props={{ at }} />;
    case "games":
    case "game":
      return (
        <Later
          title="Games"
          load={loadGames}
          props={{ name: at.page === "game" ? at.id : null }}
        />
      );
    case "library":
      return <Later title="Library" load={loadLibrary} props={{}} />;
    case "sessions":
      return <Later title="Sessions" load={loadPlay} props={{}} />;
    case "explore":
      return <Later title="Metrics" load={loadExplore} props={{}} />;
    case "logs":
    case "audit":
    case "story":
      return <Later title="Logs" load={loadLogs} props={{ at }} />;
    case "settings":
      return <Later title="Settings" load={loadSettings} props={{ tab: at.tab }} />;
    case "not-found":
      return <NotFoundPage path={at.path} />;
    default:
      return <OverviewPage />;
  }
}

function Splash(): JSX.Element {
  return (
    <main class="splash" aria-busy="true">
      <Brand size={44} />
      <span class="sr-only">Loading</span>
    </main>
  );
}

const entrance = (failed: boolean): JSX.Element => (failed ? <NotLoadedPage /> : <Splash />);

function Place(): JSX.Element {
  const at = door.value;
  switch (at.at) {
    case "loading":
      return <Splash />;
    case "setup":
    case "login":
      return (
        <Later
          title=""
          load={loadEntrance}
          props={{ at: at.at, ended: at.at === "login" && at.ended }}
          meanwhile={entrance}
        />
      );
    case "unreachable":
      return <UnreachablePage message={at.message} />;
    case "inside":
      return (
        <Frame>
          <Page />
        </Frame>
      );
  }
}

export function App(): JSX.Element {
  return (
    <>
      <Place />
      <Toasts />
    </>
  );
}
