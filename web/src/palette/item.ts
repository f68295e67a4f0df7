import type { IconName } from "../ui/icons";

/** Something that can be found and done. */
export interface PaletteItem {
  icon: IconName;
  label: string;
  hint: string;
  run: () => void;
}
