// Reads what people type into number fields. Pure.

export interface NumberRule {
  low: number;
  high: number;
  integer?: boolean;
  /** Empty means null. */
  optional?: boolean;
}

/** The number, null for an empty optional field, or what is wrong with the text. */
export function readNumber(
  text: string,
  rule: NumberRule,
): { value: number | null } | { wrong: string } {
  const trimmed = text.trim().replace(",", ".");
  if (trimmed === "") return rule.optional ? { value: null } : { wrong: "Enter a number." };
  const value = Number(trimmed);
  const isWhole = !rule.integer || Number.isInteger(value);
  if (!Number.isFinite(value) || !isWhole || value < rule.low || value > rule.high) {
    const kind = rule.integer ? "a whole number" : "a number";
    return { wrong: `Enter ${kind} from ${rule.low} to ${rule.high}.` };
  }
  return { value };
}

/** Words between commas, spaces or lines. */
export function readWords(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}
