import fc from "fast-check";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Combobox, matching } from "../src/panels/Combobox";

const NAMES = Array.from(
  { length: 1000 },
  (_, index) => `class ${index}: a rather long name of it`,
);
let root: HTMLElement;
const onChoose = vi.fn();

const input = () => root.querySelector("input") as HTMLInputElement;
const options = () => [...root.querySelectorAll<HTMLElement>('[role="option"]')];
const active = () => {
  const id = input().getAttribute("aria-activedescendant");
  return options().find((option) => option.id === id)?.textContent ?? null;
};
const press = async (...keys: string[]) => {
  for (const key of keys) {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    await act(() => void input().dispatchEvent(event));
  }
};
const type = (text: string) =>
  act(() => {
    input().value = text;
    input().dispatchEvent(new Event("input", { bubbles: true }));
  });

beforeEach(async () => {
  onChoose.mockClear();
  root = document.createElement("div");
  document.body.append(root);
  await act(() =>
    render(<Combobox label="Target" names={NAMES} chosen={7} onChoose={onChoose} />, root),
  );
});

afterEach(() => {
  render(null, root);
  root.remove();
});

describe("a combobox of a thousand classes", () => {
  test("shows the one that is chosen, and no list", () => {
    expect(input().value).toBe(NAMES[7]);
    expect(input().getAttribute("aria-expanded")).toBe("false");
    expect(options()).toEqual([]);
  });

  test("opens by a key on the chosen one, and goes on from there, to both ends and around", async () => {
    await press("ArrowDown");
    expect(options().length).toBe(1000);
    expect(active()).toBe(NAMES[7]);
    await press("ArrowDown", "PageDown");
    expect(active()).toBe(NAMES[16]);
    await press("PageUp", "PageUp", "PageUp");
    expect(active()).toBe(NAMES[0]);
    await press("ArrowUp");
    expect(active()).toBe(NAMES[999]);
    await press("ArrowDown");
    expect(active()).toBe(NAMES[0]);
    await press("Enter");
    expect(onChoose.mock.calls).toEqual([[0]]);
    expect(options()).toEqual([]);
  });

  test("finds a class by any words of its name", async () => {
    await type("name 543");
    expect(options().map(({ textContent }) => textContent)).toEqual([NAMES[543]]);
    await press("Enter");
    expect(onChoose.mock.calls).toEqual([[543]]);
  });

  test("says where there is none, and chooses nothing", async () => {
    await type("zebra");
    expect(root.textContent).toContain("no class has “zebra” in its name");
    await press("Enter");
    expect(onChoose).not.toHaveBeenCalled();
    await press("Escape");
    expect(input().value).toBe(NAMES[7]);
    expect(input().getAttribute("aria-expanded")).toBe("false");
  });

  test("keeps what is chosen where it is left without a choice", async () => {
    await type("class 12");
    await press("Tab");
    expect(input().value).toBe(NAMES[7]);
    expect(onChoose).not.toHaveBeenCalled();
  });

  test("keeps its keys from the notebook while it is open, and no others", async () => {
    const heard = vi.fn();
    root.addEventListener("keydown", (event) => heard(event.key));
    await press("ArrowDown", "ArrowDown", "Escape", "x");
    expect(heard.mock.calls).toEqual([["x"]]);
  });
});

test("what matches holds all the words, each once, in order; nothing typed matches all", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 8 })),
      fc.string({ maxLength: 4 }),
      (names, typed) => {
        const found = matching(names, typed);
        expect(new Set(found).size).toBe(found.length);
        const words = typed.trim().toLowerCase().split(/\s+/);
        const holds = (name: string) => words.every((word) => name.toLowerCase().includes(word));
        expect([...found].sort((a, b) => a - b)).toEqual(
          names.flatMap((name, index) => (holds(name) ? [index] : [])),
        );
        expect(matching(names, " ").length).toBe(names.length);
      },
    ),
  );
});
