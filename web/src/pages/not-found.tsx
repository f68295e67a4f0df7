import type { JSX } from "preact";

import { PageHead } from "../ui/parts";
import { Scene } from "../ui/scene";

export function NotFoundPage({ path }: { path: string }): JSX.Element {
  return (
    <div class="not-found">
      <PageHead
        title="No path leads here"
        lead={
          <>
            There is no page at <code>{path}</code>.
          </>
        }
      />
      <p>
        <a class="button primary" href="/">
          Back to the overview
        </a>
      </p>
      <div class="not-found-scene">
        <Scene />
      </div>
    </div>
  );
}
