"""What bench/regression.py calls slower: its judgement, without measuring."""
import importlib.util
import json
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
PATH = pathlib.Path(__file__).resolve().parent.parent / "bench" / "regression.py"
SPEC = importlib.util.spec_from_file_location("regression", PATH)
regression = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(regression)


class Verdict(unittest.TestCase):
    def test_a_quarter_slower_is_allowed_and_more_is_not(self):
        self.assertEqual(regression.verdict(1.25, 1.0), "ok")
        self.assertEqual(regression.verdict(1.2501, 1.0), "SLOWER")

    def test_a_figure_that_nobody_recorded_fails(self):
        self.assertEqual(regression.verdict(1.0, None), "NEW")

    def test_a_fifth_faster_is_said(self):
        self.assertEqual(regression.verdict(0.79, 1.0), "faster")
        self.assertEqual(regression.verdict(0.8, 1.0), "ok")

    def test_a_slow_machine_changes_no_ratio(self):
        speeds = iter([1.0, 1.0, 1.0, 3.0, 3.0, 3.0])  # calibration, figure, calibration; twice
        regression.calibration = lambda: next(speeds)
        quick = regression.ratio(lambda: 2 * next(speeds), 1)
        slow = regression.ratio(lambda: 2 * next(speeds), 1)
        self.assertEqual(quick, slow)


class Figures(unittest.TestCase):
    """What each figure reads out of its program; a changed output must not become a figure."""

    def setUp(self):
        self.outputs = {}
        self.addCleanup(setattr, regression, "run", regression.run)
        regression.run = lambda program, *arguments, timeout=120: self.outputs[program]

    def test_decision_to_gone_is_the_quickest_of_each_shape_together(self):
        self.outputs["macros_kill_bench"] = '{"shapes":[\n{"min_ms":1.5,"p50_ms":9},{"min_ms":2,"p50_ms":9}]}'
        self.assertEqual(regression.kill_time(), 3.5e6)
        self.outputs["macros_kill_bench"] = '{"shapes":[{"p50_ms":9}]}'
        self.assertRaises(KeyError, regression.kill_time)

    def test_a_frame_to_a_websocket_is_that_of_readers_only(self):
        self.outputs["net_ws_fanout_bench"] = '{"server_cpu_us_per_frame":8.5}\n{"server_cpu_us_per_frame":99}\n'
        self.assertEqual(regression.fanout_cpu(), 8500)

    def test_a_sample_into_its_series(self):
        self.outputs["monitor_series_bench"] = '{"ns_per_sample":55.7}'
        self.assertEqual(regression.append_cpu(), 55.7)

    def test_a_durable_write_is_the_cpu_of_the_run_over_its_writes(self):
        self.outputs["store_commit_bench"] = '{"run":"async","writes":1}\n{"median":"async","writes":1000}\n'
        times = iter([(1.0, 0.5), (1.25, 0.75)])

        class Usage:
            def __init__(self):
                self.ru_utime, self.ru_stime = next(times)
        self.addCleanup(setattr, regression.resource, "getrusage", regression.resource.getrusage)
        regression.resource.getrusage = lambda who: Usage()
        self.assertAlmostEqual(regression.commit_cpu(), 0.5e9 / 1000)

    def test_only_what_is_read_off_the_clock_may_double(self):
        self.assertEqual(regression.allowed("macros: decision to gone"), 2.0)
        self.assertEqual(regression.verdict(1.9, 1.0, regression.allowed("macros: decision to gone")), "ok")
        self.assertEqual(regression.verdict(2.1, 1.0, regression.allowed("macros: decision to gone")), "SLOWER")
        self.assertEqual({regression.allowed(name) for name in regression.FIGURES if name not in regression.BY_THE_CLOCK}, {1.25})
        self.assertLessEqual(regression.BY_THE_CLOCK, set(regression.FIGURES))

    def test_every_figure_is_recorded_and_nothing_else(self):
        self.assertEqual(set(json.loads(regression.RECORDED.read_text())), set(regression.FIGURES))


if __name__ == "__main__":
    unittest.main()
