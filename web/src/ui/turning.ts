// Every text of the pages goes through here on its way into the document, so that no name turns the
// words behind it. What is typed and stored (the values of fields) stays as it is.

import { options, type VNode } from "preact";

import { withoutTurning } from "../lib/turning";

/** Call before the first render. A text is a node without a type whose props are the text. */
export function guardTexts(): void {
  const before = options.vnode;
  options.vnode = (made: VNode) => {
    const node = made as { type: unknown; props: unknown };
    if (!node.type) node.props = withoutTurning(String(node.props));
    before?.(made);
  };
}
