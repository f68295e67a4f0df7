// The second factor: set up with an authenticator app, recovery codes, taken away again.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import qrcode from "qrcode-generator";

import { accountsApi, type Proof, type SecondFactor } from "../api/accounts";
import { Await } from "../rooms/shared";
import { resource } from "../state/resource";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { FormError, PasswordField, TextField } from "../ui/field";
import { Icon } from "../ui/icons";
import { Button, Section } from "../ui/parts";
import { ShownOnce, useSending } from "./shared";

const factor = resource(accountsApi.secondFactor);

/** The picture as one SVG path: no inline style, no data: URL. */
export function qrPath(text: string): { path: string; size: number } {
  const code = qrcode(0, "M");
  code.addData(text);
  code.make();
  const size = code.getModuleCount();
  let path = "";
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) if (code.isDark(y, x)) path += `M${x} ${y}h1v1h-1z`;
  }
  return { path, size };
}

function QrCode({ text }: { text: string }): JSX.Element {
  const { path, size } = qrPath(text);
  const quiet = 4; // Source: ISO/IEC 18004, the quiet zone
  return (
    <svg
      class="qr"
      viewBox={`${-quiet} ${-quiet} ${size + 2 * quiet} ${size + 2 * quiet}`}
      role="img"
      aria-label="The key as a QR code, for an authenticator app"
      shape-rendering="crispEdges"
    >
      <path d={path} />
    </svg>
  );
}

function Codes({ codes, onClose }: { codes: string[]; onClose: () => void }): JSX.Element {
  return (
    <Dialog title="Your recovery codes" onClose={onClose}>
      <p class="body-text">
        Each lets you in once when the app is lost. They are shown now and never again: keep them
        where you keep your passwords.
      </p>
      <ShownOnce text={codes.join("\n")} label="Recovery codes" />
      <div class="dialog-actions">
        <Button kind="primary" onClick={onClose}>
          I have kept them
        </Button>
      </div>
    </Dialog>
  );
}

type Step =
  | { at: "password" }
  | { at: "app"; secret: string; uri: string }
  | { at: "codes"; codes: string[] };

function Enrol({ onClose }: { onClose: () => void }): JSX.Element {
  const [step, setStep] = useState<Step>({ at: "password" });
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const { busy, wrong, error, send } = useSending();
  const close = (): void => {
    onClose();
    void factor.read();
  };
  if (step.at === "codes") return <Codes codes={step.codes} onClose={close} />;
  const submit = (event: Event): void => {
    event.preventDefault();
    void send(async () => {
      if (step.at === "password") {
        setStep({ at: "app", ...(await accountsApi.enrol(password)) });
      } else {
        const { recovery_codes } = await accountsApi.confirm(code.replace(/\s/g, ""));
        toast("good", "From now on a code is asked for when you sign in.");
        setStep({ at: "codes", codes: recovery_codes });
      }
    });
  };
  return (
    <Dialog title="Set up a second factor" onClose={close}>
      <form noValidate onSubmit={submit}>
        <FormError text={error} />
        {step.at === "password" ? (
          <PasswordField
            id="factor-password"
            label="Your password"
            hint="So that nobody does this at a browser that you left open."
            value={password}
            onChange={setPassword}
            error={wrong.current_password}
            autofocus
          />
        ) : (
          <>
            <p class="body-text">Scan this with an authenticator app, or type the key into it.</p>
            <QrCode text={step.uri} />
            <p class="qr-key">
              <code>{step.secret.replace(/(.{4})/g, "$1 ").trim()}</code>
            </p>
            <TextField
              id="factor-code"
              label="The app's six digits"
              value={code}
              onChange={setCode}
              error={wrong.code}
              numeric
              mono
              autofocus
            />
          </>
        )}
        <div class="dialog-actions">
          <Button onClick={close}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {step.at === "password" ? "Continue" : "Turn on"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** What needs the password and a code: new recovery codes, or turning it off. */
function Prove(props: {
  title: string;
  action: string;
  danger?: boolean;
  work: (proof: Proof) => Promise<string[] | null>;
  onClose: () => void;
}): JSX.Element {
  const [proof, setProof] = useState<Proof>({ current_password: "", code: "" });
  const [codes, setCodes] = useState<string[] | null>(null);
  const { busy, wrong, error, send } = useSending();
  const close = (): void => {
    props.onClose();
    void factor.read();
  };
  if (codes) return <Codes codes={codes} onClose={close} />;
  const submit = (event: Event): void => {
    event.preventDefault();
    void send(async () => {
      const fresh = await props.work({ ...proof, code: proof.code.replace(/\s/g, "") });
      if (fresh) setCodes(fresh);
      else close();
    });
  };
  return (
    <Dialog title={props.title} onClose={close}>
      <form noValidate onSubmit={submit}>
        <FormError text={error} />
        <PasswordField
          id="prove-password"
          label="Your password"
          value={proof.current_password}
          onChange={(current_password) => setProof({ ...proof, current_password })}
          error={wrong.current_password}
          autofocus
        />
        <TextField
          id="prove-code"
          label="The app's six digits, or a recovery code"
          value={proof.code}
          onChange={(code) => setProof({ ...proof, code })}
          error={wrong.code}
          mono
        />
        <div class="dialog-actions">
          <Button onClick={close}>Cancel</Button>
          <Button kind={props.danger ? "danger" : "primary"} type="submit" busy={busy}>
            {props.action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type Asked = "enrol" | "codes" | "off" | null;

function State(props: { value: SecondFactor; onAsk: (asked: Asked) => void }): JSX.Element {
  const { value, onAsk } = props;
  if (!value.enabled)
    return (
      <div class="card-form pref-row">
        <span class="inline-word">
          <Icon name="lock" size={16} /> Off: the password alone lets in whoever has it.
        </span>
        <Button kind="primary" onClick={() => onAsk("enrol")}>
          Set up
        </Button>
      </div>
    );
  const few = value.recovery_codes_left < 3;
  return (
    <div class="card-form pref-row">
      <span class={few ? "inline-word tone-warn" : "inline-word tone-good"}>
        <Icon name={few ? "warn" : "check"} size={16} /> On. {value.recovery_codes_left} recovery
        {value.recovery_codes_left === 1 ? " code is" : " codes are"} left.
      </span>
      <span class="actions">
        <Button onClick={() => onAsk("codes")}>New codes</Button>
        <Button onClick={() => onAsk("off")}>Turn off</Button>
      </span>
    </div>
  );
}

export function SecondFactorSection(): JSX.Element {
  const [asked, setAsked] = useState<Asked>(null);
  useEffect(() => void factor.read(), []);
  const close = (): void => setAsked(null);
  return (
    <Section title="Second factor" id="factor" note="A code of an app besides the password.">
      <Await of={factor} what="the second factor" scope="a session of your own" rows={1}>
        {(value) => <State value={value} onAsk={setAsked} />}
      </Await>
      {asked === "enrol" && <Enrol onClose={close} />}
      {asked === "codes" && (
        <Prove
          title="New recovery codes"
          action="Make new ones"
          onClose={close}
          work={async (proof) => (await accountsApi.newCodes(proof)).recovery_codes}
        />
      )}
      {asked === "off" && (
        <Prove
          title="Turn off the second factor?"
          action="Turn off"
          danger
          onClose={close}
          work={async (proof) => {
            await accountsApi.disable(proof);
            toast("good", "The second factor is off.");
            return null;
          }}
        />
      )}
    </Section>
  );
}
