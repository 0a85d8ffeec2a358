import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Toolbar } from "../src/panels/Toolbar";
import type { BrowserMessage } from "../src/protocol";
import { type Store, storeOf } from "../src/store";
import { View } from "../src/view";
import { frame, settings, snapshot, type Wire, wire } from "./messages";

let sent: BrowserMessage[];
let store: Store;
let root: HTMLElement;
let controller: AbortController;

const give = ({ content, buffers }: Wire) => act(() => store.receive(content, buffers));
const button = (name: string) => {
  const found = root.querySelector<HTMLElement>(`[aria-label="${name}"]`);
  if (found === null) throw new Error(`no button ${name}`);
  return found;
};
const kinds = () => sent.map(({ kind }) => kind);
const press = (key: string, held: KeyboardEventInit = {}) => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...held });
  root.dispatchEvent(event);
  return event;
};

beforeEach(async () => {
  sent = [];
  store = storeOf((message) => sent.push(message));
  root = document.createElement("div");
  document.body.append(root);
  controller = new AbortController();
  const view = new View(store, root, controller.signal);
  await give(snapshot());
  await act(() => render(<Toolbar view={view} />, root));
});

afterEach(() => {
  render(null, root);
  root.remove();
  controller.abort();
  store.close();
});

describe("undo and redo", () => {
  test("are disabled where there is nothing, and say so", async () => {
    for (const name of ["Undo", "Redo"]) {
      expect(button(name).getAttribute("aria-disabled")).toBe("true");
      expect(button(name).title).toBe(`Nothing to ${name.toLowerCase()}`);
      button(name).click();
    }
    press("z", { ctrlKey: true });
    expect(sent).toEqual([]);
  });

  test("say what they take back and bring back", async () => {
    await give(settings(2, { undo: "move of sample 250", redo: "reset" }));
    expect(button("Undo").title).toBe("Undo: move of sample 250 (Ctrl/Cmd+Z)");
    expect(button("Redo").title).toBe("Redo: reset (Shift+Ctrl/Cmd+Z)");
    button("Undo").click();
    button("Redo").click();
    expect(kinds()).toEqual(["undo", "redo"]);
  });

  test("have keys, with Ctrl and with Cmd, that do not reach the notebook", async () => {
    await give(settings(2, { undo: "reset", redo: "reset" }));
    const heard = vi.fn();
    document.body.addEventListener("keydown", heard);
    const events = [
      press("z", { ctrlKey: true }),
      press("z", { metaKey: true }),
      press("Z", { ctrlKey: true, shiftKey: true }),
      press("Z", { metaKey: true, shiftKey: true }),
      press("y", { ctrlKey: true }),
    ];
    document.body.removeEventListener("keydown", heard);
    expect(kinds()).toEqual(["undo", "undo", "redo", "redo", "redo"]);
    expect(events.every((event) => event.defaultPrevented)).toBe(true);
    expect(heard).not.toHaveBeenCalled();
  });

  test("leave other keys with Ctrl to the browser, and their letters alone too", async () => {
    await give(settings(2, { undo: "reset" }));
    expect(press("c", { ctrlKey: true }).defaultPrevented).toBe(false);
    expect(press("y").defaultPrevented).toBe(false);
    expect(press("z", { ctrlKey: true, altKey: true }).defaultPrevented).toBe(false);
    expect(sent).toEqual([]);
  });

  test("keep the focus on the button that has nothing more to do", async () => {
    await give(settings(2, { undo: "reset" }));
    button("Undo").focus();
    button("Undo").click();
    await give(settings(3, { undo: null, redo: "reset" }));
    expect(document.activeElement).toBe(button("Undo"));
  });

  test("take an older refusal away where they are accepted, and are refused in words", async () => {
    await give(settings(2, { undo: "reset" }));
    const ids = () => sent.flatMap((message) => (message.kind === "undo" ? [message.id] : []));
    button("Undo").click();
    await give(wire({ kind: "refusal", run: 1, number: 3, id: ids()[0], reason: "Not now." }));
    expect(store.refusal.value).toBe("Not now.");
    button("Undo").click();
    await give(wire({ kind: "acknowledgement", run: 1, number: 4, id: ids()[1], step: 4 }));
    expect(store.refusal.value).toBeNull();
  });

  test("show a history that ends where the sequence does", async () => {
    await give(frame({ number: 2 }, 4));
    await give(frame({ number: 3 }, 5));
    expect(store.history.value.steps).toEqual([1, 2, 3, 4, 5]);
    await give(snapshot({ run: 2, number: 4 }));
    expect(store.history.value.steps).toEqual([1, 2, 3]);
    expect(store.step.value).toBe(3);
    await give(frame({ run: 1, number: 9 }, 9));
    expect(store.step.value).toBe(3);
  });
});

describe("letting go", () => {
  test("of what the kernel does not hold is no trouble for a person", async () => {
    store.release(1);
    const id = sent.flatMap((message) => (message.kind === "command" ? [message.id] : []))[0];
    await give(wire({ kind: "refusal", run: 1, number: 2, id, reason: "It holds nothing." }));
    expect(store.refusal.value).toBeNull();
  });
});
