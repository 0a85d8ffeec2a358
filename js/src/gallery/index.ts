/** The gallery of an atlas: an anywidget of its own. */

import type { AnyModel, AnyWidget } from "@anywidget/types";
import { themeOf } from "../chart/theme";
import { cardsOf, type Thumbnails } from "./cards";
import { Gallery } from "./gallery";

type Definition = Exclude<AnyWidget, (...args: never[]) => unknown>;

function thumbnailsOf(model: AnyModel): Thumbnails {
  const view: DataView = model.get("thumbnails");
  const [channels, points] = model.get("thumbnail_shape") as [number, number];
  return { channels, points, bytes: new Uint8Array(view.buffer, view.byteOffset, view.byteLength) };
}

const definition: Definition = {
  render({ model, el, signal }) {
    const controller = new AbortController();
    signal?.addEventListener("abort", () => controller.abort(), { signal: controller.signal });
    const root = document.createElement("section");
    root.className = "seqdream seqdream-gallery";
    root.setAttribute("aria-label", "Gallery of dreams");
    // JupyterLab listens in the capture phase: only these attributes keep its shortcuts and menu away.
    root.dataset.lmSuppressShortcuts = "true";
    root.dataset.jpSuppressContextMenu = "";
    el.append(root);
    const theme = themeOf(root);
    theme.refresh();
    const gallery = new Gallery(
      root,
      cardsOf(model.get("cards")),
      thumbnailsOf(model),
      theme,
      (dream) => model.send({ kind: "open", dream }),
    );
    const show = () => gallery.tell(model.get("opened"), model.get("status"));
    show();
    model.on("change:opened", show);
    model.on("change:status", show);
    theme.watch(() => gallery.repaint(), controller.signal);
    controller.signal.addEventListener("abort", () => {
      model.off("change:opened", show);
      model.off("change:status", show);
      gallery.close();
      root.remove();
    });
    return () => controller.abort();
  },
};

export default definition;
