// Roles: named sets of scopes. Three are built in; an installation adds its own.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { accountsApi, type Role } from "../api/accounts";
import { Await, LookOnly } from "../rooms/shared";
import { resource } from "../state/resource";
import { may } from "../state/session";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { FormError, TextField } from "../ui/field";
import { Button, Section } from "../ui/parts";
import { ScopePicker } from "./scopes";
import { Confirm, useSending } from "./shared";

export const roles = resource(accountsApi.roles);

const kRoleName = /^[a-z0-9_-]{1,64}$/;

function EditRole(props: { of: Role | null; onClose: () => void }): JSX.Element {
  const { of, onClose } = props;
  const [name, setName] = useState(of?.name ?? "");
  const [picked, setPicked] = useState<string[]>(of?.scopes ?? []);
  const { busy, wrong, error, send, setWrong } = useSending();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const found: Record<string, string> = {};
    if (!kRoleName.test(name)) found.name = "Use 1 to 64 of a-z, 0-9, _ and -";
    if (picked.length === 0) found.scopes = "Pick at least one.";
    if (Object.keys(found).length > 0) return setWrong(found);
    const worked = await send(async () => {
      await accountsApi.putRole(name, picked);
      await roles.read();
    });
    if (!worked) return;
    toast("good", of ? `The role ${name} is changed.` : `The role ${name} is there.`);
    onClose();
  };
  return (
    <Dialog title={of ? `The role ${of.name}` : "Add a role"} onClose={onClose} wide>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <FormError text={error} />
        {!of && (
          <TextField
            id="role-name"
            label="Name"
            value={name}
            onChange={setName}
            error={wrong.name}
            hint="Such as moderator."
            autofocus
          />
        )}
        <ScopePicker
          id="role-scopes"
          label="What its holders may do"
          picked={picked}
          onChange={setPicked}
          error={wrong.scopes}
        />
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

function RoleRow(props: {
  one: Role;
  canEdit: boolean;
  onEdit: () => void;
  onRemove: () => void;
}): JSX.Element {
  const { one, canEdit } = props;
  return (
    <li class="row">
      <span class="row-main stacked">
        <span class="row-title">
          {one.name} {one.builtin && <span class="count">built in</span>}
        </span>
        <span class="row-text">
          {one.scopes.includes("*") ? "everything" : <code>{one.scopes.join(" ")}</code>}
        </span>
      </span>
      {canEdit && !one.builtin && (
        <span class="cell-actions">
          <Button icon="edit" onClick={props.onEdit} aria-label={`Change ${one.name}`}>
            Change
          </Button>
          <Button onClick={props.onRemove} aria-label={`Delete ${one.name}`}>
            Delete
          </Button>
        </span>
      )}
    </li>
  );
}

export function RolesTab(): JSX.Element {
  const [editing, setEditing] = useState<{ of: Role | null } | null>(null);
  const [removing, setRemoving] = useState<Role | null>(null);
  const canEdit = may("users:write");
  useEffect(() => void roles.read(), []);
  const tools = canEdit && (
    <Button kind="primary" icon="plus" onClick={() => setEditing({ of: null })}>
      Add a role
    </Button>
  );
  return (
    <>
      {!canEdit && <LookOnly scope="users:write" />}
      <Section
        title="Roles"
        id="roles"
        note="A change takes effect within a second, also on open pages."
        tools={tools || undefined}
      >
        <Await of={roles} what="the roles" scope="users:read">
          {(items) => (
            <ul class="rows">
              {items.map((one) => (
                <RoleRow
                  key={one.name}
                  one={one}
                  canEdit={canEdit}
                  onEdit={() => setEditing({ of: one })}
                  onRemove={() => setRemoving(one)}
                />
              ))}
            </ul>
          )}
        </Await>
      </Section>
      {editing && <EditRole of={editing.of} onClose={() => setEditing(null)} />}
      {removing && (
        <Confirm
          title={`Delete the role ${removing.name}?`}
          action="Delete"
          done={`The role ${removing.name} is gone.`}
          onClose={() => setRemoving(null)}
          work={async () => {
            await accountsApi.removeRole(removing.name);
            await roles.read();
          }}
        >
          <p>Only a role that nobody has can be deleted.</p>
        </Confirm>
      )}
    </>
  );
}
