// The API as the dashboard reads it, written by hand in the form that openapi-typescript emits, but
// stricter: the daemon's OpenAPI document leaves nested objects and the words of an enum open.
// `npm run check:api` compares the field names with that document (contract.check.ts).

export interface components {
  schemas: {
    Signal: {
      value: number | null;
      state: "known" | "unknown" | "stale";
      reason: string | null;
      at: string | null;
    };
    User: { id: string; username: string; role: string; scopes: string[] };
    Session: { id: string; created_at: string; last_seen_at: string; expires_at: string };
    Profile: { user: components["schemas"]["User"]; session: components["schemas"]["Session"] };
    SetupState: { needed: boolean };
    Problem: {
      type: string;
      title: string;
      status: number;
      detail?: string;
      instance?: string;
      correlation_id?: string;
      errors?: { path: string; message: string }[];
    };
    HealthCheck: {
      name: string;
      status: "ok" | "degraded" | "failed";
      latency_ms: number | null;
      detail: string | null;
      since: string | null;
    };
    Health: {
      status: "ok" | "degraded" | "failed";
      version: string;
      uptime_s?: number;
      checks?: components["schemas"]["HealthCheck"][];
    };
    Average: {
      value: number | null;
      samples_used: number;
      samples_total: number;
      window_s: number;
    };
    HistoryPoint: {
      at: string;
      cpu_usage: number | null;
      memory_usage: number | null;
      fps: number | null;
      latency: number | null;
      response_time: number | null;
    };
    Performance: {
      current: Record<string, components["schemas"]["Signal"]>;
      averages: Record<string, components["schemas"]["Average"]>;
      history: components["schemas"]["HistoryPoint"][];
    };
    SeriesPoint: { timestamp: string; value: number | null };
    SeriesPoints: { name: string; unit: string; points: components["schemas"]["SeriesPoint"][] };
    ProcessSample: {
      pid: number;
      cpu_pct: number | null;
      demand_pct: number | null;
      rss_bytes: number | null;
    };
    MacroStatus: {
      monitoring_active: boolean;
      active_macros: number;
      total_cancellations: number;
      last_check: string | null;
    };
    Headroom: {
      duration: number | null;
      cpu_usage: number | null;
      memory_usage: number | null;
      fps: number | null;
      latency: number | null;
      response_time: number | null;
    };
    ActiveMacro: {
      macro_id: string;
      macro_name: string;
      safety_level: "safe" | "risky" | "dangerous";
      kind: "external" | "process";
      start_time: string;
      duration: number;
      time_left: number | null;
      headroom: components["schemas"]["Headroom"];
      state: "running" | "warned" | "paused" | "cancelling";
      pid: number | null;
      demand_pct: components["schemas"]["Signal"];
      session_id: string | null;
    };
    ActiveMacros: { items: components["schemas"]["ActiveMacro"][] };
    PerformanceSnapshot: {
      cpu_usage: number | null;
      memory_usage: number | null;
      fps: number | null;
      latency: number | null;
      response_time: number | null;
    };
    Cancellation: {
      id: string;
      macro_id: string;
      macro_name: string;
      cancellation_reason: string;
      rule: string;
      performance_metrics: components["schemas"]["PerformanceSnapshot"];
      timestamp: string;
      session_id: string | null;
      evidence_id: string | null;
      outcome: "killed" | "signalled" | "notified" | "still_acting" | "watched";
      decision_ms: number | null;
      gone_ms: number | null;
    };
    Cancellations: {
      items: components["schemas"]["Cancellation"][];
      next_cursor: string | null;
    };
    EvidenceRule: {
      signal: string;
      enter: number | null;
      leave: number | null;
      for_s: number;
      min_samples: number;
      limit: number | null;
      profile: string;
      safety_level: "safe" | "risky" | "dangerous";
    };
    CulpritCandidate: {
      macro_id: string;
      score: number;
      demand_pct: number | null;
      share: number | null;
    };
    EvidenceSeries: {
      signal: string;
      unit: string;
      limit: number | null;
      points: [number, number | null][];
    };
    Evidence: {
      event: components["schemas"]["Cancellation"];
      rule: components["schemas"]["EvidenceRule"];
      culprit: {
        score: number | null;
        margin: number | null;
        threshold: number | null;
        candidates: components["schemas"]["CulpritCandidate"][];
      } | null;
      decision: {
        at: string;
        steps: { at: string; offset_ms?: number; what: string; result: string }[];
      };
      series: components["schemas"]["EvidenceSeries"][];
    };
    StartMacro: {
      macro_id: string;
      macro_name?: string;
      safety_level?: "safe" | "risky" | "dangerous";
      profile?: string;
      args?: Record<string, unknown>;
      pid?: number;
      command?: string[];
      session_id?: string;
    };
    Thresholds: {
      cpu_usage_max: number;
      memory_usage_max: number;
      fps_min: number;
      latency_max: number;
      response_time_max: number;
    };
    MacroProfile: {
      macro_id: string;
      name: string;
      category: string;
      safety_level: "safe" | "risky" | "dangerous";
      max_duration: number;
      thresholds: components["schemas"]["Thresholds"];
      auto_cancel_enabled: boolean;
      discord_notify: boolean;
      description: string;
      patterns: unknown[];
      source: "builtin" | "custom" | "override" | "default";
      etag?: string;
    };
    MacroProfiles: {
      items: components["schemas"]["MacroProfile"][];
      next_cursor: string | null;
    };
  };
}
