// The mock's trends: the daemon did not run on one day of seven, attack is cancelled ever more often, heal is steady, announce began two days ago.

const kDayMs = 86_400_000;

const day = (runs, run_time_s, cancellations, demand_pct) => ({
  runs, run_time_s, commands: runs * 12, commands_failed: cancellations, warnings: cancellations * 2, throttles: 0, pauses: 0,
  cancellations, cancellations_by_rule: cancellations > 0 ? { cpu_usage: cancellations } : {},
  demand_pct, demand_peak_pct: demand_pct === null ? null : demand_pct * 1.8, memory_peak_pct: 1.2,
});
const line = (direction, per_day) => ({ direction, per_day });
const isOff = (i) => i % 7 === 3;
const steady = line("steady", 0.001);

function macros(count) {
  const list = (make) => Array.from({ length: count }, (_, i) => make(i));
  return [
    {
      macro_id: "attack", macro_name: "Attack Macro",
      days: list((i) => (isOff(i) || i === 1 ? null : day(6 + (i % 4), 900 + i * 160, Math.floor(i / 2), 30 + i * 3))),
      trend: { run_time_s: line("rising", 160), commands: steady, warnings: line("rising", 1), cancellations: line("rising", 0.5), demand_pct: line("rising", 3), memory_peak_pct: steady },
    },
    {
      macro_id: "heal", macro_name: "Heal Macro",
      days: list((i) => isOff(i) ? null : day(40 + ((i * 7) % 5), 1200, 0, 4 + (i % 2) * 0.4)),
      trend: { run_time_s: steady, commands: steady, warnings: steady, cancellations: steady, demand_pct: steady, memory_peak_pct: steady },
    },
    {
      macro_id: "announce", macro_name: "announce",
      days: list((i) => (i < count - 2 ? null : day(3, 14, 0, null))),
      trend: { run_time_s: null, commands: null, warnings: null, cancellations: null, demand_pct: null, memory_peak_pct: null },
    },
  ];
}

function metric(name, game, unit, count, value, trend) {
  const days = Array.from({ length: count }, (_, i) => {
    const mean = isOff(i) ? null : value(i);
    return mean === null ? null : { count: 8640, mean, min: mean * 0.6, max: mean * 1.3, coverage: i === 0 ? 0.42 : 0.998 };
  });
  return { metric: name, game, unit, days, trend };
}

export function trends(count, time_zone, now, empty) {
  const at = (back) => new Date(now - back * kDayMs).toISOString();
  return {
    from: `${at(count - 1).slice(0, 10)}T00:00:00Z`, to: at(0), time_zone, truncated: false,
    days: Array.from({ length: count }, (_, i) => at(count - 1 - i).slice(0, 10)),
    daemon_ran: Array.from({ length: count }, (_, i) => (isOff(i) ? 0 : i === 2 ? 0.4 : 1)),
    macros: empty ? [] : macros(count),
    metrics: empty
      ? [metric("cpu_usage", null, "%", count, () => null, null)]
      : [
          metric("cpu_usage", null, "%", count, (i) => 34 + ((i * 5) % 9), line("steady", 0.1)),
          metric("memory_usage", null, "%", count, (i) => 55 + i * 1.2, line("rising", 1.2)),
          metric("tick_ratio", "caravan", "", count, (i) => (i < 2 ? null : 0.98), line("steady", 0)),
          metric("latency", "caravan", "ms", count, (i) => 60 - i * 2.5, line("falling", -2.5)),
          metric("fps", null, "fps", count, () => null, null),
        ],
  };
}
