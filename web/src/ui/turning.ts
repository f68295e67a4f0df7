// Every text of the pages goes through here on its way into the document, so that no name turns the
// words behind it. What is typed and stored (the values of fields) stays as it is.

import { options, type VNode } from "preact";

import { withoutTurning } from "../lib/turning";

/** Call before the first render. A text is a node without a type whose props are the text. */
export function guardTexts(): void {
  const before = options.vnode;
  options.vnode = (made: VNode) => {
    const node = made as { type: unknown; props: string | { title?: unknown } };
    if (node.type === null && typeof node.props === "string") node.props = withoutTurning(node.props);
    else if (typeof node.type === "string" && typeof node.props === "object" && typeof node.props.title === "string")
      node.props.title = withoutTurning(node.props.title);
    before?.(made);
  };
}
