import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Drag, type Grip } from "../src/edit/gesture";
import type { Change, Move } from "../src/protocol";

const GRIP: Grip = { index: 250, channel: null, from: 0.5, radius: 25, time: 500 };

function hold() {
  const drawn: Move[] = [];
  const sent: Move[] = [];
  const released: number[] = [];
  const moves = (changes: readonly Change[]) => changes as readonly Move[];
  const changes = {
    newGesture: () => 7,
    draft: (_: number, drafted: readonly Change[]) => drawn.push(...moves(drafted)),
    sendChanges: (_: number, given: readonly Change[]) => sent.push(...moves(given)),
    release: (gesture: number) => released.push(gesture),
    takeBack: () => undefined,
  };
  return { gesture: new Drag(changes, GRIP), drawn, sent, released };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a drag", () => {
  test("is drawn at every move and sent at most 30 times a second, the newest winning", () => {
    const { gesture, drawn, sent } = hold();
    for (let move = 1; move <= 100; move += 1) {
      gesture.moveTo(250, move);
      vi.advanceTimersByTime(10);
    }
    expect(drawn).toHaveLength(100);
    expect(sent.length).toBeGreaterThan(25);
    expect(sent.length).toBeLessThanOrEqual(31);
  });

  test("always sends its last position, then lets go", () => {
    const { gesture, sent, released } = hold();
    gesture.moveTo(250, 1);
    gesture.moveTo(250, 2);
    gesture.release();
    expect(sent.map(({ value }) => value)).toEqual([1, 2]);
    expect(released).toEqual([7]);
    gesture.moveTo(250, 3);
    vi.runAllTimers();
    expect(sent).toHaveLength(2);
  });

  test("that never moved sends nothing at all", () => {
    const { gesture, sent, released } = hold();
    gesture.reach(40);
    gesture.release();
    expect([sent, released]).toEqual([[], []]);
  });

  test("that is escaped from goes back to where it began", () => {
    const { gesture, sent, released } = hold();
    gesture.moveTo(250, 2);
    gesture.cancel();
    expect(sent.at(-1)).toMatchObject({ value: 0.5, radius: 25 });
    expect(released).toEqual([7]);
  });

  test("with a new radius takes the old bump back first", () => {
    const { gesture, sent } = hold();
    gesture.moveTo(250, 2);
    gesture.reach(60);
    vi.runAllTimers();
    expect(sent.map(({ value, radius }) => [value, radius])).toEqual([
      [2, 25],
      [0.5, 25],
      [2, 60],
    ]);
  });

  test("reaches from one sample to the whole sequence", () => {
    const { gesture } = hold();
    gesture.reach(-3);
    expect(gesture.radius).toBe(1);
    gesture.reach(9999);
    expect(gesture.radius).toBe(500);
  });
});
