/** The main chart: the dream over its start, the band of the real class, and what is frozen. */

import uPlot from "uplot";
import { tick } from "../format";
import type { Envelope, Frozen, Sequence } from "../protocol";
import { Curve } from "./curve";
import type { Scale } from "./geometry";
import { drawHatch } from "./hatch";
import { extent, fitted, type Range, union } from "./range";
import type { Theme } from "./theme";

/** Both charts reserve as much for their value axis, so that they stand one above the other. */
export const AXIS_WIDTH = 46;

export interface SequenceState {
  readonly sequence: Sequence;
  readonly start: Sequence | null;
  readonly envelope: Envelope | null;
  readonly frozen: readonly Frozen[];
  readonly channel: number;
  /** Samples marked as control points. */
  readonly points: readonly number[];
  /** While a person drags, the axis stays where it is. */
  readonly isHeld: boolean;
}

type Drawable = Float32Array | (number | null)[];

/** One channel; uPlot knows gaps as null and not as NaN. */
export function channelOf(sequence: Sequence, channel: number): Float32Array {
  return sequence.values.subarray(channel * sequence.time, (channel + 1) * sequence.time);
}

function drawable(values: Float32Array): Drawable {
  return values.every(Number.isFinite)
    ? values
    : Array.from(values, (value) => (Number.isFinite(value) ? value : null));
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((part, position) => part === other[position]);
}

/** What changes only with a snapshot or a target: prepared once, not 30 times a second. */
class Backdrop {
  start: Drawable = [];
  low: Drawable = [];
  high: Drawable = [];
  range: Range | null = null;
  #key: readonly unknown[] = [];

