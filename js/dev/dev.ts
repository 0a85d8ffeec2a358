/** Shows the widget without Jupyter; the address says what (`?theme=dark&time=2&classes=60&playing=0`). */

import type { AnyModel, InitializeProps, RenderProps } from "@anywidget/types";
import widget from "../src/index";
import { MockModel } from "./mock";
import { setTheme } from "./themes";

const LONG = [
  "walking upstairs with a heavy load",
  "sitting",
  "unclassified (sensor detached or saturated)",
];

const wish = new URLSearchParams(location.search);
const amount = (name: string, otherwise: number) => Number(wish.get(name) ?? otherwise);
const isOn = (name: string, otherwise: boolean) =>
  (wish.get(name) ?? (otherwise ? "1" : "0")) === "1";

const count = amount("classes", 2);
const model = new MockModel({
  time: amount("time", 500),
  channels: amount("channels", 1),
  classes:
    count === 2
      ? ["normal", "abnormal"]
      : Array.from({ length: count }, (_, at) => `${at} ${LONG[at % 3]}`),
  step: amount("step", 420),
  playing: isOn("playing", false),
  error: wish.get("error"),
  envelope: isOn("envelope", true),
  frozen: isOn("frozen", true),
  refuses: isOn("refuses", false),
  rate: wish.has("rate") ? amount("rate", 1) : null,
});

setTheme(wish.get("theme") ?? "light");
const output = document.querySelector<HTMLElement>("#output");
if (output !== null) {
  const host = model as unknown as AnyModel;
  const definition = widget();
  const { signal } = new AbortController();
  const el = isOn("shadow", false) ? shadowOf(output) : output;
  // No host and no experimental part: the widget uses neither.
  const props = { model: host, signal } as InitializeProps;
  if (!isOn("mute", false)) await definition.initialize?.(props);
  else model.send = () => undefined;
  await definition.render?.({ ...props, el } as RenderProps);
}
Object.assign(window, { model, setTheme });

/** A shadow root with its own copy of the style sheet, as marimo has it. */
function shadowOf(place: HTMLElement): HTMLElement {
  const root = place.attachShadow({ mode: "open" });
  const sheet = document.querySelector("link[rel=stylesheet]");
  if (sheet !== null) root.append(sheet.cloneNode());
  const el = document.createElement("div");
  root.append(el);
  return el;
}
