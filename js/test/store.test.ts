import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { BrowserMessage } from "../src/protocol";
import { type Store, storeOf } from "../src/store";
import { floats, frame, SETTINGS, settings, snapshot, type Wire, wire } from "./messages";

let sent: BrowserMessage[];
let store: Store;

const give = ({ content, buffers }: Wire) => store.receive(content, buffers);
const kinds = () => sent.map(({ kind }) => kind);
const lastId = () =>
  sent.flatMap((message) => (message.kind === "command" ? [message.id] : [])).at(-1);
const acknowledge = (number: number, step: number, id = lastId()) =>
  give(wire({ kind: "acknowledgement", run: 1, number, id, step }));
const refuse = (number: number, reason: string, id: number | null | undefined = lastId()) =>
  give(wire({ kind: "refusal", run: 1, number, id, reason }));

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  store = storeOf((message) => sent.push(message));
});

afterEach(() => {
  store.close();
  vi.useRealTimers();
});

describe("frames", () => {
  test("of an older run, or seen already, are dropped", () => {
    give(snapshot({ run: 2, number: 5 }));
    give(frame({ run: 1, number: 99 }, 50));
    give(frame({ run: 2, number: 5 }, 60));
    expect(store.step.value).toBe(3);
  });

  test("bring every step once into the history", () => {
    give(snapshot());
    give(frame({ number: 2 }, 3));
    give(frame({ number: 3 }, 4));
    expect(store.history.value.steps).toEqual([1, 2, 3, 4]);
  });

  test("change the numbers at most five times a second, and never between two of them", () => {
    give(snapshot({}, { ...SETTINGS, playing: true }));
    const shown = new Set<number>();
    for (let number = 2; number < 32; number += 1) {
      give(frame({ number }, number + 2));
      const step = store.step.value;
      vi.advanceTimersByTime(33);
      expect(store.step.value).toBe(step);
      shown.add(step);
    }
    expect(shown.size).toBeGreaterThanOrEqual(4);
    expect(shown.size).toBeLessThanOrEqual(5);
  });

  test("change the numbers soon also where no other follows", () => {
    give(snapshot({}, { ...SETTINGS, playing: true }));
    give(frame({ number: 2 }, 4));
    give(frame({ number: 3 }, 5));
    expect(store.step.value).toBe(4);
    vi.advanceTimersByTime(250);
    expect(store.step.value).toBe(5);
  });

  test("after a gap are shown, and a snapshot is asked for, at most every half second", () => {
    give(snapshot());
    for (const number of [3, 5, 7, 9]) give(frame({ number }, number));
    expect(store.step.value).toBe(9);
    expect(kinds()).toEqual(["hello"]);
    vi.advanceTimersByTime(500);
    expect(kinds()).toEqual(["hello", "hello"]);
  });

  test("a snapshot makes a hello that waits superfluous", () => {
    give(snapshot());
    for (const number of [3, 5]) give(frame({ number }, number));
    give(snapshot({ number: 6 }));
    vi.advanceTimersByTime(600);
    expect(kinds()).toEqual(["hello"]);
  });

  test("of a run whose start is unknown are not shown before its snapshot", () => {
    give(snapshot());
    give(frame({ run: 2, number: 1 }, 1));
    expect(store.step.value).toBe(3);
    expect(kinds()).toEqual(["hello"]);
  });

  test("of a reset are not asked for twice: its snapshot follows its acknowledgement", async () => {
    give(snapshot());
    const reset = store.command({ type: "reset" });
    give(wire({ kind: "acknowledgement", run: 2, number: 2, id: lastId(), step: 1 }));
    give(snapshot({ run: 2, number: 3 }));
    expect(await reset).toBe("accepted");
    expect(kinds()).toEqual(["command"]);
  });

  test("that cannot be read are told in words, and throw nothing", () => {
    give(wire({ kind: "surprise", run: 1, number: 1 }));
    expect(store.trouble.value).toContain("surprise");
    give(snapshot());
    expect(store.trouble.value).toBeNull();
  });
});

