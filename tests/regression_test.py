"""What bench/regression.py calls slower: its judgement, without measuring. With measurements: --plant 1.3."""
import importlib.util
import json
import pathlib
import random
import sys
import types
import unittest

sys.dont_write_bytecode = True
PATH = pathlib.Path(__file__).resolve().parent.parent / "bench" / "regression.py"
SPEC = importlib.util.spec_from_file_location("regression", PATH)
regression = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(regression)


SLOW = 1.3  # what has to be found


class Machine:
    """Stands for the machine: each piece of work takes as long as its state says, and a figure as the
    pieces that it is made of, `slower` times, give or take `noise`."""

    def __init__(self, test, recorded, slower=1.0, noise=0.0):
        self.recorded, self.slower, self.noise, self.state, self.chance = recorded, slower, noise, {}, random.Random(3)
        self.measured, self.made_of = 0, {name: figure.mix for name, figure in regression.FIGURES.items()}
        test.addCleanup(setattr, regression, "calibration", regression.calibration)
        test.addCleanup(setattr, regression, "FIGURES", regression.FIGURES)
        regression.calibration = self.calibration
        regression.FIGURES = {name: figure._replace(measure=lambda name=name: self.measure(name))
                              for name, figure in regression.FIGURES.items()}

    def calibration(self):
        pieces = next(iter(self.recorded.values()))["calibration"]
        return {piece: ns * self.state.get(piece, 1.0) for piece, ns in pieces.items()}

    def measure(self, name):
        self.measured += 1
        then, factor = self.recorded[name], self.slower * (1 + self.noise * self.chance.uniform(-1, 1))
        for piece, share in self.made_of[name].items():
            factor *= (self.calibration()[piece] / then["calibration"][piece]) ** share
        return [part * factor for part in then["parts"]]


def as_recorded():
    """What is recorded, as if all of it had been at one moment."""
    recorded = json.loads(regression.RECORDED.read_text())
    calibration = next(iter(recorded.values()))["calibration"]
    return {name: {"parts": each["parts"], "calibration": calibration} for name, each in recorded.items()}


class Verdict(unittest.TestCase):
    def test_a_seventh_slower_is_allowed_and_more_is_not(self):
        self.assertEqual(regression.verdict(1.15), "ok")
        self.assertEqual(regression.verdict(1.1501), "SLOWER")

    def test_a_figure_that_nobody_recorded_fails(self):
        self.assertEqual(regression.verdict(None), "NEW")

    def test_a_fifth_faster_is_said(self):
        self.assertEqual(regression.verdict(0.79), "faster")
        self.assertEqual(regression.verdict(0.8), "ok")

    def test_of_a_figure_each_part_and_of_each_piece_the_shortest_round_counts(self):
        readings = [{"parts": parts, "calibration": {"chain": chain, "wide": wide}}
                    for parts, chain, wide in (([1.0, 7.0], 3.0, 5.0), ([8.0, 2.0], 2.0, 6.0), ([3.0, 3.0], 4.0, 4.0))]
        self.assertEqual(regression.undisturbed(readings), {"parts": [1.0, 2.0], "calibration": {"chain": 2.0, "wide": 4.0}})

