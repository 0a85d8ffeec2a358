import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Regularizers } from "../src/panels/Regularizers";
import { Announcer, ErrorBanner, StatusLine } from "../src/panels/StatusLine";
import { leaders, Target } from "../src/panels/Target";
import { Toolbar } from "../src/panels/Toolbar";
import type { BrowserMessage } from "../src/protocol";
import { type Store, storeOf } from "../src/store";
import { View } from "../src/view";
import { SETTINGS, settings, snapshot, type Wire, wire } from "./messages";

let sent: BrowserMessage[];
let store: Store;
let root: HTMLElement;
let controller: AbortController;

const give = ({ content, buffers }: Wire) => act(() => store.receive(content, buffers));
const find = <T extends Element = HTMLElement>(selector: string): T => {
  const element = root.querySelector<T>(selector);
  if (element === null) throw new Error(`nothing is ${selector}`);
  return element;
};
const fire = (element: Element, type: string) =>
  act(() => void element.dispatchEvent(new Event(type, { bubbles: true })));
const pass = (milliseconds: number) =>
  act(async () => void (await vi.advanceTimersByTimeAsync(milliseconds)));
const weight = () => find<HTMLInputElement>('[aria-label="Total variation weight"]');
const regularizerWith = (value: number) => {
  const [regularizer] = SETTINGS.regularizers;
  const parameters = regularizer?.parameters.map((parameter) => ({ ...parameter, value }));
  return { regularizers: [{ ...regularizer, parameters }] };
};
const commands = () =>
  sent.flatMap((message) => (message.kind === "command" ? [message.command] : []));

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  sent = [];
  store = storeOf((message) => sent.push(message));
  root = document.createElement("div");
  document.body.append(root);
  controller = new AbortController();
  const view = new View(store, root, controller.signal);
  await give(snapshot());
  await act(() => {
    render(
      <>
        <Toolbar view={view} />
        <Target view={view} />
        <Regularizers view={view} />
        <ErrorBanner view={view} />
        <StatusLine view={view} />
        <Announcer view={view} />
      </>,
      root,
    );
  });
});

afterEach(() => {
  render(null, root);
  root.remove();
  controller.abort();
  store.close();
  vi.useRealTimers();
});

describe("the toolbar", () => {
  test("plays, and then offers to pause", async () => {
    find('[aria-label="Play"]').click();
    expect(sent).toEqual([{ kind: "play" }]);
    await give(settings(2, { playing: true }));
    find('[aria-label="Pause"]').click();
    expect(sent.at(-1)).toEqual({ kind: "pause" });
    expect(find('[aria-label="Step"]').getAttribute("aria-disabled")).toBe("true");
  });

  test("counts the steps", () => {
    expect(find(".seqdream-step").textContent).toBe("step 3");
  });
});

describe("the target", () => {
  test("is chosen by its class, and its objective is kept", async () => {
    await choose("Target class", "normal");
    expect(commands()).toEqual([
      { type: "set_objective", objective: { type: "logit", target: 0 } },
    ]);
  });

  test("is shown with the likeliest of the others", () => {
    expect(leaders([0.1, 0.2, 0.7], [1])).toEqual([1, 2]);
    expect(leaders([0.1, 0.2, 0.7], [])).toEqual([2, 1]);
    expect(leaders([0.1, 0.2, 0.7], [1, 0])).toEqual([1, 0]);
    expect(leaders([1], [0])).toEqual([0]);
  });

  test("names of classes are text and never markup", async () => {
    await give(settings(2, { class_names: ["normal", "<img src=x onerror=alert(1)>"] }));
    expect(root.querySelector("img")).toBeNull();
    expect(find<HTMLInputElement>('[role="combobox"]').value).toContain("<img src=x");
  });
});

const preset = (name: string) => {
  const found = [...root.querySelectorAll<HTMLElement>(".seqdream-preset")];
  return found.find(({ textContent }) => textContent === name) ?? find(`a preset called ${name}`);
};
const classes = () =>
  [...root.querySelectorAll<HTMLInputElement>(".seqdream-panel [role=combobox]")].map(
    ({ value }) => value,
  );
const climbs = (name: string, targets: readonly number[]) => ({
  type: "set_objective",
  objective: { type: "preset", name, targets },
});
const choose = async (label: string, name: string) => {
  await act(() => find(`[role=combobox][aria-label="${label}"]`).click());
  const options = [...root.querySelectorAll<HTMLElement>('[role="option"]')];
  await act(() => options.find(({ textContent }) => textContent === name)?.click());
};

