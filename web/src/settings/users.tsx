// Who may log in. For administrators.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { type Account, accountsApi, type Role } from "../api/accounts";
import { Await, LookOnly } from "../rooms/shared";
import { resource } from "../state/resource";
import { may, user } from "../state/session";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { FormError, PasswordField, TextField } from "../ui/field";
import { Icon } from "../ui/icons";
import { Ago, Button, Section } from "../ui/parts";
import { roles } from "./roles";
import { Confirm, useSending } from "./shared";

export const users = resource(accountsApi.users);

function RoleSelect(props: {
  id: string;
  value: string;
  onChange: (role: string) => void;
}): JSX.Element {
  const names = (roles.value.value ?? []).map((role: Role) => role.name);
  const shown = names.includes(props.value) ? names : [props.value, ...names];
  return (
    <div class="field">
      <label for={props.id}>Role</label>
      <select
        id={props.id}
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      >
        {shown.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

function NewUser({ onClose }: { onClose: () => void }): JSX.Element {
  const [form, setForm] = useState({ username: "", password: "", role: "user" });
  const { busy, wrong, error, send, setWrong } = useSending();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const found: Record<string, string> = {};
    if (form.username.trim() === "") found.username = "Type a name to log in with.";
    if ([...form.password].length < 12) found.password = "Use 12 characters or more.";
    if (Object.keys(found).length > 0) return setWrong(found);
    const name = form.username.trim();
    const worked = await send(async () => {
      await accountsApi.addUser(name, form.password, form.role);
      await users.read();
    });
    if (!worked) return;
    toast("good", `${name} may log in now.`);
    onClose();
  };
  return (
    <Dialog title="Add a user" onClose={onClose}>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <FormError text={error} />
        <TextField
          id="user-name"
          label="User name"
          value={form.username}
          onChange={(username) => setForm({ ...form, username })}
          error={wrong.username}
          hint="a-z, 0-9, _ . and -"
          autofocus
        />
        <PasswordField
          id="user-password"
          label="First password"
          value={form.password}
          onChange={(password) => setForm({ ...form, password })}
          error={wrong.password}
          hint="Tell it in person; they can change it in their settings."
          fresh
        />
        <RoleSelect id="user-role" value={form.role} onChange={(role) => setForm({ ...form, role })} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            Add
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type Asked = { what: "off" | "factor" | "delete"; of: Account } | null;

function EditUser(props: {
  of: Account;
  onClose: () => void;
  onAsk: (asked: Asked) => void;
}): JSX.Element {
  const { of, onClose, onAsk } = props;
  const [role, setRole] = useState(of.role);
  const [password, setPassword] = useState("");
  const { busy, wrong, error, send, setWrong } = useSending();
  const own = user.value?.username === of.username;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (password !== "" && [...password].length < 12)
      return setWrong({ password: "Use 12 characters or more." });
    const patch: { role?: string; password?: string } = {};
    if (role !== of.role) patch.role = role;
    if (password !== "") patch.password = password;
    if (Object.keys(patch).length === 0) return onClose();
    const worked = await send(async () => {
      await accountsApi.changeUser(of.id, patch);
      await users.read();
    });
    if (!worked) return;
    toast("good", `${of.username} is changed. Their sessions have ended.`);
    onClose();
  };
  return (
    <Dialog title={`Change ${of.username}`} onClose={onClose}>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <FormError text={error} />
        <RoleSelect id="edit-role" value={role} onChange={setRole} />
        {!own && (
          <PasswordField
            id="edit-password"
            label="New password"
            value={password}
            onChange={setPassword}
            error={wrong.password}
            hint="Empty: it stays as it is."
            fresh
          />
        )}
        <div class="actions">
          <Button onClick={() => onAsk({ what: "factor", of })}>Remove second factor</Button>
          {!own && (
            <Button icon="cancel" onClick={() => onAsk({ what: "delete", of })}>
              Delete
            </Button>
          )}
        </div>
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Question({ asked, onClose }: { asked: NonNullable<Asked>; onClose: () => void }): JSX.Element {
  const { of } = asked;
  const done = async (work: Promise<unknown>): Promise<void> => {
    await work;
    await users.read();
  };
  if (asked.what === "delete")
    return (
      <Confirm
        title={`Delete ${of.username}?`}
        action="Delete"
        done={`${of.username} is deleted.`}
        onClose={onClose}
        work={() => done(accountsApi.removeUser(of.id))}
      >
        <p>Sessions and tokens end at once. What they did stays in the audit.</p>
      </Confirm>
    );
  if (asked.what === "factor")
    return (
      <Confirm
        title={`Remove the second factor of ${of.username}?`}
        action="Remove it"
        done={`${of.username} signs in with the password alone.`}
        onClose={onClose}
        work={() => done(accountsApi.removeSecondFactor(of.id))}
      >
        <p>For somebody who has lost their app and their recovery codes. Be sure who asks.</p>
      </Confirm>
    );
  return (
    <Confirm
      title={`Disable ${of.username}?`}
      action="Disable"
      done={`${of.username} cannot log in.`}
      onClose={onClose}
      work={() => done(accountsApi.changeUser(of.id, { disabled: true }))}
    >
      <p>Their sessions end at once. You can enable them again.</p>
    </Confirm>
  );
}

function UserRow(props: {
  one: Account;
  canEdit: boolean;
  onEdit: () => void;
  onOff: () => void;
}): JSX.Element {
  const { one } = props;
  const enable = async (): Promise<void> => {
    try {
      await accountsApi.changeUser(one.id, { disabled: false });
      toast("good", `${one.username} may log in again.`);
    } catch (error) {
      toast("bad", error instanceof Error ? error.message : String(error));
    }
    void users.read();
  };
  return (
    <tr>
      <th scope="row">{one.username}</th>
      <td>{one.role}</td>
      <td>
        <span class={one.disabled ? "inline-word tone-warn" : "inline-word tone-good"}>
          <Icon name={one.disabled ? "pause" : "check"} size={15} />
          {one.disabled ? "Disabled" : "May log in"}
        </span>
      </td>
      <td class="nowrap">
        <Ago at={one.created_at} />
      </td>
      <td>
        {props.canEdit && (
          <span class="cell-actions">
            <Button icon="edit" onClick={props.onEdit} aria-label={`Change ${one.username}`}>
              Change
            </Button>
            {one.username !== user.value?.username && (
              <Button onClick={() => (one.disabled ? void enable() : props.onOff())}>
                {one.disabled ? "Enable" : "Disable"}
                <span class="sr-only"> {one.username}</span>
              </Button>
            )}
          </span>
        )}
      </td>
    </tr>
  );
}

export function UsersTab(): JSX.Element {
  const [adding, setAdding] = useState(false);
  const [editing, setEditing] = useState<Account | null>(null);
  const [asked, setAsked] = useState<Asked>(null);
  const canEdit = may("users:write");
  useEffect(() => {
    void users.read();
    void roles.read();
  }, []);
  const tools = canEdit && (
    <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
      Add a user
    </Button>
  );
  return (
    <>
      {!canEdit && <LookOnly scope="users:write" />}
      <Section title="Users" id="users" note="Each change is in the audit." tools={tools || undefined}>
        <Await of={users} what="the users" scope="users:read">
          {(items) => (
            <div class="table-scroll" tabIndex={0} role="region" aria-label="Users">
              <table class="stacking people">
                <thead>
                  <tr>
                    <th scope="col">User</th>
                    <th scope="col">Role</th>
                    <th scope="col">State</th>
                    <th scope="col">Added</th>
                    <th scope="col">
                      <span class="sr-only">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((one) => (
                    <UserRow
                      key={one.id}
                      one={one}
                      canEdit={canEdit}
                      onEdit={() => setEditing(one)}
                      onOff={() => setAsked({ what: "off", of: one })}
                    />
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Await>
      </Section>
      {adding && <NewUser onClose={() => setAdding(false)} />}
      {editing && (
        <EditUser
          of={editing}
          onClose={() => setEditing(null)}
          onAsk={(next) => {
            setEditing(null);
            setAsked(next);
          }}
        />
      )}
      {asked && <Question asked={asked} onClose={() => setAsked(null)} />}
    </>
  );
}
