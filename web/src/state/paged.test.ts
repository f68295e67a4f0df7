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
});
