import { expect, test } from "vitest";
import fixtures from "../../tests/fixtures/protocol.json";
import { decode } from "../src/decode";
import { storeOf } from "../src/store";

interface Fixture {
  readonly message: Record<string, unknown>;
  readonly buffers: readonly string[];
}

/** What the Python side wrote; its own tests check that it still does. */
const FIXTURES: readonly Fixture[] = fixtures;

const bytes = (base64: string) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

test.each(FIXTURES.map((fixture) => [String(fixture.message.kind), fixture] as const))(
  "the kernel's own %s can be read",
  (kind, { message, buffers }) => {
    expect(decode(message, buffers.map(bytes)).kind).toBe(kind);
  },
);

test("the kernel's own messages, one after the other, leave no trouble and no gap", () => {
  const sent: unknown[] = [];
  const store = storeOf((message) => sent.push(message));
  for (const { message, buffers } of FIXTURES) store.receive(message, buffers.map(bytes));
  expect(store.trouble.value).toBeNull();
  expect(sent).toEqual([]);
  expect(store.step.value).toBe(3);
  expect(store.history.value.steps).toEqual([1, 2, 3]);
  expect(store.settings.value?.frozen).toEqual([{ start: 2, stop: 4, channel: null, dream: 0 }]);
  store.close();
});

test("of a long sequence the page has the spike of one sample, and the samples that columns begin with", () => {
  const store = storeOf(() => undefined);
  for (const { message, buffers } of FIXTURES) store.receive(message, buffers.map(bytes));
  const { sequence } = store;
  const values = [...(sequence.value?.values ?? [])];
  expect(values.length).toBe(5000);
  const spike = values.filter((value) => value > 4);
  expect(spike.length).toBeGreaterThan(0);
  expect(new Set(values).size).toBe(2);
  store.close();
});
