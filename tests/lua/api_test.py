"""What a script sees of its functions, with the test in the place of the daemon."""
import os
import pathlib
import unittest

from lua_worker import LINE, LOG, METRICS, REPLY, SEND, SUBSCRIBE, TABLE, Worker, run, text

WORKER = str(pathlib.Path(os.environ.get("GK_BIN", "build/release/bin")).resolve() / "gamekeeper-worker")


def log_of(source):
    worker, ok, reason = run(WORKER, source)
    assert ok, reason
    return worker.logs


class Api(unittest.TestCase):
    def test_send_gives_the_reply_and_say_is_a_chat(self):
        worker, ok, _ = run(WORKER, "log(game.send('list', 0.5)) game.say('hi')")
        self.assertEqual((ok, worker.logs, worker.sent), (True, ["did list"], ["list", "hi"]))

    def test_lines_reach_handlers_with_captures_in_order(self):
        worker = Worker(WORKER, "game.on('^(%w+) joined', function(who) log(who) end)\n"
                                "game.on('stop', function() error('enough') end)")
        self.addCleanup(worker.close)
        self.assertIsNone(worker.ready())
        worker.begin()
        self.assertEqual(worker.frame()[0], SUBSCRIBE)
        for line in ("ann joined", "nobody left", "bob joined", "stop"):
            worker.write(LINE, text(line))
        ok, reason = worker.finish()
        self.assertEqual(worker.logs, ["ann", "bob"])
        self.assertEqual((ok, reason), (False, "test:2: enough"))

    def test_oldest_lines_are_lost_beyond_256(self):
        worker = Worker(WORKER, "local n, first = 0\n"
                                "game.on('%d+', function(l) n = n + 1 first = first or l end)\n"
                                "game.send('wait') sleep(0) log(n, first)\nerror('over')")
        self.addCleanup(worker.close)
        self.assertIsNone(worker.ready())
        worker.begin()
        self.assertEqual(worker.frame()[0], SUBSCRIBE)
        kind, payload = worker.frame()
        self.assertEqual(kind, SEND)
        for i in range(1000):
            worker.write(LINE, text(f"line {i:04}"))
        worker.write(REPLY, payload[:4] + b"\1" + text(""))
        worker.finish()
        self.assertEqual(worker.logs, ["256\tline 0744"])

    def test_lines_that_come_with_an_answer_reach_handlers_without_a_sleep(self):
        worker = Worker(WORKER, "game.on('^n(%d)', function(n) log('line ' .. n) log(game.send('h' .. n)) end)\n"
                                "log(game.send('first')) log(game.send('second')) error('over')")
        self.addCleanup(worker.close)
        self.assertIsNone(worker.ready())
        worker.begin()
        self.assertEqual(worker.frame()[0], SUBSCRIBE)
        seen = []

        def answer(lines):
            """The next frames up to a command, which is answered after `lines`."""
            frame = worker.frame()
            while frame[0] == LOG:
                seen.append(frame[1][4:].decode())
                frame = worker.frame()
            self.assertEqual(frame[0], SEND)
            for line in lines:
                worker.write(LINE, text(line))
            worker.write(REPLY, frame[1][:4] + b"\1" + text("did " + frame[1][17:].decode()))

        answer(["n1", "n2"])  # first: both lines come before its answer
        answer(["n3"])        # h1, from a handler: no handler is called inside it
        answer([])            # h2
        answer([])            # second, and then the line that waited
        answer([])            # h3
        worker.finish()
        self.assertEqual(seen + worker.logs, ["line 1", "did h1", "line 2", "did h2", "did first",
                                              "line 3", "did h3", "did second"])

    def test_metrics_serves_lines_too(self):
        worker = Worker(WORKER, "game.on('.', function(l) log(l) end)\nlocal m = game.metrics() error('over')")
        self.addCleanup(worker.close)
        self.assertIsNone(worker.ready())
        worker.begin()
        self.assertEqual(worker.frame()[0], SUBSCRIBE)
        kind, payload = worker.frame()
        self.assertEqual(kind, METRICS)
        worker.write(LINE, text("hello"))
        worker.write(TABLE, payload[:4] + b"o" + b"\0" * 4)
        worker.finish()
        self.assertEqual(worker.logs, ["hello"])

    def test_handler_may_send_and_error_in_pcall_keeps_handlers(self):
        worker = Worker(WORKER, "game.on('a', function() error('x') end)\n"
                                "game.on('b', function() log(game.send('from b')) error('end') end)\n"
                                "while true do pcall(sleep, 10) end")
        self.addCleanup(worker.close)
        self.assertIsNone(worker.ready())
        worker.begin()
        self.assertEqual(worker.frame()[0], SUBSCRIBE)
        worker.write(LINE, text("a"))
        worker.write(LINE, text("b"))
        kind, payload = worker.frame()
        self.assertEqual((kind, payload[17:]), (SEND, b"from b"))
        worker.write(REPLY, payload[:4] + b"\0" + text("refused"))
        self.assertEqual(worker.frame(), (LOG, text("nil\trefused")))

    def test_coroutines_work_as_in_lua(self):
        self.assertEqual(log_of("local co = coroutine.create(function(a) local b = coroutine.yield(a + 1)"
                                " return b * 2 end)\nlog(coroutine.resume(co, 1))\n"
                                "log(coroutine.resume(co, 5))\nlog(coroutine.resume(co))\n"
                                "log(coroutine.status(co))"),
                         ["true\t2", "true\t10", "false\tcannot resume dead coroutine", "dead"])
        self.assertEqual(log_of("log(pcall(function() return coroutine.wrap(function() error('e', 0) end)()"
                                " end))"), ["false\te"])
        self.assertEqual(log_of("local co = coroutine.wrap(function() log(pcall(coroutine.yield, 7))"
                                " error('z', 0) end)\nlog(co()) log(pcall(co, 8))"),
                         ["7", "true\t8", "false\tz"])
        self.assertEqual(log_of("local co = coroutine.create(function() local c <close> = setmetatable({},"
                                " {__close = function() log('closed') end}) coroutine.yield() end)\n"
                                "coroutine.resume(co) log(coroutine.close(co))"), ["closed", "true"])

    def test_check_only_runs_nothing(self):
        worker = Worker(WORKER, "log('ran')", check_only=True)
        self.assertIsNone(worker.ready())
        self.assertIsNone(worker.frame())
        self.assertEqual(worker.process.wait(5), 0)
        worker.close()

    def test_end_of_the_daemon_ends_it(self):
        worker = Worker(WORKER, "while true do sleep(1000) end")
        self.assertIsNone(worker.ready())
        worker.begin()
        worker.socket.close()
        worker.process.wait(5)


if __name__ == "__main__":
    unittest.main()
