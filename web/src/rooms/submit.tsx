// Submitting a graph from pasted JSON; what is wrong with it is shown at its line.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

import { ApiError } from "../api/client";
import { tasksApi } from "../api/rooms";
import { placeOf, type Place, readJson } from "../lib/json-place";
import { navigate } from "../lib/router";
import { why } from "../state/resource";
import { toast } from "../state/toasts";
import { Dialog } from "../ui/dialog";
import { FormError } from "../ui/field";
import { Button } from "../ui/parts";

const kExample = JSON.stringify(
  {
    name: "nightly",
    tasks: [
      {
        id: "close",
        action: {
          type: "operation",
          kind: "settings.set",
          resource: "game",
          input: { values: { maintenance: true } },
        },
      },
      { id: "wait", depends_on: ["close"], action: { type: "sleep", seconds: 2 } },
      {
        id: "disk",
        depends_on: ["close"],
        priority: "high",
        retries: { max: 3, base_s: 0.1 },
        deadline_s: 600,
        action: { type: "process", command: ["/bin/df", "-h"] },
      },
      {
        id: "open",
        depends_on: ["wait", "disk"],
        priority: "low",
        action: {
          type: "operation",
          kind: "settings.remove",
          resource: "game",
          input: { keys: ["maintenance"] },
        },
      },
    ],
  },
  null,
  2,
);

interface Mistake {
  path: string;
  message: string;
  place: Place | null;
}

export function SubmitDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const [text, setText] = useState("");
  const [mistakes, setMistakes] = useState<readonly Mistake[]>([]);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const show = (place: Place): void => {
    const box = area.current;
    if (!box) return;
    box.focus();
    box.setSelectionRange(place.start, Math.max(place.end, place.start + 1));
    const lineHeight = parseFloat(getComputedStyle(box).lineHeight) || 20;
    box.scrollTop = Math.max(0, (place.line - 3) * lineHeight);
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setMistakes([]);
    setError(null);
    if (text.trim() === "") return setError("Paste a graph first, or take the example.");
    const read = readJson(text);
    if ("message" in read) {
      setError("This is not JSON yet.");
      return setMistakes([{ path: "", message: read.message, place: read.place }]);
    }
    setBusy(true);
    try {
      const graph = await tasksApi.submit(read.value);
      toast("good", `${graph.name || "The graph"} is submitted.`);
      navigate(`/tasks/${encodeURIComponent(graph.id)}`);
      onClose();
    } catch (caught) {
      const errors = caught instanceof ApiError ? (caught.problem?.errors ?? []) : [];
      setMistakes(
        errors.map(({ path, message }) => ({ path, message, place: placeOf(text, path) })),
      );
      setError(why(caught));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Submit a graph" onClose={onClose} wide>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <FormError text={error} />
        {mistakes.length > 0 && (
          <ul class="mistakes" id="graph-mistakes">
            {mistakes.map((mistake, i) => (
              <li key={i}>
                {mistake.place && (
                  <button
                    type="button"
                    class="line-link"
                    onClick={() => mistake.place && show(mistake.place)}
                  >
                    Line {mistake.place.line}
                  </button>
                )}
                <span>
                  {mistake.path && <code>{mistake.path}</code>} {mistake.message}
                </span>
              </li>
            ))}
          </ul>
        )}
        <div class="field">
          <label for="graph-json">Graph, as JSON</label>
          <textarea
            id="graph-json"
            ref={area}
            class="mono code-area"
            rows={14}
            spellcheck={false}
            autocapitalize="none"
            autofocus
            aria-invalid={mistakes.length > 0 || undefined}
            aria-describedby={mistakes.length > 0 ? "graph-mistakes" : "graph-hint"}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <div class="hint" id="graph-hint">
            A task has an <code>id</code>, an <code>action</code>, and if needed{" "}
            <code>depends_on</code>, <code>priority</code>, <code>retries</code> and{" "}
            <code>deadline_s</code>. A <code>process</code> needs the right to run programs.
          </div>
        </div>
        <div class="dialog-actions">
          <Button class="push" onClick={() => setText(kExample)}>
            Use the example
          </Button>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" icon="play" busy={busy}>
            Submit
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
