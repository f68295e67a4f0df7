// A trace to try the referee with: an honest player on bad Wi-Fi, and one whose client runs fast.
// The same text every time. The keys are those of the trace format (docs/referee.md).

const kSpeed = 5; // units/s
const kStepMs = 100;
const kSteps = 90;

/** A walk around a yard: a rounded square of 8 units a side. */
function place(distance: number): [number, number] {
  const side = 8;
  const d = distance % (4 * side);
  const leg = Math.floor(d / side);
  const along = d - leg * side;
  const wobble = Math.sin(distance * 0.7) * Math.sin((Math.PI * along) / side) * 0.15;
  const corners: readonly [number, number][] = [
    [along, wobble],
    [side + wobble, along],
    [side - along, side + wobble],
    [wobble, side - along],
  ];
  const [x, y] = corners[leg] ?? [0, 0];
  return [Math.round(x * 1000) / 1000, Math.round(y * 1000) / 1000];
}

interface Line {
  at: number;
  text: string;
}

/** `arrive`: when the server gets what the client sent at `t` ms. `speed`: of full speed, at `t`. */
function session(
  id: string,
  arrive: (t: number) => number,
  speed: (t: number) => number,
  claims: readonly number[],
): Line[] {
  const lines: Line[] = [
    {
      at: -1,
      text: JSON.stringify({ k: "S", id, mode: "2d", vmax: kSpeed, vup: 0, grav: 0, nom: kStepMs }),
    },
  ];
  let distance = 0;
  let last = 0;
  for (let step = 0; step < kSteps; step++) {
    const t = step * kStepMs;
    distance += (kSpeed * 0.96 * speed(t) * kStepMs) / 1000;
    const [x, y] = place(distance);
    last = Math.max(last, arrive(t)); // TCP: in order.
    lines.push({
      at: last,
      text: JSON.stringify({ k: "m", id, s: step + 1, c: t, r: Math.round(last), x, y }),
    });
  }
  for (const t of claims) {
    const r = Math.round(arrive(t)) + 1;
    lines.push({
      at: r,
      text: JSON.stringify({ k: "p", id, c: t, r, type: "stutter", sev: "high", dur: 600 }),
    });
  }
  lines.sort((a, b) => a.at - b.at);
  return [...lines, { at: Infinity, text: JSON.stringify({ k: "E", id }) }];
}

/** Wi-Fi: a few ms of jitter, and two silences after which everything arrives at once. */
function wifi(t: number): number {
  const jitter = 20 + ((t * 7919) % 23);
  for (const [from, to] of [
    [2500, 3300],
    [6000, 6900],
  ] as const)
    if (t >= from && t < to) return to + 20;
  return t + jitter;
}

export function exampleTrace(): string {
  const honest = session("honest-on-wifi", wifi, () => 1, [2500]);
  const cheat = session(
    "runs-1.5-times",
    (t) => t + 20 + ((t * 7919) % 7),
    (t) => (t >= 3000 ? 1.5 : 1),
    [3500, 4500, 5500],
  );
  return [...honest, ...cheat].map((line) => line.text).join("\n") + "\n";
}
