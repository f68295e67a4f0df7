"""Attempts to leave the sandbox of a Lua macro, against the worker as it is shipped and with the
functions that reach the daemon: none may succeed. worker_tests try the bare sandbox and the system
call filter, and weaken both."""
import os
import pathlib
import subprocess
import unittest

from lua_worker import Worker, run

BIN = pathlib.Path(os.environ.get("GK_BIN", "build/release/bin")).resolve()
WORKER = str(BIN / "gamekeeper-worker")

# Each is an expression that is true when the attempt has succeeded.
ABSENT = """
io os debug package require load loadstring dofile loadfile collectgarbage xpcall warn module
setfenv getfenv unpack newproxy string.dump os.execute os.exit os.getenv os.remove os.rename
os.tmpname os.clock os.time io.open io.popen io.lines io.read io.write io.stdout io.stdin io.tmpfile
debug.getregistry debug.getinfo debug.sethook debug.setmetatable debug.getupvalue debug.setupvalue
debug.upvaluejoin debug.getlocal debug.getuservalue debug.debug package.loadlib package.cpath
package.path package.loaded package.preload package.searchers package.searchpath
_G.io _G.os _G.debug _G.require _G.load _ENV.io _ENV.load _G._G.debug jit ffi bit32 socket posix
""".split()

TRICKS = {
    "gc in the metatable": "pcall(setmetatable, {}, {__gc = function() end})",
    "gc as a flag": "pcall(setmetatable, {}, {__gc = true})",
    "gc on a protected table": "pcall(setmetatable, setmetatable({}, {__metatable = 1}), {__gc = 1})",
    "change a protected metatable": "pcall(setmetatable, setmetatable({}, {__metatable = false}), {})",
    "metatable of numbers": "pcall(setmetatable, 1, {})",
    "metatable of strings": "pcall(setmetatable, '', {})",
    "metatable of functions": "pcall(setmetatable, print, {})",
    "string metatable holds dump": "getmetatable('').__index.dump ~= nil",
    "dump as a method": "pcall(function() return ('x').dump(print) end)",
    "print is a table": "type(print) == 'table'",
    "functions have upvalue names": "pcall(function() return print.upvalue end)",
    "registry by index": "pcall(rawget, nil, 1)",
    "globals through _ENV metatable": "getmetatable(_ENV) ~= nil",
    "globals metatable": "getmetatable(_G) ~= nil",
    "game metatable": "getmetatable(game) ~= nil",
    "coroutine has isolated globals": "coroutine.wrap(function() return io or os or load end)() ~= nil",
    "error handler runs outside": "pcall(function() return xpcall(error, print) end)",
    "tostring with format": "pcall(string.format, '%n', 1)",
    "format with a star": "pcall(string.format, '%*d', 1, 1)",
    "format with a pointer of C": "pcall(string.format, '%s %p %n', 1, {}, 1)",
    "format too wide": "pcall(string.format, '%999d', 1)",
    "pack beyond limits": "pcall(string.pack, 'i17', 1)",
    "unpack beyond the end": "pcall(string.unpack, 'i8', 'x')",
    "unpack a huge string": "pcall(string.unpack, 's8', string.rep('\\255', 8))",
    "unpack behind the end": "pcall(string.unpack, 'b', 'x', 3)",
    "rep beyond memory": "pcall(string.rep, 'x', 1 << 40)",
    "rep with overflow": "pcall(string.rep, 'xx', math.maxinteger)",
    "concat with overflow": "pcall(table.concat, {}, 'x', 1, math.maxinteger)",
    "unpack too much": "pcall(table.unpack, {}, 1, 1 << 24)",
    "move with overflow": "pcall(table.move, {1}, 1, math.maxinteger, 2)",
    "char beyond bytes": "pcall(string.char, 256)",
    "utf8 beyond range": "pcall(utf8.char, 1 << 32)",
    "deep pattern": "pcall(string.find, string.rep('(', 300), string.rep('(', 300))",
    "bad pattern class": "pcall(string.find, 'x', '[')",
    "select far away": "pcall(select, -10, 1)",
    "wrap a function of C that yields": "pcall(coroutine.wrap(coroutine.yield), coroutine.running()) == nil",
    "close the main coroutine": "pcall(coroutine.close, (coroutine.running()))",
    "resume itself": "(coroutine.resume((coroutine.running())))",
    "memory limit by many parts": "pcall(function() local t = {} for i = 1, 1e9 do t[i] = {i} end end)",
    "state key as a table": "pcall(state.get, {})",
    "state value as a function": "pcall(state.set, 'a', print)",
    "state value as a coroutine": "pcall(state.set, 'a', coroutine.create(print))",
    "state value that holds itself": "pcall(function() local t = {} t.t = t state.set('a', t) end)",
    "state value too long": "pcall(state.set, 'a', string.rep('x', 600000))",
    "state key with other types": "pcall(state.set, 'a', {[1.5] = 1, [true] = 2})",
    "state of another macro by path": "state.get('../other/secret') ~= nil",
    "state of another macro by colon": "state.get('macro:other/secret') ~= nil",
    "state with a zero byte": "state.get('other\\0secret') ~= nil",
    "send too long": "pcall(game.send, string.rep('x', 300000))",
    "send a table": "pcall(game.send, {})",
    "send without end": "pcall(game.send, 'x', math.huge)",
    "send with a negative wait": "pcall(game.send, 'x', -1)",
    "sleep not a number": "pcall(sleep, 0/0)",
    "sleep backwards": "pcall(sleep, -1)",
    "sleep for ever": "pcall(sleep, math.huge)",
    "handlers without end": "pcall(function() for i = 1, 100 do game.on('x', print) end end)",
    "handler that is no function": "pcall(game.on, 'x', 'print')",
    "userdata in reach": "(function() for _, v in pairs(_G) do if type(v) == 'userdata' then return true end end end)()",
    "threads in reach": "(function() for _, v in pairs(_G) do if type(v) == 'thread' then return true end end end)()",
}

