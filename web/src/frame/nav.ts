// The pages that the navigation, the palette and the shortcuts lead to.

import type { Route } from "../lib/router";
import type { IconName } from "../ui/icons";

export interface NavItem {
  path: string;
  label: string;
  icon: IconName;
  keys: string;
  pages: readonly Route["page"][];
}

export const kNav: readonly NavItem[] = [
  { path: "/", label: "Overview", icon: "home", keys: "g o", pages: ["overview"] },
  { path: "/macro-safety", label: "Macros", icon: "macros", keys: "g m", pages: ["macros"] },
  {
    path: "/cancellations",
    label: "Cancellations",
    icon: "cancel",
    keys: "g c",
    pages: ["cancellations", "cancellation"],
  },
];
