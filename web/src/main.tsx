import "./styles/index.css";

import { render } from "preact";

import { App } from "./app";
import { startRouter } from "./lib/router";
import { startClock } from "./state/clock";
import { startLive } from "./state/live";
import { startTheme } from "./state/prefs";
import { knock } from "./state/session";
import { guardTexts } from "./ui/turning";

guardTexts();
startTheme();
startRouter();
startClock();
startLive();
void knock();
render(<App />, document.getElementById("app")!);