# Texts that must not even load.
CHUNKS = {
    "bytecode": b"\x1bLua\x54\x00\x19\x93\r\n\x1a\n",
    "bytecode of 5.3": b"\x1bLuaS\x00\x19\x93\r\n\x1a\n",
    "only the mark": b"\x1bLua",
    "mark and text": b"\x1blog('x')",
    "too many locals": b"".join(b"local a%d\n" % i for i in range(300)),
    "too deep": b"x=" + b"(" * 100000,
    "too many upvalues": b"local t={" + b"{" * 100000,
    "not closed": b"x = [[",
}

def succeeds(program, expression):
    worker, ok, reason = run(program, f"log(tostring(({expression}) and true or false))"
                             " error('over')")
    if worker.logs:
        return worker.logs[-1] == "true"
    return False  # It raised, or was killed.


class Escape(unittest.TestCase):
    def test_list_is_long_enough(self):
        count = len(ABSENT) + len(TRICKS) + len(CHUNKS)
        print(f"\n{count} attempts")
        self.assertGreaterEqual(count, 100)

    def test_nothing_to_reach_by_name(self):
        for name in ABSENT:
            with self.subTest(name):
                self.assertFalse(succeeds(WORKER, f"{name} ~= nil"))

    def test_tricks_fail(self):
        for what, expression in TRICKS.items():
            with self.subTest(what):
                self.assertFalse(succeeds(WORKER, expression))

    def test_chunks_that_are_no_text_are_refused(self):
        for what, chunk in CHUNKS.items():
            with self.subTest(what):
                worker = Worker(WORKER, chunk)
                self.assertIsNotNone(worker.ready())
                worker.close()

    def test_globals_are_exactly_those(self):
        worker, ok, reason = run(WORKER, "local t = {} for k in pairs(_G) do t[#t + 1] = k end "
                                         "table.sort(t) log(table.concat(t, ' '))")
        self.assertTrue(ok, reason)
        self.assertEqual(worker.logs[0].split(), sorted(
            "_G _VERSION args assert coroutine error game getmetatable ipairs log math next notify "
            "pairs pcall print rawequal rawget rawlen rawset select setmetatable sleep state string "
            "table tonumber tostring type utf8".split()))

    def test_control_what_is_there_is_noticed(self):
        for expression in ("string.rep ~= nil", "pcall(state.get, 'a')", "pcall(log, 'x')",
                           "pcall(setmetatable, {}, {})", "pcall(string.format, '%d', 1)"):
            with self.subTest(expression):
                self.assertTrue(succeeds(WORKER, expression))


if __name__ == "__main__":
    unittest.main()
