/** All channels below each other, sharing the time axis: to see them together, and to choose the one in hand. */

import type { Frozen, Sequence } from "../protocol";
import { AXIS_WIDTH } from "./axes";
import { clipped } from "./canvas";
import { fillHatch, paintLine } from "./layers";
import { Plot } from "./plot";
import { extent } from "./range";
import { Linear } from "./scale";
import { channelOf, type SequenceChart } from "./sequence";
import type { Theme } from "./theme";

const MARGINS = { top: 0, right: 10, bottom: 0, left: AXIS_WIDTH };
export const ROW = 36;
/** Between two rows. */
const GAP = 4;

export function multiplesOn(host: HTMLElement, theme: Theme, chart: SequenceChart) {
  const plot = new Plot(host, theme, MARGINS);
  return {
    resize: (width: number, height: number) => plot.resize(width, height),
    destroy: () => plot.remove(),
    paint: (sequence: Sequence, frozen: readonly Frozen[], chosen: number): void => {
      const pen = plot.begin();
      if (pen === null) return;
      const { context, colours, width } = pen;
      const { low, high } = chart.visible;
      clipped(pen, () => {
        for (let channel = 0; channel < sequence.channels; channel += 1) {
          const [top, bottom] = [channel * ROW + GAP, (channel + 1) * ROW - GAP];
          const values = channelOf(sequence, channel);
          const seen = extent(values, Math.floor(low), Math.ceil(high) + 1) ?? { low: -1, high: 1 };
          // What stands still lies in the middle.
          const span = seen.high - seen.low || 2;
          const middle = (seen.low + seen.high) / 2;
          const y = new Linear({ low: middle - span / 2, high: middle + span / 2 }, bottom, top);
          const bands = frozen.filter((band) => band.channel === null || band.channel === channel);
          for (const band of bands) {
            const [left, right] = [band.start - 0.5, band.stop - 0.5].map((at) => chart.xOf(at));
            const row = { ...pen, height: ROW };
            context.save();
            context.translate(0, channel * ROW);
            fillHatch(row, Math.max(0, left ?? 0), Math.min(width, right ?? 0));
            context.restore();
          }
          const isChosen = channel === chosen;
          const colour = isChosen ? colours.dream : colours.muted;
          paintLine(pen, values, chart.withValues(y), colour, isChosen ? 1.5 : 1);
        }
      });
    },
  };
}