  update({ start, envelope, channel, sequence }: SequenceState): void {
    const { time } = sequence;
    const key = [start, envelope, channel, time];
    if (isSame(key, this.#key)) return;
    this.#key = key;
    const nothing = () => new Array<null>(time).fill(null);
    const side = (of: Sequence | null | undefined) =>
      of?.time === time ? channelOf(of, channel) : null;
    const sides = [side(start), side(envelope?.low), side(envelope?.high)];
    const [ghost, low, high] = sides.map((values) => (values ? drawable(values) : nothing()));
    Object.assign(this, { start: ghost, low, high });
    this.range = union(sides.map((values) => (values ? extent(values) : null)));
  }
}

export class SequenceChart implements Scale {
  readonly #theme: Theme;
  readonly #plot: uPlot;
  readonly #curve: Curve;
  readonly #backdrop = new Backdrop();
  #drawnBackdrop: readonly unknown[] = [];
  #indices = new Float64Array(0);
  #values: Float32Array = new Float32Array(0);
  #state: SequenceState | null = null;
  #range: Range = { low: -1, high: 1 };
  #isFitted = false;

  constructor(host: HTMLElement, theme: Theme) {
    this.#theme = theme;
    this.#plot = new uPlot(this.#options(), [[], [], [], []], host);
    this.#curve = new Curve(this.#plot.over, this);
  }

  /** The element exactly over the plotting area. */
  get over(): HTMLElement {
    return this.#plot.over;
  }

  get time(): number {
    return this.#values.length;
  }

  /** The channel as painted. */
  get values(): Float32Array {
    return this.#values;
  }

  get range(): Range {
    return this.#range;
  }

  xOf(index: number): number {
    return this.#plot.valToPos(index, "x");
  }

  yOf(value: number): number {
    return this.#plot.valToPos(value, "y");
  }

  indexAt(x: number): number {
    return this.#plot.posToVal(x, "x");
  }

  valueAt(y: number): number {
    return this.#plot.posToVal(y, "y");
  }

  resize(width: number, height: number): void {
    if (width === this.#plot.width && height === this.#plot.height) return;
    this.#plot.setSize({ width, height });
  }

  /** Shows another dream: the axis is fitted anew. */
  refit(): void {
    this.#isFitted = false;
  }

  paint(state: SequenceState): void {
    this.#state = state;
    this.#backdrop.update(state);
    this.#values = channelOf(state.sequence, state.channel);
    const { time } = state.sequence;
    if (this.#indices.length !== time)
      this.#indices = Float64Array.from({ length: time }, (_, i) => i);
    if (!state.isHeld || !this.#isFitted) {
      const data = union([extent(this.#values), this.#backdrop.range]);
      this.#range = fitted(data, this.#isFitted ? this.#range : null);
      this.#isFitted = true;
    }
    this.#paintBackdrop(state);
    this.#curve.paint(this.#values, state.points, this.#theme.colours);
  }

  /** Everything but the curve: only when something of it has changed. */
  #paintBackdrop(state: SequenceState): void {
    const { start, low, high } = this.#backdrop;
    const drawn = [start, low, high, state.frozen, this.#range.low, this.#range.high];
    if (isSame(drawn, this.#drawnBackdrop)) return;
    this.#drawnBackdrop = drawn;
    const data = [this.#indices, high, low, start];
    this.#plot.batch(() => {
      this.#plot.setData(data as uPlot.AlignedData, false);
      // uPlot takes its scales from their range functions again, as with fresh data.
      const { min, max } = this.#xRange();
      this.#plot.setScale("x", { min, max });
    });
  }

  /** Paints the same again, in the colours of now. */
  repaint(): void {
    this.#plot.redraw(true, true);
    this.#curve.paint(this.#values, this.#state?.points ?? [], this.#theme.colours);
  }

  destroy(): void {
    this.#plot.destroy();
  }

  #xRange(): { min: number; max: number } {
    return this.time > 1 ? { min: 0, max: this.time - 1 } : { min: -0.5, max: 0.5 };
  }

  frozenHere(): readonly Frozen[] {
    const state = this.#state;
    return (
      state?.frozen.filter(
        (band) => band.dream === 0 && (band.channel === null || band.channel === state.channel),
      ) ?? []
    );
  }

  #drawFrozen(plot: uPlot): void {
    for (const band of this.frozenHere()) {
      // Half a sample to each side: also a single frozen sample shows.
      const left = plot.valToPos(band.start - 0.5, "x", true);
      const right = plot.valToPos(band.stop - 0.5, "x", true);
      drawHatch(
        plot,
        Math.max(left, plot.bbox.left),
        Math.min(right, plot.bbox.left + plot.bbox.width),
        this.#theme.colours,
      );
    }
  }

  #options(): uPlot.Options {
    const colour = (name: keyof Theme["colours"]) => () => this.#theme.colours[name];
    const axis: uPlot.Axis = {
      stroke: colour("muted"),
      font: this.#theme.font,
      grid: { stroke: colour("grid"), width: 1 },
      ticks: { show: false },
      values: (_, ticks) => ticks.map(tick),
    };
    const line = (name: keyof Theme["colours"], width: number): uPlot.Series => ({
      stroke: colour(name),
      width,
      points: { show: false },
    });
    const side: uPlot.Series = { points: { show: false }, width: 0 };
    return {
      width: 600,
      height: 320,
      padding: [8, 10, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: () => [this.#xRange().min, this.#xRange().max] },
        y: { range: () => [this.#range.low, this.#range.high] },
      },
      axes: [
        { ...axis, size: 28, gap: 6, space: 90, incrs: WHOLE_STEPS },
        { ...axis, size: AXIS_WIDTH, gap: 8, space: 60 },
      ],
      series: [{}, { ...side }, { ...side }, line("ghost", 1)],
      bands: [{ series: [1, 2], fill: colour("band") }],
      hooks: { drawClear: [(plot) => this.#drawFrozen(plot)] },
    };
  }
}

/** Samples are counted: no tick at half a sample. */
const WHOLE_STEPS = [1, 2, 5]
  .flatMap((digit) => [0, 1, 2, 3, 4, 5].map((power) => digit * 10 ** power))
  .sort((a, b) => a - b);
