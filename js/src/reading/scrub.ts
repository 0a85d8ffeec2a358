/** The timeline under the hand: a hover reads, a drag looks at the past, keys do both. */

import { div, set } from "../chart/elements";
import type { TimelineChart } from "../chart/timeline";
import { between } from "../edit/kernel";
import { listen } from "../listen";
import type { View } from "../view";

/** How far Shift and the page keys go: a part of all steps. */
const LEAP = 1 / 20;

export interface Scrub {
  /** Puts the line where the eye is, and says so to those who hear. */
  place(): void;
}

export function scrubOn(view: View, chart: TimelineChart, signal: AbortSignal): Scrub {
  const { reader, store } = view;
  const { beside } = store;
  const slider = div("seqdream-scrub");
  const line = div("seqdream-scrub-line");
  let isDown = false;
  set(slider, { tabindex: 0, role: "slider", "aria-label": "Steps: look back" });
  slider.append(line);
  chart.over.append(slider);

  const newest = () => store.step.value;
  const looked = () => beside.moment.value?.step ?? newest();
  const look = (step: number) => beside.look(between(step, 0, newest()));
  const stepAt = (event: PointerEvent) => {
    const { left } = slider.getBoundingClientRect();
    return between(Math.round(chart.stepAt(event.clientX - left)), 0, newest());
  };
  const lift = () => {
    isDown = false;
  };

  /** What a key does, if it does anything. */
  const deed = ({ key, shiftKey }: KeyboardEvent): (() => void) | undefined => {
    const leap = Math.max(1, Math.round(newest() * LEAP));
    const stride = shiftKey ? leap : 1;
    const by = { ArrowLeft: -stride, ArrowDown: -stride, ArrowRight: stride, ArrowUp: stride }[key];
    const to = { PageDown: looked() - leap, PageUp: looked() + leap, Home: 0, End: newest() }[key];
    const step = by === undefined ? to : looked() + by;
    if (step !== undefined) return () => look(step);
    if (key === "Enter") return () => view.returnHere();
    return key === "Escape" && beside.moment.value !== null ? () => beside.look(null) : undefined;
  };

  const handlers = {
    pointerdown: (event: PointerEvent) => {
      if (event.button !== 0 || store.isReadOnly.value) return;
      isDown = true;
      slider.setPointerCapture(event.pointerId);
      view.pointer?.cancel();
      look(stepAt(event));
    },
    pointermove: (event: PointerEvent) => {
      const step = stepAt(event);
      reader.hovered.value = step;
      if (isDown) look(step);
    },
    pointerup: lift,
    pointercancel: lift,
    pointerleave: () => {
      reader.hovered.value = null;
    },
    keydown: (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || store.isReadOnly.value) return;
      const act = deed(event);
      if (act === undefined) return;
      act();
      event.preventDefault();
      event.stopPropagation();
    },
  };
  listen(slider, handlers, { signal });

  return {
    place: () => {
      const { step } = reader;
      line.hidden = step === null;
      line.dataset.looks = String(beside.moment.value !== null);
      if (step !== null) line.style.transform = `translateX(${chart.xOf(step)}px)`;
      const [now, all] = [looked(), newest()];
      set(slider, {
        "aria-valuemin": 0,
        "aria-valuemax": all,
        "aria-valuenow": now,
        "aria-valuetext": now === all ? `step ${now}, now` : `step ${now} of ${all}`,
      });
    },
  };
}
