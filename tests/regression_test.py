"""What bench/regression.py calls slower: its judgement, without measuring."""
import importlib.util
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


if __name__ == "__main__":
    unittest.main()
