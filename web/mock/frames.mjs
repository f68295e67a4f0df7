// The mock's subjects with frames: what `subjects` of the performance answer holds.

const iso = (at) => new Date(at).toISOString();

/** The subjects of a scene at `now`. */
export function frames(scene, now) {
  const known = (value) => ({ value, state: "known", reason: null, at: iso(now - 400) });
  const unknown = (reason) => ({ value: null, state: "unknown", reason, at: null });
  const issue = (kind, severity, value, source = "claim") => ({
    kind, severity, source, value, at: iso(now - 1800),
  });
  const drawn = (subject, fps, score, more = {}) => ({
    subject, source: "claim", fps: known(fps), frame_ms: Number((1000 / fps).toFixed(3)), score: known(score),
    issues_total: more.issues?.length ?? 0, issues: [], ...more,
  });
  const machine = {
    subject: "", source: "server", fps: unknown("fewer than 30 frames, or not sent"), frame_ms: null,
    score: unknown("needs a frame rate: unknown"), issues_total: 0, issues: [],
  };
  if (scene === "empty") return [machine];
  const few = [
    machine,
    drawn("frames:arena", 59.94, 97.2),
    drawn("frames:cave", 21.4, 31.5, {
      issues: [
        issue("low_fps", "medium", 21.4),
        issue("stutter", "low", 121.2),
        issue("stutter", "high", 412.8),
        issue("stutter", "medium", 240.1),
        issue("memory_pressure", "high", 91.3, "server"),
      ],
      issues_total: 7,
    }),
    {
      subject: "frames:old-arena", source: "claim", fps: unknown("the game ended"), frame_ms: null,
      score: unknown("needs a frame rate: unknown"), issues_total: 0, issues: [],
    },
    {
      ...drawn("s-marta", 144.02, 100),
      fps: { ...known(144.02), state: "stale", reason: "older than three of its periods", at: iso(now - 9000) }, frame_ms: null,
      score: unknown("needs a frame rate: stale"),
    },
    drawn("caravan", 29.1, 55.4, { source: "server", issues: [issue("low_fps", "low", 29.1, "server")] }),
  ];
  if (scene !== "busy") return few;
  return [...Array.from({ length: 11 }, (_, i) => drawn(`frames:guest-${i + 10}`, 60, 98)), ...few];
}
