// Who may log in and what they may do: the shapes and calls behind the settings.

import { call } from "./client";
import type { Page } from "./rooms";

const id = encodeURIComponent;

export interface Session {
  id: string;
  created_at: string;
  last_seen_at: string;
  expires_at: string;
  held_by: string;
  address: string;
  user_agent: string;
  current: boolean;
}

export interface ApiToken {
  id: string;
  user_id: string;
  name: string;
  scopes: string[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  /** In the answer that made it, and never again. */
  token?: string;
}

export interface SecondFactor {
  enabled: boolean;
  pending: boolean;
  recovery_codes_left: number;
}

export interface Account {
  id: string;
  username: string;
  role: string;
  created_at: string;
  disabled: boolean;
}

export interface Role {
  name: string;
  builtin: boolean;
  scopes: string[];
}

export interface Proof {
  current_password: string;
  code: string;
}

/** All pages of a list, up to `most` rows. */
async function all<T>(path: string, most = 1000): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await call<Page<T>>(
      "GET",
      `${path}?limit=200${cursor === null ? "" : `&cursor=${id(cursor)}`}`,
    );
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && items.length < most);
  return items;
}

export const accountsApi = {
  changePassword: (current_password: string, new_password: string) =>
    call<void>("POST", "/api/auth/password", { body: { current_password, new_password } }),
  sessions: () => all<Session>("/api/auth/sessions"),
  endSession: (session: string) => call<void>("DELETE", `/api/auth/sessions/${id(session)}`),
  secondFactor: () => call<SecondFactor>("GET", "/api/auth/2fa"),
  enrol: (current_password: string) =>
    call<{ secret: string; uri: string }>("POST", "/api/auth/2fa", { body: { current_password } }),
  confirm: (code: string) =>
    call<{ recovery_codes: string[] }>("POST", "/api/auth/2fa/confirm", { body: { code } }),
  disable: (proof: Proof) => call<void>("POST", "/api/auth/2fa/disable", { body: proof }),
  newCodes: (proof: Proof) =>
    call<{ recovery_codes: string[] }>("POST", "/api/auth/2fa/recovery-codes", { body: proof }),
  tokens: () => all<ApiToken>("/api/auth/tokens"),
  makeToken: (name: string, scopes: string[], expires_at: string | null) =>
    call<ApiToken>("POST", "/api/auth/tokens", { body: { name, scopes, expires_at } }),
  endToken: (token: string) => call<void>("DELETE", `/api/auth/tokens/${id(token)}`),
  users: () => all<Account>("/api/users"),
  addUser: (username: string, password: string, role: string) =>
    call<Account>("POST", "/api/users", { body: { username, password, role } }),
  changeUser: (user: string, patch: { role?: string; disabled?: boolean; password?: string }) =>
    call<Account>("PATCH", `/api/users/${id(user)}`, { body: patch }),
  removeUser: (user: string) => call<void>("DELETE", `/api/users/${id(user)}`),
  removeSecondFactor: (user: string) => call<void>("DELETE", `/api/users/${id(user)}/2fa`),
  roles: () => all<Role>("/api/roles"),
  putRole: (name: string, scopes: string[]) =>
    call<Role>("PUT", `/api/roles/${id(name)}`, { body: { scopes } }),
  removeRole: (name: string) => call<void>("DELETE", `/api/roles/${id(name)}`),
};
