import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import fixture from "../../tests/fixtures/saved.json";
import type { BrowserMessage } from "../src/protocol";
import { readSaved, stretched } from "../src/saved";
import { type Store, storeOf } from "../src/store";
import { frame, settings, snapshot, type Wire } from "./messages";

describe("the saved state", () => {
  test("as the kernel writes it can be read, and is the snapshot it came from", () => {
    const { kept, snapshot } = readSaved(fixture) ?? {};
    expect(kept).toBe(8);
    expect(snapshot?.step).toBe(3);
    expect(snapshot?.sequence.values).toHaveLength(8);
    expect([...(snapshot?.rows.steps ?? [])]).toEqual([1, 2, 3]);
    expect(snapshot?.settings.frozen).toEqual([{ start: 2, stop: 4, channel: null, dream: 0 }]);
    expect(snapshot?.envelope?.low.time).toBe(8);
  });

  test("is none where nothing was saved", () => {
    for (const nothing of [undefined, null, {}, "", 3]) expect(readSaved(nothing)).toBeNull();
  });

  test("keeps what was not measured as a gap", () => {
    const arrays = fixture.arrays.map((one) =>
      one.name === "scalars" ? { ...one, values: one.values.map(() => null) } : one,
    );
    expect(readSaved({ ...fixture, arrays })?.snapshot.rows.values.every(Number.isNaN)).toBe(true);
  });

  test.each([
    { ...fixture, time: 4 },
    { ...fixture, time: 1e9 },
    { ...fixture, arrays: [{ ...fixture.arrays[0], values: ["<script>"] }] },
    { ...fixture, arrays: fixture.arrays.slice(1) },
    { ...fixture, settings: { ...fixture.settings, status: { toString: 3 } } },
    { ...fixture, kind: "surprise" },
  ])("that is not what it should be is said in words and throws nothing: %#", (broken) => {
    const store = storeOf(
      () => {},
      () => broken,
    );
    store.lose();
    expect(store.trouble.value).toContain("The saved state cannot be read");
    expect(store.sequence.value).toBeNull();
    store.close();
  });

  test("that was thinned is drawn over as many samples as there were", () => {
    const values = Float32Array.from([0, 10, 20, 5, 5, 5]);
    const { time, values: full } = stretched({ channels: 2, time: 3, values }, 5);
    expect(time).toBe(5);
    expect([...full]).toEqual([0, 5, 10, 15, 20, 5, 5, 5, 5, 5]);
  });
});

describe("without a kernel", () => {
  let sent: BrowserMessage[];
  let store: Store;
  const give = ({ content, buffers }: Wire) => store.receive(content, buffers);

  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
    store = storeOf(
      (message) => sent.push(message),
      () => fixture,
    );
  });

  afterEach(() => {
    store.close();
    vi.useRealTimers();
  });

  test("the saved state is shown and can only be read", () => {
    store.lose();
    expect(store.saved.value).toBe("");
    expect(store.isReadOnly.value).toBe(true);
    expect(store.step.value).toBe(3);
    expect(store.sequence.value?.time).toBe(8);
  });

  test("that never says a word the saved state is shown after five seconds", () => {
    store.hello();
    vi.advanceTimersByTime(4999);
    expect(store.sequence.value).toBeNull();
    vi.advanceTimersByTime(1);
    expect(store.phase.value).toBe("silent");
    expect(store.step.value).toBe(3);
  });

  test("the first word of a kernel takes its place", () => {
    store.lose();
    give(snapshot());
    expect(store.saved.value).toBeNull();
    expect(store.phase.value).toBe("live");
    expect(store.isReadOnly.value).toBe(false);
    expect(store.sequence.value?.time).toBe(4);
  });

  test("a widget that is open keeps what it shows, and does not pretend to play", () => {
    give(snapshot());
    give(settings(2, { playing: true }));
    give(frame({ number: 3 }, 4));
    store.sendChanges(1, [{ index: 0, value: 5, radius: 1, channel: null }]);
    store.lose();
    expect(store.phase.value).toBe("lost");
    expect(store.isReadOnly.value).toBe(true);
    expect(store.settings.value?.playing).toBe(false);
    expect(store.stepsPerSecond.value).toBe(0);
    expect(store.previews.value).toEqual([]);
    expect(store.history.value.steps).toEqual([1, 2, 3, 4]);
    vi.advanceTimersByTime(60_000);
    expect(store.phase.value).toBe("lost");
  });

  test("a host that throws at what is sent is heard, and nothing is thrown further", async () => {
    const deaf = storeOf(() => {
      throw new Error("Cannot send");
    });
    deaf.apply({ ...(readSaved(fixture)?.snapshot ?? never()), number: 1 });
    const outcome = deaf.command({ type: "reset" });
    expect(deaf.phase.value).toBe("lost");
    expect(await outcome).toBe("lost");
    deaf.painted(5);
    deaf.hello();
    vi.advanceTimersByTime(60_000);
    expect(deaf.phase.value).toBe("lost");
  });
});

function never(): never {
  throw new Error("no fixture");
}
