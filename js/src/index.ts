/** The anywidget front end: one store a model, one view a cell output. */

import type { AnyModel, AnyWidget } from "@anywidget/types";
import { h, render as renderInto } from "preact";
import type { Bytes } from "./arrays";
import { div, set } from "./chart/elements";
import { App } from "./panels/App";
import { type Store, storeOf } from "./store";
import { View } from "./view";

type Definition = Exclude<AnyWidget, (...args: never[]) => unknown>;

/** The trait that a notebook saves. */
const SAVED = "_saved";

interface Connection {
  readonly store: Store;
  readonly close: () => void;
}

/** Follows the host's signal where it gives one; older hosts only call the cleanup. */
function follow(signal: AbortSignal | undefined): AbortController {
  const controller = new AbortController();
  if (signal?.aborted) controller.abort();
  signal?.addEventListener("abort", () => controller.abort(), { signal: controller.signal });
  return controller;
}

/** Asks the host whether the kernel of this model is gone; hosts that cannot tell leave it open. */
async function isLost(model: AnyModel): Promise<boolean> {
  try {
    const own = await model.widget_manager.get_model(model.get(SAVED).model_id);
    return "comm_live" in own && own.comm_live === false;
  } catch {
    return false;
  }
}

/** The kernel as JupyterLab's widget manager has it. */
interface Kernel {
  readonly disposed?: Record<"connect" | "disconnect", (slot: () => void) => void>;
}

function connect(model: AnyModel): Connection {
  const store = storeOf(
    (message) => model.send(message),
    () => model.get(SAVED),
  );
  const look = async () => {
    if (await isLost(model)) store.lose();
  };
  const listen = (content: unknown, buffers: readonly Bytes[] | undefined) =>
    store.receive(content, buffers ?? []);
  model.on("msg:custom", listen);
  // So a host tells that a kernel restarts; of one that has ended, JupyterLab tells otherwise.
  model.on("comm_live_update", look);
  void look();
  const kernel = (model.widget_manager as { kernel?: Kernel | null } | undefined)?.kernel;
  const lose = () => store.lose();
  kernel?.disposed?.connect(lose);
  const close = () => {
    model.off("msg:custom", listen);
    model.off("comm_live_update", look);
    kernel?.disposed?.disconnect(lose);
    store.close();
  };
  return { store, close };
}

function createRoot(): HTMLElement {
  const root = div("seqdream");
  set(root, { tabindex: -1, role: "group", "aria-label": "Sequence dream" });
  // JupyterLab listens in the capture phase: only these attributes keep its shortcuts and menu away.
  root.dataset.lmSuppressShortcuts = "true";
  root.dataset.jpSuppressContextMenu = "";
  root.dataset.drawn = "0";
  return root;
}

export default (): Definition => {
  const connections = new WeakMap<AnyModel, Connection>();

  const connectionOf = (model: AnyModel): Connection => {
    const connection = connections.get(model) ?? connect(model);
    connections.set(model, connection);
    return connection;
  };

  return {
    initialize({ model, signal }) {
      const connection = connectionOf(model);
      const controller = follow(signal);
      controller.signal.addEventListener("abort", () => {
        connection.close();
        connections.delete(model);
      });
      return () => controller.abort();
    },

    render({ model, el, signal }) {
      const { store } = connectionOf(model);
      const controller = follow(signal);
      const root = createRoot();
      el.append(root);
      const view = new View(store, root, controller.signal);
      renderInto(h(App, { view }), root);
      store.hello();
      controller.signal.addEventListener("abort", () => {
        renderInto(null, root);
        root.remove();
      });
      return () => controller.abort();
    },
  };
};
