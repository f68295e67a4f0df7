// What stands before the dashboard: the frame of its doors, and the one that says that nobody
// answers, which must not have to be loaded from whoever does not answer.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { ThemeToggle } from "../frame/menus";
import { knock } from "../state/session";
import { Brand } from "../ui/icons";
import { Button, usePageTitle } from "../ui/parts";
import { Scene } from "../ui/scene";

/** What the doors look like. */
export function DoorPage(props: {
  title: string;
  lead: ComponentChildren;
  children: ComponentChildren;
}): JSX.Element {
  usePageTitle(props.title);
  return (
    <div class="door">
      <Scene />
      <div class="door-theme">
        <ThemeToggle />
      </div>
      <main class="door-card card" id="main">
        <Brand size={44} />
        <h1>{props.title}</h1>
        <p class="lead">{props.lead}</p>
        {props.children}
      </main>
    </div>
  );
}

export function UnreachablePage({ message }: { message: string }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const again = (): void => {
    setBusy(true);
    void knock().finally(() => setBusy(false));
  };
  useEffect(() => {
    const timer = setInterval(() => void knock(), 5000);
    return () => clearInterval(timer);
  }, []);
  return (
    <DoorPage title="No answer" lead={message}>
      <p class="door-text">
        This page tries again every five seconds. On the server,{" "}
        <code>systemctl status gamekeeperd</code> or <code>gamekeeper status</code> says more.
      </p>
      <Button kind="primary" icon="refresh" busy={busy} class="full" onClick={again}>
        Try now
      </Button>
    </DoorPage>
  );
}

/** The code of a door did not come; what is on the screen may be older than the daemon. */
export function NotLoadedPage(): JSX.Element {
  return (
    <DoorPage title="Not loaded" lead="Gamekeeper does not answer, or was updated meanwhile.">
      <Button kind="primary" icon="refresh" class="full" onClick={() => location.reload()}>
        Reload the page
      </Button>
    </DoorPage>
  );
}
