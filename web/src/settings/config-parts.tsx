// Parts that the form, the text and the revisions of the configuration share.

import type { ComponentChildren, JSX } from "preact";

import type { ConfigChange, ConfigComplaint } from "../api/settings";
import { diffLines, valueText } from "../lib/config";
import { Icon, type IconName } from "../ui/icons";

/** "log.level: "info" → "debug"". */
export function Changes({ items }: { items: readonly ConfigChange[] }): JSX.Element {
  return (
    <ul class="change-list">
      {items.map((one) => (
        <li key={one.key}>
          <code>{one.key}</code>: <s>{valueText(one.before)}</s>{" "}
          <span class="sr-only">became</span>
          <span aria-hidden="true">→</span> <b>{valueText(one.after)}</b>
        </li>
      ))}
    </ul>
  );
}

export function Banner(props: {
  tone: "bad" | "warn" | "info";
  icon: IconName;
  children: ComponentChildren;
  tools?: ComponentChildren;
}): JSX.Element {
  return (
    <div class={`notice config-notice tone-${props.tone}`} role={props.tone === "info" ? "status" : "alert"}>
      <Icon name={props.icon} />
      <div>{props.children}</div>
      {props.tools && <div class="actions">{props.tools}</div>}
    </div>
  );
}

export function Complaints(props: {
  items: readonly ConfigComplaint[];
  onGo?: (line: number) => void;
}): JSX.Element {
  const { items, onGo } = props;
  return (
    <ul class="change-list">
      {items.map((one, i) => (
        <li key={i}>
          {one.line > 0 && onGo ? (
            <button type="button" class="line-link" onClick={() => onGo(one.line)}>
              Line {one.line}
            </button>
          ) : (
            <span>{one.line > 0 ? `Line ${one.line}` : "The file"}</span>
          )}
          {one.key && (
            <>
              {" "}
              <code>{one.key}</code>
            </>
          )}
          : {one.message}
        </li>
      ))}
    </ul>
  );
}

const kSigns = { same: " ", added: "+", removed: "−" } as const;
const kWords = { same: "", added: "added: ", removed: "removed: " } as const;
/** Lines shown around a change. Chosen. */
const kAround = 3;

/** Two texts, line by line; long stretches that are the same are left out. */
export function Difference(props: { before: string; after: string; label: string }): JSX.Element {
  const all = diffLines(props.before, props.after);
  const near = all.map((_, i) =>
    all.slice(Math.max(0, i - kAround), i + kAround + 1).some(({ kind }) => kind !== "same"),
  );
  if (!near.includes(true)) return <p class="body-text">They are the same.</p>;
  return (
    <pre class="diff" tabIndex={0} role="region" aria-label={props.label}>
      {all.map(({ kind, text }, i) => {
        if (near[i])
          return (
            <span key={i} class={`diff-${kind}`}>
              <span aria-hidden="true">{kSigns[kind]} </span>
              <span class="sr-only">{kWords[kind]}</span>
              {text}
              {"\n"}
            </span>
          );
        return i === 0 || near[i - 1] ? <span key={i} class="diff-skip">{"  …\n"}</span> : null;
      })}
    </pre>
  );
}
