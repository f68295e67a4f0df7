// Typed calls to the REST API. Every failure is an ApiError that says what to do about it.

import type {
  ActiveMacro,
  ActiveMacros,
  Cancellation,
  Cancellations,
  Evidence,
  Health,
  MacroProfile,
  MacroPaused,
  MacroProfiles,
  MacroStatus,
  Overview,
  Performance,
  Problem,
  Profile,
  ProfilePatch,
  Quarantine,
  SetupState,
  SimulateInput,
  Simulation,
  StartMacro,
  User,
  WindowsNext,
} from "./types";

/** How long a call may take; the daemon answers in milliseconds, a dead link never does. */
const kTimeoutMs = 10_000;

/** A refused, failed or unanswered call. `status` is 0 when nothing answered. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | null,
    message: string,
    readonly retryAfterS: number | null = null,
  ) {
    super(message);
  }

  /** Messages by field name; "/thresholds/fps_min" and "fps_min" both give "fps_min". */
  fieldErrors(): Record<string, string> {
    const found: Record<string, string> = {};
    for (const { path, message } of this.problem?.errors ?? []) {
      found[path.split(/[/.]/).pop() ?? path] = message;
    }
    return found;
  }

  /** Messages by the whole path, for a form with lists: "windows[0].cron". */
  pathErrors(): Record<string, string> {
    const errors = this.problem?.errors ?? [];
    return Object.fromEntries(errors.map(({ path, message }) => [path.replace(/^\//, ""), message]));
  }
}

let onUnauthenticated: () => void = () => {};
/** Called when a credential stops working in the middle of things. */
export function setUnauthenticatedHandler(handler: () => void): void {
  onUnauthenticated = handler;
}

function sentence(status: number, problem: Problem | null): string {
  if (problem?.detail) return problem.detail;
  if (problem?.title) return problem.title;
  if (status === 403) return "Your role does not allow this.";
  if (status === 404) return "There is nothing here by that name.";
  if (status === 429) return "Too many tries. Wait a moment, then try again.";
  if (status >= 500) return `Gamekeeper failed to answer (status ${status}). Its log says why.`;
  return `Gamekeeper refused this (status ${status}).`;
}

async function problemOf(response: Response): Promise<Problem | null> {
  try {
    return (await response.json()) as Problem;
  } catch {
    return null; // A proxy's page, not ours.
  }
}

interface CallOptions {
  body?: unknown;
  /** A body that is not JSON; `headers` names its type. */
  text?: string;
  headers?: Record<string, string>;
  timeoutMs?: number;
  /** Looks at the headers of a success. */
  onHeaders?: (headers: Headers) => void;
  /** 401 is an answer, not the end of the session: login, setup and the first look. */
  expect401?: boolean;
  /** 503 carries a body: health. */
  accept503?: boolean;
}

/** One call. For the tables of calls here and in rooms.ts; pages use those. */
export async function call<T>(
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  if (method !== "GET") headers["X-Gamekeeper-Csrf"] = "1";
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  const body = options.body === undefined ? options.text : JSON.stringify(options.body);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      signal: AbortSignal.timeout(options.timeoutMs ?? kTimeoutMs),
      ...(body === undefined ? {} : { body }),
    });
  } catch {
    throw new ApiError(0, null, "Gamekeeper does not answer. Check that gamekeeperd is running.");
  }
  if (response.ok || (options.accept503 && response.status === 503)) {
    options.onHeaders?.(response.headers);
    if (response.status === 204) return undefined as T;
    try {
      return (await response.json()) as T;
    } catch {
      throw new ApiError(0, null, "Gamekeeper sent an answer that is not JSON.");
    }
  }
  const problem = await problemOf(response);
  if (response.status === 401 && !options.expect401) onUnauthenticated();
  const retryAfter = Number(response.headers.get("Retry-After"));
  throw new ApiError(
    response.status,
    problem,
    sentence(response.status, problem),
    retryAfter > 0 ? retryAfter : null,
  );
}

const id = encodeURIComponent;

export const api = {
  setupState: () => call<SetupState>("GET", "/api/setup"),
  setup: (code: string, username: string, password: string) =>
    call<{ user: User }>("POST", "/api/setup", {
      body: { code, username, password },
      expect401: true,
    }),
  /** `code`: of the second factor, when the first answer asks for one. */
  login: (username: string, password: string, code?: string) =>
    call<{ user: User; expires_at: string }>("POST", "/api/auth/login", {
      body: { username, password, ...(code ? { code } : {}) },
      expect401: true,
    }),
  logout: () => call<void>("POST", "/api/auth/logout", { expect401: true }),
  profile: () => call<Profile>("GET", "/api/auth/profile", { expect401: true }),
  overview: () => call<Overview>("GET", "/api/overview", { expect401: true }),
  health: () => call<Health>("GET", "/api/health", { accept503: true }),
  performance: () => call<Performance>("GET", "/api/macro-safety/performance"),
  macroStatus: () => call<MacroStatus>("GET", "/api/macro-safety/status"),
  activeMacros: () => call<ActiveMacros>("GET", "/api/macro-safety/active-macros"),
  cancellations: (cursor: string | null, limit: number) =>
    call<Cancellations>(
      "GET",
      `/api/macro-safety/cancellations?limit=${limit}${cursor ? `&cursor=${id(cursor)}` : ""}`,
    ),
  evidence: (eventId: string) =>
    call<Evidence>("GET", `/api/macro-safety/cancellations/${id(eventId)}/evidence`),
  profiles: () => call<MacroProfiles>("GET", "/api/macro-safety/profiles?limit=200"),
  macroProfile: (macroId: string) =>
    call<MacroProfile>("GET", `/api/macro-safety/profiles/${id(macroId)}`),
  profileWindows: (macroId: string) =>
    call<WindowsNext>("GET", `/api/macro-safety/profiles/${id(macroId)}/windows/next?n=2`),
  /** Refused with 412 when the profile is not the one of `etag` any more. */
  patchProfile: (macroId: string, etag: string, body: ProfilePatch) =>
    call<MacroProfile>("PATCH", `/api/macro-safety/profiles/${id(macroId)}`, {
      body,
      headers: { "If-Match": `"${etag}"` },
    }),
  simulate: (body: SimulateInput) =>
    call<Simulation>("POST", "/api/macro-safety/simulate", { body, timeoutMs: 120_000 }),
  start: (body: StartMacro) => call<ActiveMacro>("POST", "/api/macro-safety/start", { body }),
  stop: (macroId: string) =>
    call<{ macro_id: string; stopped: boolean }>("POST", `/api/macro-safety/stop/${id(macroId)}`),
  pause: (macroId: string) => call<MacroPaused>("POST", `/api/macro-safety/pause/${id(macroId)}`),
  resume: (macroId: string) => call<MacroPaused>("POST", `/api/macro-safety/resume/${id(macroId)}`),
  quarantine: () => call<Quarantine>("GET", "/api/macro-safety/quarantine?limit=200"),
  lift: (macroId: string) =>
    call<{ macro_id: string }>("POST", `/api/macro-safety/quarantine/${id(macroId)}/lift`),
  stopAll: () => call<{ stopped: number }>("POST", "/api/macro-safety/stop-all"),
  check: () => call<{ cancellations: Cancellation[] }>("POST", "/api/macro-safety/check"),
};
