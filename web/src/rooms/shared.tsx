// What the pages of the rooms share: reading by REST and topic, trouble, and their style sheet.

import "../styles/rooms.css";

import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";

import { plural } from "../lib/format";
import { follow, type Follower } from "../state/live";
import type { Resource, Trouble } from "../state/resource";
import { Icon } from "../ui/icons";
import { Empty, Failure, Loading } from "../ui/parts";

/** Follows topics while the component is shown; `key` starts it over. */
export function useFollow(make: () => Follower, key = ""): void {
  useEffect(() => follow(make()), [key]);
}

export function TroubleCard(props: {
  what: string;
  scope: string;
  trouble: Trouble;
  onRetry: () => void;
}): JSX.Element {
  const { what, scope, trouble, onRetry } = props;
  if (trouble.status === 403) {
    return (
      <Empty icon="eye" title={`Your role may not see ${what}`}>
        <p>
          An administrator can give you <code>{scope}</code>.
        </p>
      </Empty>
    );
  }
  if (trouble.status === 404 || trouble.status === 501) {
    return (
      <Failure
        title={`There is no such thing among ${what}`}
        message={trouble.message}
        onRetry={onRetry}
      />
    );
  }
  return (
    <Failure
      title={`${what.charAt(0).toUpperCase()}${what.slice(1)} could not be read`}
      message={trouble.message}
      onRetry={onRetry}
    />
  );
}

/** The value of a resource, or grey shapes, or why there is none. A failed re-read keeps the value. */
export function Await<T>(props: {
  of: Resource<T>;
  what: string;
  scope: string;
  rows?: number;
  children: (value: T) => ComponentChildren;
}): JSX.Element {
  const { of, what, scope } = props;
  const value = of.value.value;
  if (value !== null) return <>{props.children(value)}</>;
  const trouble = of.trouble.value;
  return trouble ? (
    <TroubleCard what={what} scope={scope} trouble={trouble} onRetry={() => void of.read()} />
  ) : (
    <Loading rows={props.rows ?? 4} label={`Reading ${what}`} />
  );
}

/** Why the buttons of a page are missing. */
export function LookOnly({ scope }: { scope: string }): JSX.Element {
  return (
    <p class="hint-line">
      <Icon name="eye" size={16} />
      <span>
        Your role may look, not act. An administrator can give you <code>{scope}</code>.
      </span>
    </p>
  );
}

/** "0.4 s", "26 s", "2 min 5 s": a wait. */
export function seconds(value: number): string {
  if (value < 10) return `${value.toFixed(1)}\u00a0s`;
  if (value < 120) return `${Math.round(value)}\u00a0s`;
  return `${Math.floor(value / 60)}\u00a0min ${Math.round(value % 60)}\u00a0s`;
}

export function others(count: number, what: string): string {
  return count > 0 ? `and ${plural(count, `more ${what}`, `more ${what}`)}` : "";
}
