import { describe, expect, it } from "vitest";

import { pagedList } from "./paged";

type Answer = { items: string[]; next_cursor: string | null };

/** An answer that the test lets come, or fail, when it likes. */
function held() {
  let come: (answer: Answer) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const answer = new Promise<Answer>((resolve, reject) => {
    come = resolve;
    fail = reject;
  });
  return { answer, come: (...args: Parameters<typeof come>) => come(...args), fail: (e: Error) => fail(e) };
}

describe("a paged list", () => {
  it("appends the next part and begins anew on a read", async () => {
    const list = pagedList<string>();
    const asked: (string | null)[] = [];
    const get = async (from: string | null): Promise<Answer> => {
      asked.push(from);
      return from === null ? { items: ["c", "b"], next_cursor: "b" } : { items: ["a"], next_cursor: null };
    };
    await list.read(get);
    expect(list.rows.value).toEqual(["c", "b"]);
    await list.more();
    expect(list.rows.value).toEqual(["c", "b", "a"]);
    expect(list.cursor.value).toBeNull();
    await list.read(get);
    expect(list.rows.value).toEqual(["c", "b"]);
    expect(asked).toEqual([null, "b", null]);
  });

  it("drops the answer to an earlier filter that comes late", async () => {
    const list = pagedList<string>();
    const slow = held();
    const first = list.read(() => slow.answer);
    await list.read(async () => ({ items: ["new"], next_cursor: null }));
    slow.come({ items: ["old"], next_cursor: "old" });
    await first;
    expect(list.rows.value).toEqual(["new"]);
    expect(list.cursor.value).toBeNull();
  });

  it("drops a late failure, and is busy until the present read ends", async () => {
    const list = pagedList<string>();
    const slow = held();
    const present = held();
    const first = list.read(() => slow.answer);
    const second = list.read(() => present.answer);
    slow.fail(new Error("gone"));
    await first;
    expect(list.trouble.value).toBeNull();
    expect(list.busy.value).toBe(true);
    present.come({ items: ["x"], next_cursor: null });
    await second;
    expect(list.busy.value).toBe(false);
  });

  it("keeps its rows when a part cannot be read, says why, and tries again", async () => {
    const list = pagedList<string>();
    let works = true;
    const get = async (from: string | null): Promise<Answer> => {
      if (!works) throw new Error("no answer");
      return { items: [from ?? "top"], next_cursor: "next" };
    };
    await list.read(get);
    works = false;
    await list.more();
    expect(list.rows.value).toEqual(["top"]);
    expect(list.trouble.value?.message).toBe("no answer");
    works = true;
    await list.more();
    expect(list.rows.value).toEqual(["top", "next"]);
    expect(list.trouble.value).toBeNull();
  });

  /** All lines there are, newest first, and a page of them from a place on. */
  function log(count: number) {
    const all = Array.from({ length: count }, (_, i) => ({ at: i, text: `line ${i}` }));
    const page = async (from: string | null) => {
      const newest = from === null ? all.length - 1 : Number(from);
      const items = all.filter(({ at }) => at <= newest).reverse().slice(0, 5);
      const last = items.at(-1);
      return { items, next_cursor: last && last.at > 0 ? String(last.at - 1) : null };
    };
    return { all, page };
  }
  type Line = ReturnType<typeof log>["all"][number];
  const placeOf = ({ at }: Line): string => String(at);

  it("has no gap and no line twice after live lines pushed out what was read", async () => {
    const { all, page } = log(10);
    const list = pagedList<Line>();
    await list.read(page);
    for (let at = 10; at < 30; at++) {
      all.push({ at, text: `line ${at}` });
      list.push(all[at]!, 8, placeOf);
    }
    expect(list.rows.value!.map(({ at }) => at)).toEqual([29, 28, 27, 26, 25, 24, 23, 22]);
    while (list.cursor.value !== null) await list.more();
    expect(list.rows.value!.map(({ at }) => at)).toEqual(all.map(({ at }) => at).reverse());
  });

  it("keeps what a person asked for, and the place of a part that is on its way", async () => {
    const { all, page } = log(20);
    const list = pagedList<Line>();
    await list.read(page);
    await list.more();
    await list.more();
    const coming = list.more();
    all.push({ at: 20, text: "line 20" });
    list.push(all[20]!, 5, placeOf);
    await coming;
    expect(list.rows.value!.map(({ at }) => at)).toEqual(all.map(({ at }) => at).reverse());
  });

  it("drops no twin: the same line written twice stays twice", async () => {
    const twin = { at: 1, text: "twin" };
    const list = pagedList<Line>();
    await list.read(async (from) =>
      from === null ? { items: [twin], next_cursor: null } : { items: [twin, twin, twin], next_cursor: null },
    );
    list.push({ at: 2, text: "new" }, 1, placeOf);
    list.push({ at: 3, text: "new" }, 1, placeOf);
    expect(list.rows.value!.length).toBe(1);
    await list.more();
    expect(list.rows.value!.filter(({ text }) => text === "twin").length).toBe(3);
  });
});
