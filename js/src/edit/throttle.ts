/** Lets the newest of many calls through, at most once in `interval` milliseconds. */
export interface Throttle<T> {
  push(value: T): void;
  /** Sends what waits, now. */
  flush(): void;
  cancel(): void;
}

/**
 * One that waits may go with a call that comes within `patience` after its time, rather than on its own.
 */
export function throttleNewest<T>(
  interval: number,
  deliver: (value: T) => void,
  patience = 0,
): Throttle<T> {
  let waiting: { value: T } | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let last = Number.NEGATIVE_INFINITY;

  const flush = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (waiting === null) return;
    const { value } = waiting;
    waiting = null;
    last = performance.now();
    deliver(value);
  };
  const cancel = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    waiting = null;
  };
  const push = (value: T) => {
    waiting = { value };
    const rest = last + interval - performance.now();
    if (rest <= 0) flush();
    else timer ??= setTimeout(flush, rest + patience);
  };
  return { push, flush, cancel };
}
