/** What is under the pointer: when, and how much. */

import { listen } from "../listen";
import { div } from "./elements";
import type { SequenceChart } from "./sequence";

export interface Cursor {
  /** Says what is there now. */
  place(): void;
}

export function cursorOn(chart: SequenceChart, signal: AbortSignal): Cursor {
  const { over } = chart;
  const line = div("seqdream-cursor");
  const text = div("seqdream-readout");
  let x: number | null = null;
  text.setAttribute("aria-hidden", "true");
  over.append(line, text);

  const place = (): void => {
    const index = x === null ? -1 : chart.snap(Math.round(chart.indexAt(x)));
    const isThere = index >= 0 && index < chart.time;
    line.hidden = text.hidden = !isThere;
    if (!isThere) return;
    line.style.transform = `translateX(${Math.round(chart.xOf(index))}px)`;
    text.textContent = chart.words(index, chart.values[index] ?? Number.NaN);
  };
  const handlers = {
    pointermove: (event: PointerEvent) => {
      // A finger hides what it points at; what a hand holds is told beside it.
      const isIdle = event.pointerType !== "touch" && event.buttons === 0;
      x = isIdle ? event.clientX - over.getBoundingClientRect().left : null;
      place();
    },
    pointerleave: () => {
      x = null;
      place();
    },
  };
  listen(over, handlers, { signal });
  place();
  return { place };
}
