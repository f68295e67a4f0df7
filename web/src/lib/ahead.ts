// When to ask again for something that the daemon says holds until a moment.

/** What a document tells of being looked at. */
export interface Page {
  readonly hidden: boolean;
  addEventListener(type: "visibilitychange", listener: () => void): void;
  removeEventListener(type: "visibilitychange", listener: () => void): void;
}

/** The moment is by the daemon's clock: by a browser's that is ahead it is over for hours. Chosen. */
export const kLeastWaitMs = 60_000;
/** A timer holds 24 days at most, and a machine may sleep or its clock be late. Chosen. */
export const kMostWaitMs = 3_600_000;

export function waitMs(until: string, now: number): number {
  const wait = Date.parse(until) - now;
  return Number.isNaN(wait) ? kMostWaitMs : Math.min(Math.max(wait, kLeastWaitMs), kMostWaitMs);
}

/**
 * Asks now and then when an answer is over, never while nobody looks; after a failure, which shows
 * null, once more. Returns what stops it.
 */
export function askAhead<T extends { until: string | null }>(
  ask: () => Promise<T>,
  show: (answer: T | null) => void,
  page: Page,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let due = true;
  const again = (wait: number): void => {
    timer = setTimeout(() => {
      due = true;
      look();
    }, wait);
  };
  const look = (): void => {
    if (stopped || !due || page.hidden) return;
    due = false;
    ask().then(
      (answer) => {
        if (stopped) return;
        show(answer);
        if (answer.until !== null) again(waitMs(answer.until, Date.now()));
      },
      () => {
        if (stopped) return;
        show(null);
        again(kLeastWaitMs);
      },
    );
  };
  page.addEventListener("visibilitychange", look);
  look();
  return () => {
    stopped = true;
    clearTimeout(timer);
    page.removeEventListener("visibilitychange", look);
  };
}
