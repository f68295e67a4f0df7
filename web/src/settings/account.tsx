// One's own account: the password, where one is signed in, and this browser's preferences.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { accountsApi, type Session } from "../api/accounts";
import { Await } from "../rooms/shared";
import { singleKeys, type Theme, theme } from "../state/prefs";
import { resource } from "../state/resource";
import { user } from "../state/session";
import { toast } from "../state/toasts";
import { FormError, PasswordField } from "../ui/field";
import { Ago, Button, Section, Segmented } from "../ui/parts";
import { SecondFactorSection } from "./second-factor";
import { Confirm, useSending } from "./shared";

const sessions = resource(accountsApi.sessions);

function PasswordForm(): JSX.Element {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const { busy, wrong, error, send, setWrong } = useSending();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (current === "") return setWrong({ current_password: "Type your password of today." });
    if ([...next].length < 12) return setWrong({ new_password: "Use 12 characters or more." });
    const worked = await send(() => accountsApi.changePassword(current, next));
    if (!worked) return;
    setCurrent("");
    setNext("");
    toast("good", "Your password is changed. Your other sessions have ended.");
    void sessions.read();
  };
  return (
    <form class="card-form" noValidate onSubmit={(event) => void submit(event)}>
      <FormError text={error} />
      {/* For password managers: which account this is. */}
      <input hidden type="text" autocomplete="username" value={user.value?.username ?? ""} readOnly />
      <div class="field-row">
        <PasswordField
          id="password-now"
          label="Password of today"
          value={current}
          onChange={setCurrent}
          error={wrong.current_password}
        />
        <PasswordField
          id="password-new"
          label="New password"
          value={next}
          onChange={setNext}
          error={wrong.new_password}
          hint="12 characters or more. A few words are fine."
          fresh
        />
      </div>
      <div class="form-row">
        <Button kind="primary" type="submit" busy={busy} class="push-end">
          Change the password
        </Button>
      </div>
    </form>
  );
}

/** "Firefox on Linux": what a user agent says, or its first words. */
export function browserOf(agent: string): string {
  if (agent === "") return "Unknown program";
  const browser = /(Firefox|Edg|Chrome|Safari)\//.exec(agent)?.[1];
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1];
  if (!browser) return agent.split(" ")[0]!.slice(0, 40);
  const name = browser === "Edg" ? "Edge" : browser;
  return system ? `${name} on ${system.replace("Mac OS X", "macOS")}` : name;
}

function SessionRow({ one, onEnd }: { one: Session; onEnd: () => void }): JSX.Element {
  return (
    <li class="row">
      <span class="row-main stacked">
        <span class="row-title">
          {browserOf(one.user_agent)} {one.current && <span class="count">this one</span>}
        </span>
        <span class="row-text">
          from <span class="mono">{one.address || "this machine"}</span>, signed in{" "}
          <Ago at={one.created_at} />, last seen <Ago at={one.last_seen_at} />
        </span>
      </span>
      <Button onClick={onEnd}>
        {one.current ? "Sign out" : "End"}
        <span class="sr-only"> of {browserOf(one.user_agent)}</span>
      </Button>
    </li>
  );
}

function Sessions(): JSX.Element {
  const [ending, setEnding] = useState<Session | null>(null);
  useEffect(() => void sessions.read(), []);
  return (
    <Section title="Sessions" id="sessions" note="Where you are signed in. An end takes effect at once.">
      <Await of={sessions} what="your sessions" scope="a session of your own">
        {(items) => (
          <ul class="rows">
            {items.map((one) => (
              <SessionRow key={one.id} one={one} onEnd={() => setEnding(one)} />
            ))}
          </ul>
        )}
      </Await>
      {ending && (
        <Confirm
          title="End this session?"
          action="End it"
          done="The session has ended."
          onClose={() => setEnding(null)}
          work={async () => {
            await accountsApi.endSession(ending.id);
            await sessions.read();
          }}
        >
          <p>
            {browserOf(ending.user_agent)} is signed out
            {ending.current ? ", which is where you are now." : ". What it had open closes."}
          </p>
        </Confirm>
      )}
    </Section>
  );
}

function Preferences(): JSX.Element {
  return (
    <Section title="This browser" id="browser">
      <div class="card-form pref-row">
        <span id="theme-label">Theme</span>
        <Segmented<Theme>
          label="Theme"
          value={theme.value}
          options={[
            { value: "system", label: "As the system", icon: "system" },
            { value: "light", label: "Light", icon: "sun" },
            { value: "dark", label: "Dark", icon: "moon" },
          ]}
          onChange={(value) => {
            theme.value = value;
          }}
        />
      </div>
      <label class="check-row card-form">
        <input
          type="checkbox"
          checked={singleKeys.value === "on"}
          onChange={(event) => {
            singleKeys.value = event.currentTarget.checked ? "on" : "off";
          }}
        />
        <span>
          Shortcuts of single keys, such as <kbd>g</kbd> <kbd>m</kbd>{" "}
          <small>(off helps with speech input)</small>
        </span>
      </label>
    </Section>
  );
}

export function AccountTab(): JSX.Element {
  const who = user.value;
  return (
    <>
      <Section
        title="Password"
        id="password"
        note={who ? `You are ${who.username}, with the role ${who.role}.` : ""}
      >
        <PasswordForm />
      </Section>
      <SecondFactorSection />
      <Sessions />
      <Preferences />
    </>
  );
}