class Judgement(unittest.TestCase):
    """All figures through the whole of judge(), on a machine that is made up."""

    def judged(self, machine):
        options = types.SimpleNamespace(plant=1.0, log=None)
        times = regression.judge(list(regression.FIGURES), machine.recorded, options)
        return {name: regression.verdict(each) for name, each in times.items()}

    def test_unchanged_figures_pass_with_noise_of_a_seventh(self):
        machine = Machine(self, as_recorded(), noise=0.14)
        self.assertEqual(set(self.judged(machine).values()), {"ok"})

    def test_each_kind_of_figure_is_found_when_it_is_slower(self):
        for noise in (0.0, 0.1):
            machine = Machine(self, as_recorded(), SLOW, noise)
            self.assertEqual(set(self.judged(machine).values()), {"SLOWER"}, noise)
            rounds = regression.ROUNDS + regression.AGAIN
            self.assertEqual(machine.measured, rounds * len(regression.FIGURES), "each has a second chance")

    def test_a_figure_that_is_slower_alone_is_the_only_one(self):
        machine = Machine(self, as_recorded())
        for name, figure in list(regression.FIGURES.items()):
            with self.subTest(name):
                slow = figure._replace(measure=lambda figure=figure: [part * SLOW for part in figure.measure()])
                regression.FIGURES[name] = slow
                found = self.judged(machine)
                regression.FIGURES[name] = figure
                self.assertEqual([each for each, word in found.items() if word == "SLOWER"], [name])

    def test_a_machine_in_another_state_changes_nothing(self):
        machine = Machine(self, as_recorded())
        machine.state = {"chain": 1.3, "wide": 2.0, "near": 1.4, "far": 5.0, "spread": 2.5, "objects": 1.7, "calls": 1.5, "pages": 3.0}
        self.assertEqual(set(self.judged(machine).values()), {"ok"})

    def test_control_one_piece_of_work_for_all_calls_unchanged_figures_slower(self):
        """What was wrong: a neighbour filled the caches while it was recorded, and not when it was compared."""
        recorded = as_recorded()
        for each in recorded.values():
            each["calibration"] = {**each["calibration"], "spread": each["calibration"]["spread"] * 3}
        machine = Machine(self, recorded)
        machine.state = {"spread": 1 / 3}
        self.assertEqual(set(self.judged(machine).values()), {"ok"})
        for name, figure in list(regression.FIGURES.items()):
            regression.FIGURES[name] = figure._replace(mix={"spread": 1.0})
        found = self.judged(machine)
        self.assertEqual({found["accounts: a request's cookie"], found["macros: the rules of 100 macros"]}, {"SLOWER"})

    def test_a_planted_factor_is_measured_and_multiplied(self):
        machine = Machine(self, as_recorded())
        options = types.SimpleNamespace(plant=SLOW, log=None)
        for name, times in regression.judge(list(regression.FIGURES), machine.recorded, options).items():
            self.assertAlmostEqual(times, SLOW, msg=name)


class Figures(unittest.TestCase):
    """What each figure reads out of its program; a changed output must not become a figure."""

    def setUp(self):
        self.outputs = {}
        self.addCleanup(setattr, regression, "run", regression.run)
        regression.run = lambda program, *arguments, timeout=120: self.outputs[program]

    def test_decision_to_gone_is_the_quickest_of_each_shape(self):
        self.outputs["macros_kill_bench"] = '{"shapes":[\n{"min_ms":1.5,"p50_ms":9},{"min_ms":2,"p50_ms":9}]}'
        self.assertEqual(regression.kill_times(), [1.5e6, 2e6])
        self.outputs["macros_kill_bench"] = '{"shapes":[{"p50_ms":9}]}'
        self.assertRaises(KeyError, regression.kill_times)

    def test_a_google_benchmark_is_the_shortest_of_its_runs_in_ns(self):
        def rows(*times, name="tick"):
            runs = [{"run_type": "iteration", "run_name": name, "cpu_time": time, "time_unit": "us"} for time in times]
            return json.dumps({"benchmarks": [*runs, {"run_type": "aggregate", "run_name": name, "cpu_time": 77, "time_unit": "us"}]})
        self.outputs["frames_bench"] = rows(3, 1, 2)
        self.assertEqual(regression.google("frames_bench", "tick"), 1000)
        self.outputs["frames_bench"] = rows(3, 1, 2, name="tock")
        self.assertRaises(SystemExit, regression.google, "frames_bench", "tick")

    def test_a_frame_to_a_websocket_is_that_of_readers_only(self):
        self.outputs["net_ws_fanout_bench"] = '{"server_cpu_us_per_frame":8.5}\n{"server_cpu_us_per_frame":99}\n'
        self.assertEqual(regression.fanout_cpu(), 8500)

    def test_a_sample_into_its_series(self):
        self.outputs["monitor_series_bench"] = '{"ns_per_sample":55.7}'
        self.assertEqual(regression.append_cpu(), 55.7)

    def test_a_durable_write_is_the_cheapest_run(self):
        self.outputs["store_commit_bench"] = "".join(f'{{"run":"async","cpu_us_per_write":{us}}}\n' for us in (3, 1, 2)) + \
            '{"median":"async","cpu_us_per_write":9}\n'
        self.assertEqual(regression.commit_cpu(), 1000)

    def test_every_figure_is_recorded_with_each_piece_that_it_names_and_nothing_else(self):
        recorded = json.loads(regression.RECORDED.read_text())
        self.assertEqual(set(recorded), set(regression.FIGURES))
        for name, figure in regression.FIGURES.items():
            self.assertLessEqual(set(figure.mix), set(recorded[name]["calibration"]), name)


if __name__ == "__main__":
    unittest.main()
