// Which dialog of the frame is open.

import { signal } from "@preact/signals";

export const overlay = signal<"none" | "help" | "palette" | "pages">("none");