describe("a preset", () => {
  test("is pressed for the class chosen, and seen to be in force", async () => {
    await act(() => preset("centered").click());
    expect(commands()).toEqual([climbs("centered", [1])]);
    expect(preset("centered").getAttribute("aria-pressed")).toBe("true");
    const objective = { type: "prototype", targets: [1], text: "", preset: "centered" };
    await give(settings(2, { objective }));
    await pass(6000);
    expect(preset("centered").getAttribute("aria-pressed")).toBe("true");
    expect(preset("rim").getAttribute("aria-pressed")).toBe("false");
  });

  test("of a border takes the likeliest of the other classes along", async () => {
    await give(settings(2, { class_names: ["a", "b", "c"] }));
    store.probabilities.value = Float32Array.from([0.1, 0.6, 0.3]);
    await act(() => preset("border").click());
    expect(commands()).toEqual([climbs("border", [1, 2])]);
  });

  test("of a border has a picker for its other class where there are more than two", async () => {
    await act(() => preset("border").click());
    expect(classes()).toEqual(["abnormal"]);
    await give(settings(2, { class_names: ["a", "b", "c"] }));
    expect(classes()).toEqual(["b", "a"]);
    await choose("Second class", "c");
    await choose("Target class", "c");
    expect(commands().slice(1)).toEqual([climbs("border", [1, 2]), climbs("border", [2, 1])]);
  });

  test("stays in force where another class is chosen: what it brought goes by the class", async () => {
    const objective = { type: "prototype", targets: [1], text: "", preset: "centered" };
    await give(settings(2, { objective }));
    await choose("Target class", "normal");
    expect(commands()).toEqual([climbs("centered", [0])]);
  });

  test("that the run cannot have is disabled, and says why", async () => {
    const unavailable = "It goes by real data and this run has none; give data=.";
    await give(settings(2, { presets: [{ ...SETTINGS.presets[0], unavailable }] }));
    expect(preset("centered").getAttribute("aria-disabled")).toBe("true");
    expect(preset("centered").title).toBe(unavailable);
    await act(() => preset("centered").click());
    expect(commands()).toEqual([]);
  });

  test("that was refused is taken back, in words", async () => {
    await act(() => preset("rim").click());
    const id = sent.flatMap((message) => (message.kind === "command" ? [message.id] : []))[0];
    await give(wire({ kind: "refusal", run: 1, number: 2, id, reason: "No members." }));
    await pass(10);
    expect(preset("rim").getAttribute("aria-pressed")).toBe("false");
    expect(find(".seqdream-status").textContent).toContain("No members.");
  });

  test("says in words what no picker shows", async () => {
    const text = "border between normal and abnormal";
    await give(
      settings(2, { objective: { type: "sum", targets: [0, 1], text, preset: "border" } }),
    );
    expect(find(".seqdream-objective").textContent).toBe(text);
    expect(classes()).toEqual(["normal"]);
    expect(root.querySelector(".seqdream-pill :checked")).toBeNull();
  });
});

describe("the step size", () => {
  test("goes by powers of ten and tells its true value", async () => {
    const slider = find<HTMLInputElement>('[aria-label="Step size"]');
    expect([slider.min, slider.max]).toEqual(["-4", "0"]);
    expect(slider.valueAsNumber).toBeCloseTo(Math.log10(0.05));
    expect(slider.getAttribute("aria-valuetext")).toBe("0.05");
    slider.value = "-2";
    await fire(slider, "change");
    expect(commands()).toEqual([{ type: "set_learning_rate", learning_rate: 0.01 }]);
  });

  test("reaches as far as a value that was given elsewhere", async () => {
    await give(settings(2, { learning_rate: 10 }));
    const slider = find<HTMLInputElement>('[aria-label="Step size"]');
    expect(slider.max).toBe("1");
    expect(slider.valueAsNumber).toBe(1);
  });
});

