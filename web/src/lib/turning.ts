// Marks that turn the direction of what follows them on a line, written so that they are seen. Pure.
//
// A name may hold U+202E, behind which every word is read backwards to the end of the line, whoever
// wrote it. An element of its own (bdi) is no wall: a U+2069 in the name ends its isolation. As the
// command line does, such a mark is shown as what it is. Scripts that are read from right to left
// need none of them.

/** Embeddings, overrides, isolates and their ends. Source: UAX #9, explicit directional formatting. */
const kTurning = /[\u202a-\u202e\u2066-\u2069]/g;

/** `text` with each such mark as \u{202e}: as `printable` of src/base/utf8.h writes it. */
export function withoutTurning(text: string): string {
  return text.replace(kTurning, (mark) => `\\u{${mark.charCodeAt(0).toString(16)}}`);
}
