// The calls of the macros page and its dialogs, which come with them.

import { call } from "./client";
import type {
  ActiveMacro,
  Cancellation,
  MacroProfile,
  MacroProfiles,
  ProfilePatch,
  Quarantine,
  SimulateInput,
  Simulation,
  StartMacro,
  WindowsNext,
} from "./types";

const id = encodeURIComponent;

export const macrosApi = {
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
  quarantine: () => call<Quarantine>("GET", "/api/macro-safety/quarantine?limit=200"),
  lift: (macroId: string) =>
    call<{ macro_id: string }>("POST", `/api/macro-safety/quarantine/${id(macroId)}/lift`),
  check: () => call<{ cancellations: Cancellation[] }>("POST", "/api/macro-safety/check"),
};
