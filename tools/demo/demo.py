#!/usr/bin/env python3
"""demo.py: a greedy macro on a real OpenTTD server, without and with Gamekeeper; ./run --demo.

Usage: demo.py [--demo-seconds N] [--phase-seconds N] [--port N] [--figures FILE] [--show COMMAND]
  --demo-seconds N    stay open so long after the table; default: until Ctrl-C, without a terminal 0
  --phase-seconds N   length of the phases without and with Gamekeeper (default 20)
  --port N            of the dashboard (default 5000, or any when that is taken)
  --figures FILE      write what was measured, as JSON
  --show COMMAND      run "COMMAND URL USER PASSWORD MOMENT" at each moment worth a picture
"""
import argparse
import contextlib
import json
import pathlib
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from scene import DAY_MS, GAME, RATE, Scene, wait_for  # noqa: E402

RECOVERY = 5.0  # seconds that the game gets to recover by itself


class Story:
    """The terminal: each line with the time since the start."""

    def __init__(self):
        self.began = time.monotonic()

    def say(self, text=""):
        seconds = time.monotonic() - self.began
        print(f"[{seconds:5.1f} s] {text}" if text else "", flush=True)

    def title(self, text):
        print(f"\n== {text}", flush=True)


def clock_text(scene):
    """What Gamekeeper's own link says of the game."""
    state, reason, ratio = scene.link()
    if state != "ready":
        return f"{state}: {reason}"
    return "unknown" if ratio is None else f"clock at {100 * ratio:.0f} %"


