// Finding things by a few letters of their name. Pure.

/** Of one word in a text: higher is better, null is no match. Letters may be left out between. */
function scoreWord(word: string, text: string, mayskip: boolean): number | null {
  const at = text.indexOf(word);
  if (at >= 0) {
    const starts = at === 0 || /[^\p{L}\p{N}]/u.test(text[at - 1]!);
    return 100 + (starts ? 50 : 0) - Math.min(at, 40);
  }
  if (!mayskip || word.length < 2) return null;
  let best: number | null = null;
  for (let start = text.indexOf(word[0]!); start >= 0; start = text.indexOf(word[0]!, start + 1)) {
    let last = start;
    for (const letter of word.slice(1)) {
      last = last < 0 ? last : text.indexOf(letter, last + 1);
    }
    if (last < 0) break; // A later start cannot do better.
    const gaps = last - start + 1 - word.length;
    best = Math.max(best ?? -Infinity, 60 - 4 * gaps - Math.min(start, 20));
  }
  return best !== null && best > 0 ? best : null;
}

/** Every word of `query` must be in the label, perhaps with gaps, or in the hint, without. */
export function score(query: string, label: string, hint: string): number | null {
  const [name, more] = [label.toLowerCase(), hint.toLowerCase()];
  let total = 0;
  for (const word of query.toLowerCase().split(/\s+/).filter((one) => one !== "")) {
    const inHint = scoreWord(word, more, false);
    const found = Math.max(scoreWord(word, name, true) ?? -1, inHint === null ? -1 : inHint / 4);
    if (found < 0) return null;
    total += found;
  }
  return total;
}

/** The best first; equals keep their order. An empty query finds everything. */
export function search<T extends { label: string; hint: string }>(
  items: readonly T[],
  query: string,
  most: number,
): T[] {
  return items
    .map((item) => ({ item, points: score(query, item.label, item.hint) }))
    .filter((one): one is { item: T; points: number } => one.points !== null)
    .sort((a, b) => b.points - a.points)
    .slice(0, most)
    .map(({ item }) => item);
}