describe("a preview", () => {
  const move = { index: 0, value: 5, radius: 1, channel: null };

  test("stays while running until a frame is as far as the acknowledgement says", () => {
    give(snapshot());
    give(settings(2, { playing: true }));
    store.sendChanges(1, [move]);
    acknowledge(3, 10);
    give(frame({ number: 4 }, 9));
    expect(store.previews.value).toHaveLength(1);
    give(frame({ number: 5 }, 10));
    expect(store.previews.value).toHaveLength(0);
  });

  test("stays through frames that came before the acknowledgement", () => {
    give(snapshot());
    store.sendChanges(1, [move]);
    give(frame({ number: 2 }, 4));
    expect(store.previews.value).toHaveLength(1);
  });

  test("is dropped while paused by the frame that follows the acknowledgement", () => {
    give(snapshot());
    store.sendChanges(1, [move]);
    acknowledge(2, 4);
    give(frame({ number: 3 }, 3));
    expect(store.previews.value).toHaveLength(0);
  });

  test("that is refused is dropped with its reason, and the rest of the drag is not sent", () => {
    give(snapshot());
    store.sendChanges(1, [move]);
    refuse(2, "Sample 0 is frozen.");
    expect(store.previews.value).toHaveLength(0);
    expect(store.refusal.value).toBe("Sample 0 is frozen.");
    const count = sent.length;
    store.draft(1, [move]);
    store.sendChanges(1, [move]);
    expect(store.previews.value).toHaveLength(0);
    expect(sent).toHaveLength(count);
  });

  test("of the newest draft replaces the one before", () => {
    give(snapshot());
    store.draft(1, [move]);
    store.draft(1, [{ ...move, value: 6 }]);
    expect(store.previews.value.map(({ change }) => change)).toEqual([{ ...move, value: 6 }]);
  });

  test("of what a hand sets itself is sent as edits, piece by piece", () => {
    give(snapshot());
    const pieces = [
      { start: 0, values: [7], channel: null },
      { start: 2, values: [8, 9], channel: null },
    ];
    store.draft(1, pieces);
    store.sendChanges(1, pieces);
    expect(sent.slice(-2)).toMatchObject(
      pieces.map((piece) => ({ command: { type: "edit", gesture: 1, ...piece } })),
    );
    expect(store.previews.value.map(({ change }) => change)).toEqual(pieces);
  });

  test("is void after a reset", () => {
    give(snapshot());
    store.sendChanges(1, [move]);
    give(snapshot({ run: 2, number: 1 }));
    expect(store.previews.value).toHaveLength(0);
  });
});

describe("a command", () => {
  test("that is accepted takes an older refusal away", async () => {
    give(snapshot());
    const first = store.command({ type: "freeze", start: 0, stop: 99, channel: null });
    refuse(2, "There are only 4 samples.");
    const second = store.command({ type: "freeze", start: 0, stop: 2, channel: null });
    acknowledge(3, 4);
    expect(await Promise.all([first, second])).toEqual(["refused", "accepted"]);
    expect(store.refusal.value).toBeNull();
  });

  test("of another page on the same kernel is not ours", () => {
    give(snapshot());
    refuse(2, "Not for you.", 1);
    expect(store.refusal.value).toBeNull();
    refuse(3, "For all.", null);
    expect(store.refusal.value).toBe("For all.");
  });
});

describe("a silent kernel", () => {
  test("is noticed after five seconds, and asked again every five", () => {
    store.hello();
    vi.advanceTimersByTime(4999);
    expect(store.phase.value).toBe("waiting");
    vi.advanceTimersByTime(1);
    expect(store.phase.value).toBe("silent");
    vi.advanceTimersByTime(10_000);
    expect(kinds()).toEqual(["hello", "hello", "hello", "hello"]);
    give(snapshot());
    expect(store.phase.value).toBe("live");
    vi.advanceTimersByTime(60_000);
    expect(sent).toHaveLength(4);
  });

  test("after a command is noticed too", () => {
    give(snapshot());
    store.play();
    vi.advanceTimersByTime(5000);
    expect(store.phase.value).toBe("silent");
  });
});

describe("receipts", () => {
  const receiptsOf = (frames: number, milliseconds: number) => {
    give(snapshot());
    for (let number = 2; number < 2 + frames; number += 1) {
      store.painted(number);
      vi.advanceTimersByTime(milliseconds);
    }
    vi.advanceTimersByTime(5000);
    return sent.filter((message) => message.kind === "receipt");
  };

  test("go out about twice a second where frames come slowly, the newest last, and stop with the frames", () => {
    const receipts = receiptsOf(20, 100);
    expect(receipts.length).toBeGreaterThanOrEqual(4);
    expect(receipts.length).toBeLessThanOrEqual(6);
    expect(receipts.at(-1)).toEqual({ kind: "receipt", number: 21 });
  });

  test("go out rarer where frames come as fast as they should", () => {
    const receipts = receiptsOf(180, 1000 / 30);
    expect(receipts.length).toBeGreaterThanOrEqual(4);
    expect(receipts.length).toBeLessThanOrEqual(6);
  });

  test.each([7, 40, 55, 180])(
    "tell of the last of %i frames, also where they stop at full pace",
    (frames) => {
      expect(receiptsOf(frames, 1000 / 30).at(-1)).toEqual({ kind: "receipt", number: frames + 1 });
    },
  );
});

describe("the envelope", () => {
  test("is the one that came last, and none where none came", () => {
    give(snapshot());
    const content = { kind: "settings", run: 1, number: 2, step: 3, settings: SETTINGS };
    give(wire(content, { envelope: floats([2, 1, 2], [-1, -2, 1, 2]) }));
    expect([...(store.envelope.value?.high.values ?? [])]).toEqual([1, 2]);
    give(settings(3, { objective: { ...SETTINGS.objective, targets: [0, 1] } }));
    expect(store.envelope.value).toBeNull();
  });
});
