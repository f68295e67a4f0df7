// A page whose code comes when it is first shown. Until then: its heading and grey shapes.

import type { ComponentType, JSX } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

import { Failure, Loading, PageHead } from "./parts";

interface Props<P> {
  title: string;
  load: () => Promise<ComponentType<P>>;
  props: P;
  /** What is shown until then, in place of a page of the dashboard. */
  meanwhile?: (failed: boolean) => JSX.Element;
}

/** What was loaded once is there at once the next time. */
const loaded = new Map<unknown, ComponentType<never>>();

export function Later<P extends object>({ title, load, props, meanwhile }: Props<P>): JSX.Element {
  const [, again] = useState(0);
  const [failed, setFailed] = useState(false);
  const [refocus, setRefocus] = useState(false);
  const There = loaded.get(load) as ComponentType<P> | undefined;
  // From one such page to the next this is the same instance with another `load`.
  useEffect(() => {
    setFailed(false);
    if (There) return undefined;
    let wanted = true;
    load().then(
      (component) => {
        loaded.set(load, component as ComponentType<never>);
        if (!wanted) return;
        // The heading of the placeholder may have the focus; the one that replaces it gets it.
        setRefocus(document.activeElement?.tagName === "H1");
        again((n) => n + 1);
      },
      () => wanted && setFailed(true),
    );
    return () => {
      wanted = false;
    };
  }, [load]);
  useLayoutEffect(() => {
    if (There && refocus)
      document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
  }, [There]);
  if (There) return <There {...props} />;
  if (meanwhile) return meanwhile(failed);
  return (
    <div class="page">
      <PageHead title={title} />
      <div class="card">
        {failed ? (
          <Failure
            title="This page could not be loaded"
            message="Gamekeeper does not answer, or was updated meanwhile. Reload the page."
            onRetry={() => location.reload()}
          />
        ) : (
          <Loading rows={5} label={`Loading ${title}`} />
        )}
      </div>
    </div>
  );
}
