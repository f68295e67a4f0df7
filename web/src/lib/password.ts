// A hint, not a judge: the daemon decides. It refuses fewer than 12 characters and common
// passwords; the rest of the scale rewards length first, because length is what helps.

export const kMinLength = 12;

export type Strength = 0 | 1 | 2 | 3 | 4;

export interface PasswordHint {
  strength: Strength;
  word: string;
  advice: string;
}

/** Pieces that long passwords are lazily made of. The daemon has the full list. */
const kCommon = [
  "password", "passwort", "qwerty", "qwertz", "letmein", "welcome", "iloveyou", "admin",
  "gamekeeper", "dragon", "monkey", "football", "baseball", "sunshine", "princess", "master",
  "trustno1", "superman", "batman", "starwars", "minecraft", "changeme", "secret", "asdfgh",
  "zxcvbn", "1q2w3e", "123456", "abc123", "111111", "000000",
]; // prettier-ignore

/** Characters that carry information: repeats and runs (aaa, abc, 321) count once. */
export function effectiveLength(password: string): number {
  const codes = [...password].map((c) => c.codePointAt(0) ?? 0);
  let counted = 0;
  let step: number | null = null;
  codes.forEach((code, i) => {
    const delta = i === 0 ? null : code - (codes[i - 1] ?? 0);
    const run = delta !== null && Math.abs(delta) <= 1 && delta === step;
    if (!run) counted++;
    step = delta;
  });
  return counted;
}

export function passwordHint(password: string, username: string): PasswordHint {
  const length = [...password].length;
  if (length === 0)
    return {
      strength: 0,
      word: "",
      advice: `At least ${kMinLength} characters. Four random words do well.`,
    };
  if (length < kMinLength) {
    const missing = kMinLength - length;
    return {
      strength: 0,
      word: "too short",
      advice: `${missing} more ${missing === 1 ? "character" : "characters"}.`,
    };
  }
  let rest = password.toLowerCase();
  let common = false;
  for (const word of [...kCommon, ...(username.length >= 4 ? [username.toLowerCase()] : [])]) {
    if (!rest.includes(word)) continue;
    rest = rest.replaceAll(word, "");
    common = true;
  }
  const useful = effectiveLength(rest) + (common ? 1 : 0);
  const varied = new Set(rest).size;
  if (useful < 8 || varied < 5) {
    return {
      strength: 1,
      word: "easy to guess",
      advice: common ? "It is built on a common word or your name." : "It repeats itself.",
    };
  }
  if (useful < 12)
    return { strength: 2, word: "fair", advice: "A few more characters make it good." };
  if (useful < 16) return { strength: 3, word: "good", advice: "Good. Longer is better still." };
  return { strength: 4, word: "strong", advice: "Strong." };
}
