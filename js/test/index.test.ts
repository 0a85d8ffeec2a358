import type { AnyModel, InitializeProps, RenderProps } from "@anywidget/types";
import { afterEach, describe, expect, test, vi } from "vitest";
import widget from "../src/index";
import { snapshot } from "./messages";

/** As JupyterLab has it: a model knows whether its kernel is there. */
function host(saved: unknown = undefined, state = { comm_live: true }) {
  const listeners = new Set<(content: unknown, buffers: unknown) => void>();
  const others = new Set<() => void>();
  const ends = new Set<() => void>();
  const disposed = {
    connect: (slot: () => void) => ends.add(slot),
    disconnect: (slot: () => void) => ends.delete(slot),
  };
  const sent: { kind: string }[] = [];
  const model = {
    on: (name: string, listener: () => void) =>
      (name === "msg:custom" ? listeners : others).add(listener),
    off: (name: string, listener: () => void) =>
      (name === "msg:custom" ? listeners : others).delete(listener),
    send: (message: { kind: string }) => sent.push(message),
    get: () => saved,
    widget_manager: { get_model: async () => state, kernel: { disposed } },
  } as unknown as AnyModel;
  return { model, listeners, others, ends, sent };
}

/** Older hosts give no signal; newer ones do. */
function props(model: AnyModel, signal?: AbortSignal) {
  const el = document.createElement("div");
  return { el, given: { model, el, signal } as unknown as InitializeProps & RenderProps };
}

afterEach(() => {
  vi.useRealTimers();
});

describe("the widget", () => {
  test("says hello when it is rendered, and that it waits", async () => {
    const { model, sent } = host();
    const { el, given } = props(model, new AbortController().signal);
    const definition = widget();
    await definition.initialize?.(given);
    expect(sent).toEqual([]);
    await definition.render?.(given);
    expect(sent).toEqual([{ kind: "hello", protocol: 1 }]);
    expect(el.textContent).toContain("Waiting for the kernel");
    expect(el.querySelector(".seqdream")?.getAttribute("role")).toBe("group");
  });

  test("leaves nothing behind when the host's signal ends", async () => {
    vi.useFakeTimers();
    const { model, listeners, others, ends, sent } = host();
    const controller = new AbortController();
    const { el, given } = props(model, controller.signal);
    const definition = widget();
    await definition.initialize?.(given);
    await definition.render?.(given);
    controller.abort();
    expect(listeners.size + others.size + ends.size).toBe(0);
    expect(el.childElementCount).toBe(0);
    vi.advanceTimersByTime(60_000);
    expect(sent).toHaveLength(1);
  });

  test("leaves nothing behind when an older host calls the cleanups", async () => {
    const { model, listeners, others } = host();
    const { el, given } = props(model);
    const definition = widget();
    const closeModel = await definition.initialize?.(given);
    const closeView = await definition.render?.(given);
    if (typeof closeView !== "function" || typeof closeModel !== "function") {
      throw new Error("no cleanup");
    }
    await closeView();
    expect(el.childElementCount).toBe(0);
    expect(listeners.size).toBe(1);
    await closeModel();
    expect(listeners.size + others.size).toBe(0);
  });

  test("says so where its host knows that the kernel has gone, also while it is open", async () => {
    const state = { comm_live: true };
    const { model, others } = host({ model_id: "0123" }, state);
    const { el, given } = props(model);
    const definition = widget();
    await definition.initialize?.(given);
    await definition.render?.(given);
    expect(el.textContent).toContain("Waiting for the kernel");
    state.comm_live = false;
    for (const listener of others) listener();
    await vi.waitFor(() => expect(el.textContent).toContain("The kernel was restarted"));
  });

  test("says so where JupyterLab has let go of the kernel", async () => {
    const { model, ends } = host();
    const { el, given } = props(model);
    const definition = widget();
    await definition.initialize?.(given);
    await definition.render?.(given);
    for (const end of ends) end();
    await vi.waitFor(() =>
      expect(el.textContent).toContain("The kernel was restarted or has ended"),
    );
  });

  test("two models of one module share nothing", async () => {
    const [one, two] = [host(), host()];
    const definition = widget();
    for (const { model } of [one, two]) await definition.initialize?.(props(model).given);
    const { content, buffers } = snapshot();
    for (const listener of one.listeners) listener(content, buffers);
    const { el, given } = props(two.model);
    await definition.render?.(given);
    expect(el.textContent).toContain("Waiting for the kernel");
  });

  test("keeps the notebook's own shortcuts and menu away", async () => {
    const { model } = host();
    const { el, given } = props(model);
    await widget().render?.(given);
    document.body.append(el);
    const heard = vi.fn();
    document.body.addEventListener("keydown", heard);
    const root = el.querySelector<HTMLElement>(".seqdream");
    root?.dispatchEvent(new KeyboardEvent("keydown", { key: "d", bubbles: true }));
    expect(heard).not.toHaveBeenCalled();
    expect(root?.getAttribute("data-lm-suppress-shortcuts")).toBe("true");
    expect(root?.hasAttribute("data-jp-suppress-context-menu")).toBe(true);
    el.remove();
  });
});
