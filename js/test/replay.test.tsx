import fc from "fast-check";
import { render } from "preact";
import { act } from "preact/test-utils";
import { beforeEach, describe, expect, test } from "vitest";
import fixture from "../../tests/fixtures/recording.json";
import { ProtocolError } from "../src/arrays";
import { lastUpTo } from "../src/history";
import { App } from "../src/replay/App";
import { Player } from "../src/replay/player";
import { readRecording } from "../src/replay/recording";
import { Stage } from "../src/replay/stage";
import { digits, field, sequenceTable, stepsTable } from "../src/replay/table";

const read = (changed: Record<string, unknown> = {}) =>
  readRecording(JSON.stringify({ ...fixture, ...changed }));

describe("a recording", () => {
  test("as Python writes it can be read", () => {
    const recording = read();
    expect(recording.step).toBe(5);
    expect([...recording.sequenceSteps]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(recording.now.values).toHaveLength(8);
    expect(recording.envelopes).toHaveLength(1);
    expect(recording.classNames).toEqual(["<b>loud</b>", "quiet"]);
  });

  test("tells of every chapter what was in force after it", () => {
    const { first, chapters } = read();
    expect(first.frozen).toEqual([]);
    expect(chapters.map(({ settings }) => settings.frozen.map(({ start }) => start))).toEqual([
      [2],
      [2],
      [2],
      [2],
      [3],
    ]);
    const isOn = chapters.map(({ settings }) => settings.terms.get("l2")?.enabled);
    expect(isOn).toEqual([true, true, true, false, false]);
  });

  test.each([
    { seqdream_replay: 2 },
    { step: "5" },
    { buffers: fixture.buffers.slice(1) },
    { arrays: fixture.arrays.slice(1), buffers: fixture.buffers.slice(1) },
    { columns: ["score"] },
    { chapters: [{ ...fixture.chapters[0], kind: "surprise" }] },
    { first: { ...fixture.first, learning_rate: null } },
    { terms: [{ name: { toString: 3 } }] },
  ])("that is not what it should be is refused: %#", (changed) => {
    expect(() => read(changed)).toThrow(ProtocolError);
  });
});

describe("the player", () => {
  let player: Player;
  beforeEach(() => {
    player = new Player(read());
  });

  test("begins at the end, with the sequence as it was left", () => {
    expect(player.step.value).toBe(5);
    expect(player.sequence.value).toBe(player.recording.now);
    expect(player.settings.value.terms.get("l2")?.enabled).toBe(false);
  });

  test("shows of each step its own sequence, numbers and settings", () => {
    player.scrub(3);
    expect(player.sequence.value).toBe(player.recording.sequences[3]);
    expect(player.settings.value.frozen).toEqual([]);
    expect(player.value("score", player.row.value)).toBe(player.recording.scalars[2 * 3]);
    player.scrub(4);
    expect(player.settings.value.frozen).toHaveLength(1);
    player.scrub(0);
    expect(player.row.value).toBe(-1);
    expect(player.sequence.value.values).toEqual(player.recording.start.values);
  });

  test("goes from one thing that was done to the next, and stays within the run", () => {
    player.scrub(-7);
    expect(player.step.value).toBe(0);
    player.toChapter(1);
    expect(player.step.value).toBe(4);
    player.toChapter(1);
    expect(player.step.value).toBe(5);
    player.toChapter(1);
    expect(player.step.value).toBe(5);
    player.toChapter(-1);
    expect(player.step.value).toBe(4);
    player.scrub(99);
    expect(player.step.value).toBe(5);
  });

  test("finds the last place up to a step, whatever the steps", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1000)), fc.nat(1000), (steps, wanted) => {
        const sorted = Int32Array.from(steps).sort();
        expect(lastUpTo(sorted, wanted)).toBe(sorted.filter((step) => step <= wanted).length - 1);
      }),
    );
  });
});

describe("tables", () => {
  test("hold every digit of a float32, and no more than it takes", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (value) => {
        expect(Math.fround(Number(digits(value)))).toBe(value === 0 ? 0 : value);
      }),
    );
    expect(digits(Math.fround(0.1))).toBe("0.1");
  });

  test("have a row for each step and for each sample", () => {
    const player = new Player(read());
    const [heads, ...rows] = stepsTable(player).trimEnd().split("\r\n");
    expect(heads).toBe("step,score,grad_norm,l2,p(<b>loud</b>),p(quiet)");
    expect(rows).toHaveLength(5);
    expect(sequenceTable(player).trimEnd().split("\r\n")).toHaveLength(9);
  });

  test("keep a field in one piece", () => {
    expect(field('a "b", c')).toBe('"a ""b"", c"');
  });
});

describe("the page", () => {
  test("shows names as text, and everything that was done", async () => {
    const root = document.createElement("div");
    document.body.append(root);
    const player = new Player(read({ title: "<img src=x>" }));
    await act(() => render(<App player={player} stage={new Stage(player, root)} />, root));
    expect(root.querySelector("h1")?.textContent).toBe("<img src=x>");
    expect(root.querySelector("img, b[onerror], i")).toBeNull();
    const done = [...root.querySelectorAll(".replay-words")].map((words) => words.textContent);
    expect(done).toEqual(fixture.chapters.map(({ words }) => words));
    await act(() => player.scrub(4));
    expect(root.querySelector("output")?.textContent).toBe("step 4 of 5");
    expect(root.querySelector(".replay-settings")?.textContent).toContain("samples 2–3");
    await act(() => render(null, root));
  });
});
