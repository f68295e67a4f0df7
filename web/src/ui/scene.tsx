// The hills at the edge of the quiet pages. They come after the page, and their place stays empty
// when nobody serves them.

import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

export function Scene(): JSX.Element | null {
  const [Drawing, setDrawing] = useState<ComponentType | null>(null);
  useEffect(() => {
    import("./scene-drawing").then(
      ({ SceneDrawing }) => setDrawing(() => SceneDrawing),
      () => {},
    );
  }, []);
  return Drawing && <Drawing />;
}
