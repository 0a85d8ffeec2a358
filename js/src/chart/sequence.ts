/** The main chart: the dream over its start, the band of the real class, and what is frozen. */

import type { Envelope, Frozen, Sequence } from "../protocol";
import type { Ghost } from "../reading/ghosts";
import { AXIS_WIDTH, paintGrid, paintLabels, paintNames } from "./axes";
import { clipped, type Pen } from "./canvas";
import { changes } from "./changed";
import { paintCurve } from "./curve";
import { div } from "./elements";
import { type Scale, snapped } from "./geometry";
import { type GhostLine, paintGhosts } from "./ghosts";
import { fillBand, fillHatch } from "./layers";
import { Plot } from "./plot";
import { extent, fitted, type Range, union } from "./range";
import { Linear } from "./scale";
import type { Theme } from "./theme";
import { PLAIN, type Units } from "./units";
import { everything, within } from "./zoom";

const MARGINS = { top: 8, right: 10, bottom: 28, left: AXIS_WIDTH };
/** Pixels between two marks of an axis. */
const SPACING = { time: 90, value: 60 };

export interface SequenceState {
  readonly sequence: Sequence;
  readonly ghosts: readonly Ghost[];
  readonly envelope: Envelope | null;
  readonly frozen: readonly Frozen[];
  readonly channel: number;
  /** The samples that are seen; null: all. */
  readonly visible: Range | null;
  readonly units: Units;
  /** Of so many samples one is known exactly. */
  readonly stride: number;
  /** Samples marked as control points. */
  readonly points: readonly number[];
  /** While a person drags, the axis stays where it is. */
  readonly isHeld: boolean;
}

export function channelOf(sequence: Sequence, channel: number): Float32Array {
  return sequence.values.subarray(channel * sequence.time, (channel + 1) * sequence.time);
}

function extentIn(values: Float32Array, { low, high }: Range): Range | null {
  return extent(values, Math.floor(low), Math.ceil(high) + 1);
}

/** What changes only with a snapshot or a target: looked at once, not 30 times a second. */
class Surroundings {
  ghosts: readonly GhostLine[] = [];
  low: Float32Array | null = null;
  high: Float32Array | null = null;
  #lines: readonly Float32Array[] = [];
  readonly #changes = changes();
  #seen: Range = { low: 0, high: -1 };
  #range: Range | null = null;

  update({ ghosts, envelope, channel, sequence }: SequenceState): void {
    const { time } = sequence;
    if (!this.#changes(ghosts, envelope, channel, time)) return;
    const side = (of: Sequence | null | undefined) =>
      of?.time === time ? channelOf(of, channel) : null;
    this.ghosts = ghosts.flatMap(({ sequence, ...look }) => {
      const values = side(sequence);
      return values === null ? [] : [{ ...look, values }];
    });
    this.low = side(envelope?.low);
    this.high = side(envelope?.high);
    const lines = [this.low, this.high, ...this.ghosts.map(({ values }) => values)];
    this.#lines = lines.filter((values) => values !== null);
    this.#seen = { low: 0, high: -1 };
  }

  /** The least and the greatest value of what is seen. */
  rangeIn(seen: Range): Range | null {
    if (seen.low !== this.#seen.low || seen.high !== this.#seen.high) {
      this.#seen = seen;
      this.#range = union(this.#lines.map((values) => extentIn(values, seen)));
    }
    return this.#range;
  }
}

export class SequenceChart implements Scale {
  readonly #plot: Plot;
  readonly #surroundings = new Surroundings();
  readonly #brush = div("seqdream-chosen");
  readonly #changes = changes();
  #values: Float32Array = new Float32Array(0);
  #state: SequenceState | null = null;
  #range: Range = { low: -1, high: 1 };
  #isFitted = false;
  #x = new Linear({ low: 0, high: 1 }, 0, 1);
  #y = new Linear(this.#range, 1, 0);

