// Sessions and commands: who plays, in which mode; six quick actions; a command line.

import "../styles/play.css";

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { useFollow } from "../rooms/shared";
import { may } from "../state/session";
import { Button, PageHead, Section } from "../ui/parts";
import { LookOnly } from "../rooms/shared";
import { CommandLine, History } from "./command-line";
import { ModesSection } from "./modes";
import { QuickActions } from "./quick-actions";
import { NewSession, SessionList } from "./sessions";
import { playFollower } from "./state";

export function PlayPage(): JSX.Element {
  const [adding, setAdding] = useState(false);
  useFollow(() => playFollower());
  const mayAct = may("commands:run");
  return (
    <div class="page">
      <PageHead title="Sessions" lead="Who plays, in which mode, and what you told them.">
        {may("sessions:write") && (
          <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
            New session
          </Button>
        )}
      </PageHead>
      {!mayAct && <LookOnly scope="commands:run" />}
      {mayAct && <QuickActions />}
      <Section title="Sessions" id="sessions" flush>
        <SessionList onAdd={() => setAdding(true)} />
      </Section>
      <Section title="Commands" id="commands" note="Tab completes, ↑ brings back what you sent.">
        {mayAct && <CommandLine />}
        <History />
      </Section>
      <ModesSection />
      {adding && <NewSession onClose={() => setAdding(false)} />}
    </div>
  );
}