describe("a regularizer", () => {
  test("that the run does not have is on offer under its heading, and gets a row when it is added", async () => {
    const [penalty] = SETTINGS.regularizers;
    const offered = { ...penalty, name: "l2", label: "L2", present: false, enabled: false };
    await give(settings(2, { regularizers: [penalty, offered] }));
    expect(root.querySelectorAll('[role="switch"]').length).toBe(1);
    const add = find(".seqdream-offer .seqdream-pill");
    expect(add.textContent).toBe("L2");
    await act(() => add.click());
    const command = { type: "set_regularizer", name: "l2", enabled: true, parameters: {} };
    expect(commands()).toEqual([command]);
    const now = { ...offered, present: true, enabled: true };
    await give(settings(3, { regularizers: [penalty, now] }));
    expect(root.querySelector(".seqdream-offer")).toBeNull();
    expect(document.activeElement).toBe(find('[role="switch"][aria-label="L2"]'));
  });

  test("is switched by its switch, at once for the eye", async () => {
    const toggle = find('[role="switch"]');
    expect(toggle.getAttribute("aria-label")).toBe("Total variation");
    await act(() => toggle.click());
    expect(commands()).toEqual([
      { type: "set_regularizer", name: "total_variation", enabled: false, parameters: {} },
    ]);
    expect(toggle.getAttribute("aria-checked")).toBe("false");
  });

  test("stands under the heading of its group, which keeps its place", async () => {
    const [penalty] = SETTINGS.regularizers;
    const jitter = { ...penalty, name: "jitter", label: "Jitter", group: "transform" };
    await give(settings(2, { regularizers: [jitter, penalty] }));
    const panel = find('[aria-label="Regularizers"]');
    const seen = [...panel.querySelectorAll("h4, .seqdream-label")].map((one) => one.textContent);
    expect(seen).toEqual(["penalty", "Total variation", "transform", "Jitter"]);
  });

  test("that was refused goes back to how it was", async () => {
    const toggle = find('[role="switch"]');
    await act(() => toggle.click());
    const id = sent.flatMap((message) => (message.kind === "command" ? [message.id] : []))[0];
    await give(wire({ kind: "refusal", run: 1, number: 2, id, reason: "Not now." }));
    await pass(10);
    expect(toggle.getAttribute("aria-checked")).toBe("true");
    expect(find(".seqdream-status").textContent).toContain("Not now.");
  });

  test("its slider follows the kernel", async () => {
    await give(settings(2, regularizerWith(1)));
    expect(weight().valueAsNumber).toBeCloseTo(0);
  });

  test("its slider is not moved by the kernel while a person holds it", async () => {
    const slider = weight();
    slider.value = "-1";
    await fire(slider, "input");
    await give(settings(2, regularizerWith(1)));
    expect(weight().valueAsNumber).toBeCloseTo(-1);
    expect(commands().at(-1)).toEqual({
      type: "set_regularizer",
      name: "total_variation",
      enabled: null,
      parameters: { weight: 0.1 },
    });
  });

  test("its slider sends at most 20 values a second, and always the last", async () => {
    const slider = weight();
    for (let move = 0; move < 100; move += 1) {
      slider.value = String(-2 + move / 100);
      await fire(slider, "input");
      vi.advanceTimersByTime(10);
    }
    slider.value = "0";
    await fire(slider, "change");
    await pass(60);
    expect(commands().length).toBeLessThanOrEqual(22);
    expect(commands().at(-1)).toMatchObject({ parameters: { weight: 1 } });
  });

  test("that is off stays off while its slider is moved", async () => {
    await give(settings(2, { regularizers: [{ ...SETTINGS.regularizers[0], enabled: false }] }));
    const slider = weight();
    slider.value = "0";
    await fire(slider, "change");
    expect(commands().at(-1)).toMatchObject({ enabled: null, parameters: { weight: 1 } });
    expect(find('[role="switch"]').getAttribute("aria-checked")).toBe("false");
  });

  test("that was not measured shows no number", () => {
    expect(find('.seqdream-term-value[data-name="total_variation"]').textContent).toBe("on");
  });
});

describe("the status line", () => {
  test("shows an error of the kernel as an alert, in its own words", async () => {
    expect(root.querySelector('[role="alert"]')).toBeNull();
    await give(settings(2, { error: "<b>boom</b>" }));
    expect(find('[role="alert"]').textContent).toBe("<b>boom</b>");
  });

  test("reads play and pause aloud, but no steps", async () => {
    const live = find('[aria-live="polite"]');
    expect(live.textContent).toBe("Paused");
    await give(settings(2, { playing: true, status: "running, step 4" }));
    expect(live.textContent).toBe("Playing");
  });

  test("says so where the kernel has gone, and offers nothing that needs it", async () => {
    await act(() => store.lose());
    expect(find(".seqdream-status").textContent).toContain("The kernel was restarted");
    expect(find('[aria-live="polite"]').textContent).toContain("Run the cell to go on.");
    for (const name of ["Play", "Step", "Reset", "Undo", "Redo"]) {
      expect(find(`[aria-label="${name}"]`).getAttribute("aria-disabled")).toBe("true");
      find(`[aria-label="${name}"]`).click();
    }
    root.dispatchEvent(new KeyboardEvent("keydown", { key: " ", bubbles: true }));
    root.dispatchEvent(new KeyboardEvent("keydown", { key: "s", bubbles: true }));
    expect(sent).toEqual([]);
  });

  test("says that a state is a saved one, and how much of it there is", async () => {
    await act(() => {
      store.saved.value = "4096 of 10000 samples";
    });
    expect(find(".seqdream-words").textContent).toBe(
      "Saved state: paused at step 3, 4096 of 10000 samples. Run the cell to go on.",
    );
  });

  test("says so where the kernel does not answer", async () => {
    find('[aria-label="Play"]').click();
    await pass(5000);
    expect(find(".seqdream-status").textContent).toContain("The kernel does not answer");
  });
});