def watch(story, scene, report, seconds):
    """Tells every two seconds how the game does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(min(2, max(0.0, end - time.monotonic())))
        story.say(f"asked {report.rate('asked'):3.0f}/s, passed {report.rate('passed'):3.0f}/s | "
                  f"{len(scene.days.gaps):2d} days, longest {scene.longest_day_ms():6,.0f} ms | "
                  f"{clock_text(scene)}")


def figures(scene, report):
    return {"asked_per_s": round(report.rate("asked"), 1), "passed_per_s": round(report.rate("passed"), 1),
            "days": len(scene.days.gaps), "longest_day_ms": round(scene.longest_day_ms())}


def without(story, scene, seconds, show):
    story.title("Without Gamekeeper: the macro talks to the game itself")
    story.say(f"It asks for {RATE} list_settings a second. Gamekeeper only looks on, by its own link.")
    scene.watch_days()
    program, report = scene.flood_directly()
    try:
        watch(story, scene, report, seconds)
        measured = figures(scene, report)
        show("without")
    finally:
        program.kill()
        program.wait()
    days, gone = len(scene.days.gaps), time.monotonic()
    with contextlib.suppress(AssertionError):
        wait_for("a day", lambda: len(scene.days.gaps) > days, RECOVERY)
    if len(scene.days.gaps) > days:
        measured["recovered_after_ms"] = round(1000 * (time.monotonic() - gone))
        story.say(f"The macro is gone. The game's next day came {measured['recovered_after_ms']:,} ms later.")
    else:
        measured["recovered_after_ms"] = None
        story.say(f"{RECOVERY:.0f} s after the macro has gone the clock still stands: "
                  f"{scene.days.stalled_ms():,.0f} ms without a day.")
        story.say("The server is killed and started again.")
    # Both, so that each phase meets a fresh game.
    scene.restart_game()
    return measured


def with_gamekeeper(story, scene, seconds, show):
    story.title("With Gamekeeper: the same macro sends through the game's lane")
    story.say(f"It still asks for {RATE} a second. The lane passes what the game bears; the rest is refused.")
    story.say("Rules on behaviour are off for it: the pace of the lane alone protects the game.")
    scene.watch_days()
    report = scene.flood_through("greedy")
    try:
        watch(story, scene, report, seconds)
        measured = figures(scene, report)
        show("with")
        return measured
    finally:
        scene.stop_macro("greedy")


def burning(story, scene):
    story.title("A macro that burns a core besides")
    scene.watch_days()
    story.say("The same with a process that computes for nothing. Profile: risky, 80 % of a core.")
    scene.flood_through("greedy-burning", "--burn")
    began = time.monotonic()
    event = wait_for("the cancellation", lambda: scene.cancellation("greedy-burning"), 30)
    evidence = scene.evidence(event)
    points = sum(len(series["points"]) for series in evidence["series"])
    story.say(f"Cancelled {time.monotonic() - began:.1f} s after its start: {event['cancellation_reason']}")
    for step in evidence["decision"]["steps"]:
        story.say(f"  {max(0.0, step['offset_ms']):6.1f} ms after the decision: {step['what']} {step['result']}")
    story.say(f"The game's longest day meanwhile: {scene.longest_day_ms():,.0f} ms.")
    story.say(f"Evidence: {len(evidence['series'])} signals, {points} samples so far, the rule, the suspects:")
    story.say(f"  {scene.url}cancellations/{event['id']}")
    return {"reason": event["cancellation_reason"], "gone_ms": event["gone_ms"], "samples": points,
            "longest_day_ms": round(scene.longest_day_ms()), "event": event["id"]}


def table(out):
    rows = [("", "asked", "passed", "days", "longest day", "clock")]
    for name, key in (("without Gamekeeper", "without"), ("with Gamekeeper", "with")):
        one = out[key]
        clock = "on time" if one["longest_day_ms"] <= DAY_MS + 40 else \
            "stood still" if one["longest_day_ms"] > 2 * DAY_MS else "late"
        rows.append((name, f"{one['asked_per_s']:.0f}/s", f"{one['passed_per_s']:.0f}/s", str(one["days"]),
                     f"{one['longest_day_ms']:,} ms", clock))
    print()
    for row in rows:
        print(f"  {row[0]:<20}" + "".join(f"{cell:>14}" for cell in row[1:]))
    print(f"\n  A day on time takes {DAY_MS:,} ms. Everything above was measured in this run.\n", flush=True)


def play(options, scene, story):
    def show(moment):
        if options.show:
            subprocess.run([*options.show.split(), scene.url, scene.user, scene.password, moment], check=True)

    story.say(f"A real OpenTTD server runs on port {scene.peer.game_port}; a day of the game takes {DAY_MS:,} ms.")
    story.say("A real gamekeeperd is linked to its admin port. All of it is in folders of its own:")
    story.say(f"  {scene.daemon.data} and {scene.peer.folder}, gone when this ends.")
    story.say(f"Dashboard: {scene.url}games/{GAME}  user {scene.user}  password {scene.password}")
    out = {"without": without(story, scene, options.phase_seconds, show),
           "with": with_gamekeeper(story, scene, options.phase_seconds, show)}
    out["burning"] = burning(story, scene)
    show("cancelled")
    table(out)
    if options.figures:
        options.figures.write_text(json.dumps(out, indent=1) + "\n")
    stay = options.demo_seconds
    if stay is None:
        stay = float("inf") if sys.stdin.isatty() and sys.stdout.isatty() else 0
    if stay > 0:
        until = "until Ctrl-C" if stay == float("inf") else f"for {stay:g} s"
        story.say(f"The dashboard stays open {until}: {scene.url}  user {scene.user}  password {scene.password}")
    end = time.monotonic() + stay
    while time.monotonic() < end:
        time.sleep(min(1, max(0.0, end - time.monotonic())))


def main():
    parser = argparse.ArgumentParser(prog="./run --demo", allow_abbrev=False)
    parser.add_argument("--demo-seconds", type=float)
    parser.add_argument("--phase-seconds", type=float, default=20)
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--figures", type=pathlib.Path)
    parser.add_argument("--show")
    options = parser.parse_args()
    if not 3 <= options.phase_seconds <= 600:
        parser.error("--phase-seconds: expected 3 to 600")

    def interrupted(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupted)
    story = Story()
    print("Gamekeeper's demo: a greedy macro on a real game server, without and with Gamekeeper.\n")
    try:
        with Scene(options.port) as scene:
            play(options, scene, story)
    except KeyboardInterrupt:
        print("\nended; nothing of the demo is left", flush=True)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
