import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pushes } from "../src/chart/strip";
import { Legend, TimelineLegend } from "../src/panels/Legend";
import { outline, Shelf } from "../src/panels/Shelf";
import { Verdict } from "../src/panels/Verdict";
import type { BrowserMessage } from "../src/protocol";
import { type Store, storeOf } from "../src/store";
import { View } from "../src/view";
import { floats, frame, settings, snapshot, type Wire, wire } from "./messages";

let sent: BrowserMessage[];
let store: Store;
let view: View;
let root: HTMLElement;
let controller: AbortController;

const give = ({ content, buffers }: Wire) => act(() => store.receive(content, buffers));
const find = <T extends Element = HTMLElement>(selector: string): T => {
  const element = root.querySelector<T>(selector);
  if (element === null) throw new Error(`nothing is ${selector}`);
  return element;
};
const click = (element: Element | undefined) =>
  act(() => void element?.dispatchEvent(new Event("click", { bubbles: true })));
const button = (name: string) =>
  [...root.querySelectorAll("button")].find(({ textContent }) => textContent === name);
const look = (number: number, step: number, values = [5, 6, 7, 8]) =>
  wire({ kind: "look", run: 1, number, step }, { sequence: floats([1, 4], values) });

const FIGURES = [
  { name: "probability", value: 0.9, low: 0.5, high: 1, bound: "place", fails: false },
  { name: "roughness", value: 0.51, low: 0.19, high: 0.35, bound: "both", fails: true },
  { name: "spectrum_distance", value: 2, low: 0.1, high: 0.7, bound: "upper", fails: true },
  { name: "noise_stability", value: null, low: null, high: null, bound: "both", fails: false },
];
const NEAREST = { index: 12, label: "<b>abnormal</b>", distance: 3.25 };
const verdict = (number: number, change: object = {}, drawn: readonly number[] | null = null) =>
  wire(
    {
      kind: "verdict",
      run: 1,
      number,
      step: 3,
      verdict: "outside",
      reason: "unlike real members in roughness, spectrum distance",
      figures: FIGURES,
      nearest: NEAREST,
      ...change,
    },
    drawn === null ? {} : { nearest: floats([1, 4], drawn) },
  );
const kept = (snapshot: number, step: number, kind = "snapshot") => ({
  snapshot,
  kind,
  step,
  score: 1.5,
  verdict: "rim",
  objective: "logit of abnormal",
});
const shelf = (number: number, ...snapshots: object[]) =>
  wire(
    { kind: "shelf", run: 1, number, snapshots },
    snapshots.length > 0
      ? {
          thumbnails: floats(
            [snapshots.length, 1, 2, 3],
            snapshots.flatMap(() => [0, -1, 0, 1, 0, 2]),
          ),
        }
      : {},
  );

beforeEach(async () => {
  sent = [];
  store = storeOf((message) => sent.push(message));
  root = document.createElement("div");
  document.body.append(root);
  controller = new AbortController();
  view = new View(store, root, controller.signal);
  await give(snapshot());
  await act(() =>
    render(
      <>
        <Legend view={view} />
        <TimelineLegend view={view} />
        <Shelf view={view} />
        <Verdict view={view} />
      </>,
      root,
    ),
  );
});

afterEach(() => {
  render(null, root);
  root.remove();
  controller.abort();
  store.close();
});

describe("the verdict", () => {
  test("is read with the figures that fail, their value and band, and no others", async () => {
    expect(root.querySelector(".seqdream-verdict")).toBeNull();
    await give(verdict(2));
    expect(find(".seqdream-badge").textContent).toBe("outside");
    const failing = [...root.querySelectorAll(".seqdream-failing")].map((one) => one.textContent);
    expect(failing).toEqual([
      "roughness 0.51 (real 0.19 – 0.35)",
      "spectrum distance 2 (real at most 0.7)",
    ]);
    expect(find(".seqdream-verdict-line").title).toContain("unlike real members");
  });

  test("opens on all figures and the nearest real sequence, whose name is text", async () => {
    await give(verdict(2));
    await click(find(".seqdream-verdict-line"));
    expect(find(".seqdream-verdict-line").getAttribute("aria-expanded")).toBe("true");
    const rows = [...root.querySelectorAll("tbody tr")].map((row) =>
      [...row.children].map(({ textContent }) => textContent),
    );
    expect(rows).toEqual([
      ["probability", "0.9", "0.5 – 1"],
      ["roughness", "0.51", "0.19 – 0.35"],
      ["spectrum distance", "2", "at most 0.7"],
      ["noise stability", "–", "too few to tell"],
    ]);
    expect(find(".seqdream-figure-table").textContent).toContain("no. 12, class <b>abnormal</b>");
    expect(root.querySelector("b b, p b")).toBeNull();
  });

  test("that cannot be given is replaced by its reason", async () => {
    const reason = "not judged: this run has no real data to compare with; give data=";
    await give(verdict(2, { verdict: null, reason, figures: [], nearest: null }));
    expect(find(".seqdream-verdict").textContent).toBe(reason);
    expect(root.querySelector(".seqdream-verdict button")).toBeNull();
  });
});