  constructor(host: HTMLElement, theme: Theme) {
    this.#plot = new Plot(host, theme, MARGINS);
    this.#brush.hidden = true;
    this.over.append(this.#brush);
  }

  get over(): HTMLElement {
    return this.#plot.over;
  }

  /** Of the plotting area, in pixels. */
  get width(): number {
    return this.#plot.width;
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

  /** The positions at the left and the right end. */
  get visible(): Range {
    return this.#x.domain;
  }

  get units(): Units {
    return this.#state?.units ?? PLAIN;
  }

  /** How many samples are known by one that is exact. */
  get stride(): number {
    return this.#state?.stride ?? 1;
  }

  get channel(): number {
    return this.#state?.channel ?? 0;
  }

  /** Sample and value in the units of the data. */
  words(index: number, value: number): string {
    return this.units.words(index, value, this.channel);
  }

  /** The nearest sample whose value is known exactly: all are, unless a pixel holds several. */
  snap(index: number): number {
    return snapped(index, this.stride, this.time);
  }

  xOf(index: number): number {
    return this.#x.of(index);
  }

  yOf(value: number): number {
    return this.#y.of(value);
  }

  indexAt(x: number): number {
    return this.#x.at(x);
  }

  valueAt(y: number): number {
    return this.#y.at(y);
  }

  /** The same time with other values. */
  withValues(y: Linear): Scale {
    return {
      time: this.time,
      xOf: (index) => this.xOf(index),
      indexAt: (x) => this.indexAt(x),
      yOf: (value) => y.of(value),
      valueAt: (at) => y.at(at),
    };
  }

  resize(width: number, height: number): void {
    this.#plot.resize(width, height);
  }

  /** Forgets what it has painted: next time that is all painted anew. */
  forget(): void {
    this.#plot.renew();
    this.#changes();
  }

  /** Shows another dream: the axis is fitted anew. */
  refit(): void {
    this.#isFitted = false;
  }

  paint(state: SequenceState): void {
    this.#state = state;
    this.#surroundings.update(state);
    this.#values = channelOf(state.sequence, state.channel);
    const { ghosts, low, high } = this.#surroundings;
    const visible =
      state.visible === null ? everything(this.time) : within(state.visible, this.time);
    if (!state.isHeld || !this.#isFitted) {
      const data = union([extentIn(this.#values, visible), this.#surroundings.rangeIn(visible)]);
      this.#range = fitted(data, this.#isFitted ? this.#range : null);
      this.#isFitted = true;
    }
    this.#x = new Linear(visible, 0, this.#plot.width);
    this.#y = new Linear(this.#range, this.#plot.height, 0);
    const ends = [this.#range.low, this.#range.high, visible.low, visible.high];
    // Pages are zoomed, and moved to other screens: the ground is as fine as the sheet.
    const size = [this.time, window.devicePixelRatio];
    if (this.#changes(ghosts, low, high, state.frozen, state.units, ...size, ...ends))
      this.#paintGround();
    const pen = this.#plot.onGround();
    if (pen !== null) paintCurve(pen, this.#values, state.points, this);
  }

  /** Marks what is being chosen between two positions, in pixels. */
  showBrush(ends: readonly [number, number] | null): void {
    const { style } = this.#brush;
    this.#brush.hidden = ends === null;
    if (ends === null) return;
    const [left, right] = [Math.max(0, Math.min(...ends)), Math.min(this.width, Math.max(...ends))];
    style.left = `${left}px`;
    style.width = `${Math.max(0, right - left)}px`;
  }

  destroy(): void {
    this.#plot.remove();
  }

  frozenHere(): readonly Frozen[] {
    const state = this.#state;
    return (
      state?.frozen.filter(
        (band) => band.dream === 0 && (band.channel === null || band.channel === state.channel),
      ) ?? []
    );
  }

  /** Everything but the curve: only when something of it has changed. */
  #paintGround(): void {
    const pen = this.#plot.ground();
    if (pen === null) return;
    const { units, visible, channel } = this;
    const across = units.timeMarks(this.#x, pen.width, SPACING.time);
    const up = units.valueMarks(this.#y, pen.height, SPACING.value, channel);
    clipped(pen, () => {
      this.#paintFrozen(pen);
      paintGrid(pen, across, up);
      this.#paintReal(pen);
    });
    paintLabels(pen, across, up);
    paintNames(pen, units.timeName, units.valueName(channel));
    if (visible.high - visible.low < this.time - 1) this.#paintPart(pen, visible);
  }

  /** How much of the sequence is seen, and where. */
  #paintPart({ context, width, height, colours }: Pen, { low, high }: Range): void {
    const all = this.time - 1;
    context.fillStyle = colours.grid;
    context.fillRect(0, height, width, 3);
    context.fillStyle = colours.dream;
    context.fillRect((low / all) * width, height, Math.max(2, ((high - low) / all) * width), 3);
  }

  #paintFrozen(pen: Pen): void {
    for (const band of this.frozenHere()) {
      // Half a sample to each side: also a single frozen sample shows.
      const [left, right] = [this.xOf(band.start - 0.5), this.xOf(band.stop - 0.5)];
      fillHatch(pen, Math.max(0, left), Math.min(pen.width, right));
    }
  }

  #paintReal(pen: Pen): void {
    const { ghosts, low, high } = this.#surroundings;
    if (low !== null && high !== null) fillBand(pen, low, high, this);
    paintGhosts(pen, ghosts, this);
  }
}
