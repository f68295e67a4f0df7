// The mock's simulation: attack broke its limit, heal has no history, the others were quiet.

const iso = (at) => new Date(at).toISOString();

export function simulation({ macro_id, from, to }, now) {
  const end = to ? Date.parse(to) : now;
  const at = (minutes) => iso(end - minutes * 60_000);
  const decision = (minutes, action, more = {}) => ({
    at: at(minutes), action, reason: "Performance threshold exceeded: cpu_usage 91.2 > 80", rule: "cpu_usage",
    signal: "cpu_usage", value: 91.2, limit: 80, window: null, forecast: false, from_aggregate: false, ...more,
  });
  const decisions = macro_id === "attack"
    ? [
        decision(320, "warn", { from_aggregate: true }),
        decision(319, "clear", { reason: "cpu_usage is below 72 again" }),
        decision(44, "warn", { window: "night", forecast: true }),
        decision(43, "cancel", { window: "night" }),
      ]
    : [];
  const none = macro_id === "heal";
  const coverage = none
    ? []
    : [
        { signal: "cpu_usage", subject: "", samples: 8520, folded: 120, known_share: 0.996 },
        { signal: "demand_pct", subject: "4211", samples: 8600, folded: 40, known_share: 1 },
        { signal: "latency", subject: "caravan", samples: 120, folded: 300, known_share: 0.31 },
        { signal: "fps", subject: "caravan", samples: 0, folded: 0, known_share: 0 },
      ];
  return {
    macro_id, safety_level: "risky", level_from: macro_id === "attack" ? "last_run" : "profile",
    from: from ?? at(1440), to: iso(end), runs: none ? 0 : 2, runs_recorded: !none, evaluations: none ? 0 : 8640,
    samples_used: none ? 0 : 25_920, evidence_used: 0, gaps: 1, unknown_share: none ? 1 : 0.004, truncated: false, decisions,
    possible: decisions.length > 0
      ? [
          { from: at(700), to: at(699), signal: "latency", worst: 612, limit: 500 },
          { from: at(610), to: at(605), signal: "fps", worst: 9, limit: 15 },
        ]
      : [],
    coverage,
  };
}
