import { describe, expect, it } from "vitest";

import { accept, complete, lineOf, readCommand } from "./command-line";

const kKinds = [
  {
    type: "session",
    action: "start",
    scope: "sessions:write",
    fields: ["character_name", "session_id", "game", "mode_name"],
    required: [],
  },
  { type: "session", action: "stop", scope: "sessions:write", fields: ["session_id"], required: [] },
  {
    type: "mode",
    action: "execute",
    scope: "macros:run",
    fields: ["mode_name", "session_id"],
    required: ["mode_name"],
  },
  { type: "macro", action: "start", scope: "macros:run", fields: ["macro_id", "args"], required: ["macro_id"] },
  { type: "config", action: "reload", scope: "config:write", fields: [], required: [] },
];
const kKnown = { mode_name: ["fishing", "guard duty"], character_name: ["Knight"] };

describe("command line", () => {
  it("reads the literal forms", () => {
    expect(readCommand("session start character_name=Knight", kKinds)).toEqual({
      body: { type: "session", action: "start", character_name: "Knight" },
    });
    expect(readCommand("mode execute fishing", kKinds)).toEqual({
      body: { type: "mode", action: "execute", mode_name: "fishing" },
    });
  });

  it("keeps quoted texts and objects whole", () => {
    expect(readCommand('session start character_name="Sir \\"K\\" Knight"', kKinds)).toEqual({
      body: { type: "session", action: "start", character_name: 'Sir "K" Knight' },
    });
    expect(readCommand('macro start heal args={"rod": "carbon", "n": 2}', kKinds)).toEqual({
      body: { type: "macro", action: "start", macro_id: "heal", args: { rod: "carbon", n: 2 } },
    });
    expect(readCommand('macro start heal args={"rod": ', kKinds)).toHaveProperty("wrong");
  });

  it("says what is allowed", () => {
    expect(readCommand("", kKinds)).toEqual({ wrong: "Start with one of: session, mode, macro, config." });
    expect(readCommand("session jump", kKinds)).toEqual({ wrong: "session takes one of: start, stop." });
    expect(readCommand("mode execute", kKinds)).toEqual({ wrong: "mode execute needs mode_name." });
    expect(readCommand("config reload now", kKinds)).toEqual({
      wrong: "config reload takes nothing more, not now.",
    });
    expect(readCommand("session stop session_id=a session_id=b", kKinds)).toEqual({
      wrong: "session_id is there twice.",
    });
    expect(readCommand("session stop colour=red", kKinds)).toEqual({
      wrong: "session stop takes session_id, not colour.",
    });
  });

  it("completes types, actions, values and fields", () => {
    expect(complete("", kKinds, kKnown)).toEqual(["session", "mode", "macro", "config"]);
    expect(complete("m", kKinds, kKnown)).toEqual(["mode", "macro"]);
    expect(complete("session s", kKinds, kKnown)).toEqual(["start", "stop"]);
    expect(complete("mode execute ", kKinds, kKnown)).toEqual([
      "fishing",
      '"guard duty"',
      "mode_name=",
      "session_id=",
    ]);
    expect(complete("session start character_name=K", kKinds, kKnown)).toEqual(["character_name=Knight"]);
    expect(complete("config reload ", kKinds, kKnown)).toEqual([]);
  });

  it("takes a completion in place of the last word", () => {
    expect(accept("ses", "session")).toBe("session ");
    expect(accept("session start ", "character_name=")).toBe("session start character_name=");
  });

  it("writes what it reads", () => {
    const line = 'session start character_name="Sir Knight" mode_name=fishing';
    const read = readCommand(line, kKinds);
    expect("body" in read && lineOf(read.body)).toBe(line);
  });
});