describe("the lines beside the dream", () => {
  const names = () => view.reader.shown.value.map(({ name }) => name);

  test("are the start, the nearest real sequence and the one before the edit, each with its key", async () => {
    await give(verdict(2, {}, [4, 3, 2, 1]));
    const edited = settings(3, {});
    const { arrays, ...content } = edited.content;
    await give(wire(content, { before_edit: floats([1, 4], [1, 1, 1, 1]) }));
    expect(names()).toEqual(["start", "nearest", "before_edit"]);
    expect(store.beside.nearest.value?.sequence.values).toEqual(Float32Array.of(4, 3, 2, 1));
    expect(find(".seqdream-legend").textContent).toContain(
      "nearest real (no. 12, <b>abnormal</b>)",
    );
    await give(settings(4, {}));
    expect(names()).toEqual(["start", "nearest"]);
  });

  test("can be left out by their keys", async () => {
    const key = button("start");
    expect(key?.getAttribute("aria-pressed")).toBe("true");
    await click(key);
    expect(names()).toEqual([]);
    expect(button("start")?.getAttribute("aria-pressed")).toBe("false");
    await click(button("start"));
    expect(names()).toEqual(["start"]);
  });

  test("the nearest stays while it is the same, and is not drawn as another one", async () => {
    await give(verdict(2, {}, [4, 3, 2, 1]));
    await give(verdict(3));
    expect(names()).toContain("nearest");
    await give(verdict(4, { nearest: { ...NEAREST, index: 13 } }));
    expect(names()).not.toContain("nearest");
    await give(verdict(5, { nearest: { ...NEAREST, index: 13 } }, [0, 0, 0, 0]));
    expect(store.beside.nearest.value?.index).toBe(13);
  });
});

describe("looking back", () => {
  const looks = () => sent.flatMap((one) => (one.kind === "look" ? [one.step] : []));

  test("asks for one step at a time, the newest of all, and shows it when it comes", async () => {
    await act(() => store.beside.look(1));
    await act(() => store.beside.look(2));
    await act(() => store.beside.look(0));
    expect(looks()).toEqual([1]);
    await give(look(2, 1));
    expect(looks()).toEqual([1, 0]);
    expect(store.beside.moment.value?.sequence?.values[0]).toBe(5);
    await give(look(3, 0, [9, 9, 9, 9]));
    expect(looks()).toEqual([1, 0]);
    expect(store.beside.moment.value).toMatchObject({ step: 0 });
    expect(store.beside.moment.value?.sequence?.values[0]).toBe(9);
    expect(view.reader.shown.value.map(({ name }) => name)).toEqual(["start", "now"]);
  });

  test("changes nothing meanwhile: what is shown is the past", async () => {
    expect(view.isReadOnly).toBe(false);
    await act(() => store.beside.look(1));
    await give(look(2, 1));
    expect(view.isReadOnly).toBe(true);
    await click(button("Back to now"));
    expect(view.isReadOnly).toBe(false);
  });

  test("leads back, and to a branch", async () => {
    await act(() => store.beside.look(2));
    await click(button("Return here"));
    await click(button("Branch here"));
    expect(sent.slice(-2)).toMatchObject([
      { kind: "restore", step: 2 },
      { kind: "branch", step: 2 },
    ]);
    await give(snapshot({ run: 2, number: 2 }));
    expect(store.beside.moment.value).toBeNull();
  });

  test("does not take another page's answer for its own, and survives a refusal", async () => {
    await act(() => store.beside.look(2));
    await give(look(2, 1));
    expect(store.beside.moment.value?.sequence).toBeNull();
    await give(wire({ kind: "refusal", run: 1, number: 3, id: null, reason: "no sequence" }));
    await act(() => store.beside.look(3));
    expect(looks()).toEqual([2, 3]);
  });

  test("reads the terms of the step under the pointer", async () => {
    await act(() => {
      view.reader.hovered.value = 2;
    });
    const legend = find(".seqdream-legend.is-timeline").textContent;
    expect(legend).toContain("score0.20");
    expect(legend).toContain("step 2");
  });
});

