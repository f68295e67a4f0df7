// The filter of a page: it hides what does not match.

import type { JSX } from "preact";

import { Icon } from "./icons";

/** The filter of a page; "/" focuses it. */
export function FilterBox(props: {
  value: string;
  onChange: (value: string) => void;
  label: string;
}): JSX.Element {
  return (
    <span class="filter">
      <Icon name="search" size={16} />
      <input
        type="search"
        data-filter
        aria-label={props.label}
        placeholder="Filter"
        value={props.value}
        aria-keyshortcuts="/"
        onInput={(event) => props.onChange(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          props.onChange("");
          event.currentTarget.blur();
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </span>
  );
}
