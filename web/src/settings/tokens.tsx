// API tokens: for scripts and game servers, with a part of one's own scopes.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { accountsApi, type ApiToken } from "../api/accounts";
import { readNumber } from "../lib/form";
import { Await } from "../rooms/shared";
import { resource } from "../state/resource";
import { Dialog } from "../ui/dialog";
import { FormError, TextField } from "../ui/field";
import { Ago, Button, Empty, Section } from "../ui/parts";
import { ScopePicker } from "./scopes";
import { Confirm, ShownOnce, useSending } from "./shared";

const tokens = resource(accountsApi.tokens);
const kDay = 86_400_000;

function NewToken({ onClose }: { onClose: () => void }): JSX.Element {
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const [picked, setPicked] = useState<string[]>([]);
  const [made, setMade] = useState<ApiToken | null>(null);
  const { busy, wrong, error, send, setWrong } = useSending();
  if (made)
    return (
      <Dialog title={`The token ${made.name}`} onClose={onClose}>
        <p class="body-text">
          It is shown now and never again. Send it as{" "}
          <code>Authorization: Bearer …</code>.
        </p>
        <ShownOnce text={made.token ?? ""} label="The token" />
        <div class="dialog-actions">
          <Button kind="primary" onClick={onClose}>
            I have kept it
          </Button>
        </div>
      </Dialog>
    );
  const submit = (event: Event): void => {
    event.preventDefault();
    const life = readNumber(days, { low: 1, high: 3650, integer: true, optional: true });
    const found: Record<string, string> = {};
    if (name.trim() === "") found.name = "Give it a name, so that you know later what it is for.";
    if ("wrong" in life) found.days = life.wrong;
    if (picked.length === 0) found.scopes = "Pick what it may do.";
    if (Object.keys(found).length > 0 || "wrong" in life) return setWrong(found);
    const ends = life.value === null ? null : new Date(Date.now() + life.value * kDay);
    void send(async () => {
      setMade(await accountsApi.makeToken(name.trim(), picked, ends?.toISOString() ?? null));
      await tokens.read();
    });
  };
  return (
    <Dialog title="Make a token" onClose={onClose} wide>
      <form noValidate onSubmit={submit}>
        <FormError text={error} />
        <div class="field-row">
          <TextField
            id="token-name"
            label="Name"
            value={name}
            onChange={setName}
            error={wrong.name}
            hint="Such as luanti-server."
            autofocus
          />
          <TextField
            id="token-days"
            label="Expires after, days"
            value={days}
            onChange={setDays}
            error={wrong.days ?? wrong.expires_at}
            hint="Empty: never."
            numeric
          />
        </div>
        <ScopePicker
          id="token-scopes"
          label="What it may do"
          picked={picked}
          onChange={setPicked}
          error={wrong.scopes}
        />
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            Make it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function TokenRow({ one, onEnd }: { one: ApiToken; onEnd: () => void }): JSX.Element {
  const expired = one.expires_at !== null && Date.parse(one.expires_at) < Date.now();
  return (
    <li class="row">
      <span class="row-main stacked">
        <span class="row-title">{one.name}</span>
        <span class="row-text">
          <code>{one.scopes.join(" ")}</code>
        </span>
        <span class="row-text">
          made <Ago at={one.created_at} />,{" "}
          {one.last_used_at ? (
            <>
              last used <Ago at={one.last_used_at} />
            </>
          ) : (
            "never used"
          )}
          {one.expires_at === null
            ? ", never expires"
            : expired
              ? ", expired"
              : `, expires ${new Date(one.expires_at).toLocaleDateString()}`}
        </span>
      </span>
      <Button onClick={onEnd} aria-label={`Revoke ${one.name}`}>
        Revoke
      </Button>
    </li>
  );
}

export function TokensTab(): JSX.Element {
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<ApiToken | null>(null);
  useEffect(() => void tokens.read(), []);
  const make = (
    <Button kind="primary" icon="plus" onClick={() => setMaking(true)}>
      Make a token
    </Button>
  );
  return (
    <Section
      title="API tokens"
      id="tokens"
      note="Yours. They never may more than you, and end with your account."
      tools={make}
    >
      <Await of={tokens} what="your tokens" scope="a session of your own">
        {(items) =>
          items.length === 0 ? (
            <Empty icon="lock" title="No token yet">
              <p>A game server or a script signs in with one instead of your password.</p>
            </Empty>
          ) : (
            <ul class="rows">
              {items.map((one) => (
                <TokenRow key={one.id} one={one} onEnd={() => setEnding(one)} />
              ))}
            </ul>
          )
        }
      </Await>
      {making && <NewToken onClose={() => setMaking(false)} />}
      {ending && (
        <Confirm
          title={`Revoke ${ending.name}?`}
          action="Revoke it"
          done={`${ending.name} opens nothing any more.`}
          onClose={() => setEnding(null)}
          work={async () => {
            await accountsApi.endToken(ending.id);
            await tokens.read();
          }}
        >
          <p>Whatever signs in with it is refused at once. It cannot be brought back.</p>
        </Confirm>
      )}
    </Section>
  );
}