describe("the shelf", () => {
  test("is a row of small pictures with step, score and verdict", async () => {
    expect(root.querySelector(".seqdream-shelf")).toBeNull();
    await give(shelf(2, kept(1, 120), kept(2, 40, "branch")));
    const cards = [...root.querySelectorAll(".seqdream-card")].map((card) => card.textContent);
    expect(cards).toEqual(["step 1201.50 · rim", "step 40 · branch1.50 · rim"]);
    expect(find("path").getAttribute("d")).toBe(
      "M0.0 22.0L0.0 12.0L52.0 32.0L52.0 22.0L104.0 22.0L104.0 2.0",
    );
  });

  test("compares one with the present, returns to it and lets go of it", async () => {
    await give(shelf(2, kept(1, 120), kept(2, 40)));
    await click(find(".seqdream-card-face"));
    expect(sent.at(-1)).toEqual({ kind: "compare", snapshot: 1 });
    const answer = { kind: "compare", run: 1, number: 3, snapshot: 1 };
    await give(wire(answer, { sequence: floats([1, 4], [2, 2, 2, 2]) }));
    expect(view.reader.shown.value.at(-1)).toMatchObject({
      name: "snapshot",
      label: "snapshot at step 120",
    });
    await click(button("Return"));
    expect(sent.at(-1)).toMatchObject({ kind: "recall", snapshot: 1 });
    await click(button("Remove"));
    expect(sent.at(-1)).toMatchObject({ kind: "discard", snapshot: 1 });
    await give(shelf(4, kept(2, 40)));
    expect(store.beside.comparison.value).toBeNull();
    expect(find(".seqdream-card-face").getAttribute("aria-pressed")).toBe("false");
  });

  test("a picture with gaps lifts its pen", () => {
    const low = Float32Array.of(0, Number.NaN, 1);
    expect(outline({ low, high: low })).toBe("M0.0 32.0M104.0 2.0");
  });
});

describe("where the gradient pushes", () => {
  const scale = (time: number, width: number) => ({
    xOf: (index: number) => (index * width) / (time - 1),
    indexAt: (x: number) => (x * (time - 1)) / width,
  });

  test("each side has the root of its hardest push, in parts of the hardest of all", () => {
    const { up, down } = pushes([4, -1, 0, Number.NaN], scale(4, 6), 6);
    expect([...up]).toEqual([1, 0, 0, 0, 0, 0]);
    expect([...down]).toEqual([0, 0.5, 0.5, 0, 0, 0]);
  });

  test("no push is lost, however many samples share a pixel", () => {
    const values = new Float32Array(100_000);
    values[54_321] = -2;
    values[54_322] = 2;
    const { up, down } = pushes(values, scale(100_000, 400), 400);
    expect(Math.max(...up)).toBe(1);
    expect(Math.max(...down)).toBe(1);
  });

  test("comes with frames that tell it, and stays until another does", async () => {
    const told = frame({ number: 2 }, 4);
    const { arrays, ...content } = told.content;
    await give(told);
    expect(store.beside.push.value).toBeNull();
    const blocks = { ...messageBlocks(5), push: floats([1, 4], [1, -1, 0, 2]) };
    await give(wire({ ...content, number: 3, step: 5, sequence_steps: [5] }, blocks));
    await give(frame({ number: 4 }, 6));
    expect(store.beside.push.value?.values[3]).toBe(2);
  });
});

function messageBlocks(step: number) {
  return {
    steps: { dtype: "int32" as const, shape: [1], values: Int32Array.of(step) },
    scalars: floats([1, 3], [0, 0, Number.NaN]),
    sequences: floats([1, 1, 4], [0, 1, 2, 3]),
  };
}
