// The doors that open: setup of the first administrator, and login. Loaded when one is shown.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { api, ApiError } from "../api/client";
import { kMinLength, passwordHint } from "../lib/password";
import { navigate, route } from "../lib/router";
import { enter, knock } from "../state/session";
import { Field, FormError, PasswordField, TextField } from "../ui/field";
import { Icon } from "../ui/icons";
import { Button } from "../ui/parts";
import { DoorPage } from "./door";

interface Attempt {
  busy: boolean;
  error: string | null;
  fields: Record<string, string>;
}

/** Runs a form's request and keeps its state: busy, the error, the fields it is about. */
function useAttempt(): [
  Attempt,
  (run: () => Promise<void>) => void,
  (fields: Record<string, string>) => void,
] {
  const [attempt, setAttempt] = useState<Attempt>({ busy: false, error: null, fields: {} });
  const submit = (run: () => Promise<void>): void => {
    setAttempt({ busy: true, error: null, fields: {} });
    run().catch((error: unknown) => {
      const fields = error instanceof ApiError ? error.fieldErrors() : {};
      const wait =
        error instanceof ApiError && error.retryAfterS
          ? ` Try again in ${error.retryAfterS} s.`
          : "";
      const message = error instanceof Error ? error.message + wait : String(error);
      setAttempt({ busy: false, error: message, fields });
    });
  };
  return [attempt, submit, (fields) => setAttempt({ busy: false, error: null, fields })];
}

/** After signing in, /login and /setup give way to the overview; any other page stays. */
function leaveDoor(): void {
  if (route.value.page === "login" || route.value.page === "setup") navigate("/", true);
}

/** The daemon's way to ask for the second factor: 401 with an error at `code`. */
function asksForCode(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 401 && "code" in error.fieldErrors();
}

export function LoginPage({ ended }: { ended: boolean }): JSX.Element {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string | null>(null);
  const [attempt, submit, fail] = useAttempt();
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    const missing: Record<string, string> = {};
    if (!username.trim()) missing.username = "Type your user name.";
    if (!password) missing.password = "Type your password.";
    if (code !== null && !code.trim()) missing.code = "Type the code that the app shows.";
    if (Object.keys(missing).length > 0) return fail(missing);
    submit(async () => {
      const given = code?.replace(/\s/g, "");
      const { user } = await api.login(username.trim(), password, given).catch((error: unknown) => {
        if (asksForCode(error)) {
          setCode("");
          throw new ApiError(
            401,
            null,
            code === null
              ? "Your account has a second factor. Type its code too."
              : "That code is not right, or was used already. Take the next one.",
          );
        }
        if (error instanceof ApiError && error.status === 401) {
          throw new ApiError(401, null, "That name and password do not go together.");
        }
        throw error;
      });
      leaveDoor();
      enter(user);
    });
  };
  return (
    <DoorPage
      title="Sign in"
      lead={
        ended
          ? "Your session has ended. Sign in to carry on where you were."
          : "Welcome back. All is being watched."
      }
    >
      <form onSubmit={onSubmit} noValidate>
        <FormError text={attempt.error} />
        <TextField
          id="username"
          label="User name"
          autocomplete="username"
          autofocus
          value={username}
          onChange={setUsername}
          error={attempt.fields.username}
        />
        <PasswordField
          id="password"
          label="Password"
          value={password}
          onChange={setPassword}
          error={attempt.fields.password}
        />
        {code !== null && (
          <TextField
            id="code"
            label="Code"
            autocomplete="one-time-code"
            mono
            autofocus
            value={code}
            onChange={setCode}
            error={attempt.fields.code}
            hint="Six digits of your authenticator app, or a recovery code."
          />
        )}
        <Button kind="primary" type="submit" busy={attempt.busy} class="full">
          {attempt.busy ? "Signing in…" : "Sign in"}
        </Button>
      </form>
      <p class="door-foot">
        Forgotten it? An administrator can run <code>gamekeeper user reset</code> on the server.
      </p>
    </DoorPage>
  );
}

function StrengthMeter({
  password,
  username,
}: {
  password: string;
  username: string;
}): JSX.Element {
  const { strength, word, advice } = passwordHint(password, username);
  return (
    <span class="strength">
      <span class={`strength-bars s${password ? strength : "none"}`} aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
      </span>
      <span role="status">
        {word && <strong>{word[0]!.toUpperCase() + word.slice(1)}. </strong>}
        {advice}
      </span>
    </span>
  );
}

export function SetupPage(): JSX.Element {
  const [code, setCode] = useState("");
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const [attempt, submit, fail] = useAttempt();
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    const wrong: Record<string, string> = {};
    if (!code.trim()) wrong.code = "Copy the code from the server.";
    if (!username.trim()) wrong.username = "Choose a user name.";
    if ([...password].length < kMinLength)
      wrong.password = `Use at least ${kMinLength} characters.`;
    if (Object.keys(wrong).length > 0) return fail(wrong);
    submit(async () => {
      const { user } = await api.setup(code.trim(), username.trim(), password);
      leaveDoor();
      enter(user);
      void knock(); // The profile has the scopes in full.
    });
  };
  return (
    <DoorPage
      title="Set up Gamekeeper"
      lead="Nobody has an account here yet. Make the first one: it is the administrator's."
    >
      <form onSubmit={onSubmit} noValidate>
        <FormError text={attempt.error} />
        <TextField
          id="code"
          label="Setup code"
          autocomplete="one-time-code"
          mono
          autofocus
          value={code}
          onChange={setCode}
          error={attempt.fields.code}
          hint={
            <>
              Printed when gamekeeperd started, and in the file <code>setup-code</code> in its data
              folder. It works for 15 minutes.
            </>
          }
        />
        <TextField
          id="username"
          label="User name"
          autocomplete="username"
          value={username}
          onChange={setUsername}
          error={attempt.fields.username}
        />
        <Field
          id="password"
          label="Password"
          error={attempt.fields.password}
          hint={<StrengthMeter password={password} username={username} />}
        >
          {(tied) => (
            <span class="with-button">
              <input
                {...tied}
                type={shown ? "text" : "password"}
                autocomplete="new-password"
                value={password}
                onInput={(event) => setPassword(event.currentTarget.value)}
              />
              <button
                type="button"
                class="icon-button"
                aria-pressed={shown}
                aria-label="Show the password"
                onClick={() => setShown(!shown)}
              >
                <Icon name="eye" />
              </button>
            </span>
          )}
        </Field>
        <Button kind="primary" type="submit" busy={attempt.busy} class="full">
          {attempt.busy ? "Creating…" : "Create the administrator"}
        </Button>
      </form>
    </DoorPage>
  );
}

/** One chunk for both. */
export function EntrancePage({ at, ended }: { at: "setup" | "login"; ended: boolean }): JSX.Element {
  return at === "setup" ? <SetupPage /> : <LoginPage ended={ended} />;
}
