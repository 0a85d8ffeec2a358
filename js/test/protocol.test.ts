import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../src/arrays";
import { decode } from "../src/decode";
import { floats, frame, rows, SETTINGS, settings, snapshot, wire } from "./messages";

const aim = SETTINGS.objective;

describe("a message from the kernel", () => {
  test("a snapshot brings everything a view needs", () => {
    const { content, buffers } = snapshot();
    const message = decode(content, buffers);
    expect(message).toMatchObject({
      kind: "snapshot",
      step: 3,
      sequence: { channels: 1, time: 4 },
      envelope: null,
      settings: { frozen: [{ start: 1, stop: 3, channel: null, dream: 0 }] },
    });
  });

  test("of the sequences of a frame the last is shown", () => {
    const { content, buffers } = wire(
      { kind: "frame", run: 1, number: 2, step: 5, steps_per_second: 1, columns: ["a", "b", "c"] },
      { ...rows([4, 5]), sequences: floats([2, 1, 2], [1, 2, 3, 4]) },
    );
    const message = decode(content, buffers);
    expect(message.kind === "frame" && [...(message.sequence?.values ?? [])]).toEqual([3, 4]);
  });

  test("a frame without rows (an edit while paused) is one", () => {
    const { content, buffers } = wire(
      { kind: "frame", run: 1, number: 2, step: 5, steps_per_second: 0, columns: ["a", "b", "c"] },
      rows([]),
    );
    expect(decode(content, buffers)).toMatchObject({ sequence: null, probabilities: null });
  });

  test("an envelope has a low and a high side", () => {
    const { content, buffers } = wire(
      { kind: "settings", run: 1, number: 2, step: 0, settings: SETTINGS },
      { envelope: floats([2, 1, 2], [-1, -2, 1, 2]) },
    );
    const message = decode(content, buffers);
    if (message.kind !== "settings") throw new Error("not settings");
    expect([...(message.envelope?.low.values ?? [])]).toEqual([-1, -2]);
    expect([...(message.envelope?.high.values ?? [])]).toEqual([1, 2]);
  });

  test("an objective without a picker comes as text", () => {
    const objective = { type: "channel", targets: [], text: "layer3, channel 4", preset: null };
    const { content, buffers } = settings(2, { objective });
    expect(decode(content, buffers)).toMatchObject({ settings: { objective } });
  });

  test("objective and presets come through as they were sent, whatever the classes are called", () => {
    const name = fc.string();
    const objective = fc.record({
      type: name,
      targets: fc.array(fc.nat(), { maxLength: 2 }),
      text: name,
      preset: fc.option(name),
    });
    const preset = fc.record({
      name,
      label: name,
      description: name,
      classes: fc.integer({ min: 1, max: 2 }),
      unavailable: fc.option(name),
    });
    const change = fc.record({ class_names: fc.array(name), objective, presets: fc.array(preset) });
    fc.assert(
      fc.property(change, (sent) => {
        const { content, buffers } = settings(2, sent);
        const message = decode(JSON.parse(JSON.stringify(content)), buffers);
        expect(message).toMatchObject({ settings: sent });
      }),
    );
  });

  test("what is wrong is said with its place", () => {
    const presets = [SETTINGS.presets[0], { ...SETTINGS.presets[1], classes: "two" }];
    const { content, buffers } = settings(2, { presets });
    expect(() => decode(content, buffers)).toThrow(
      "settings.presets[1].classes should be an integer",
    );
  });

  test.each([
    ["is no object", "hello"],
    ["has an unknown kind", { kind: "surprise", run: 1, number: 1 }],
    ["has no run", { kind: "refusal", number: 1, id: 1, reason: "no" }],
    ["has a fractional number", { kind: "refusal", run: 1, number: 1.5, id: 1, reason: "no" }],
    ["has a reason that is no text", { kind: "refusal", run: 1, number: 1, id: 1, reason: {} }],
    ["has settings without classes", { ...settings(1, { class_names: "many" }).content }],
    [
      "has a target that is no class",
      { ...settings(1, { objective: { ...aim, targets: ["0"] } }).content },
    ],
    ["has a preset without a name", { ...settings(1, { presets: [{ label: "rim" }] }).content }],
    [
      "has scalars that do not fit its steps",
      { ...frame({ number: 1 }, 1).content, columns: ["a"] },
    ],
  ])("is refused where it %s", (_, content) => {
    const { buffers } = frame({ number: 1 }, 1);
    const has = typeof content === "object" && "columns" in content;
    expect(() => decode(content, has ? buffers : [])).toThrow(ProtocolError);
  });
});
