/** What a person has in the hand: a tool, how far it reaches, and what it does with the dream. */

import { signal } from "@preact/signals";
import type { View } from "../view";
import { BRUSHES, type BrushKind, brushCommand, brushOf, type Stretch, samples } from "./brushes";
import { Drag, type Gesture, type Grip } from "./gesture";
import { between, clampRadius, defaultRadius, isFrozen, type Shape } from "./kernel";
import { Points } from "./points";
import { LimitedDrag, type Limits, Slide } from "./shaping";
import { type Ground, Stroke } from "./stroke";

/** By so much one notch widens the reach. */
const NOTCH = 1.15;

export type Tool = "drag" | "draw" | "freeze" | "brush" | "zoom";

/** How a sample is held: with its neighbourhood, alone, or at its level along time. */
export type Hold = "around" | "alone" | "level";

export class Hand {
  readonly tool = signal<Tool>("drag");
  /** Radius of the neighbourhood, once a person has chosen one. */
  readonly reach = signal<number | null>(null);
  /** Values keep within the envelope of the class. */
  readonly isSnapping = signal(false);
  readonly brush = signal<BrushKind>("erase");
  readonly amounts = signal<Readonly<Partial<Record<BrushKind, number>>>>({});
  /** What has happened, for who does not see it. */
  readonly said = signal("");
  readonly #view: View;
  readonly #points = new Map<number, Points>();

  constructor(view: View) {
    this.#view = view;
  }

  /** The control points of the channel that is shown. */
  get points(): Points {
    const channel = this.#view.channel.value;
    const points = this.#points.get(channel) ?? new Points();
    this.#points.set(channel, points);
    return points;
  }

  radius(time = this.#view.chart.time): number {
    return clampRadius(this.reach.value ?? defaultRadius(time), time);
  }

  isFrozen(index: number): boolean {
    return isFrozen(this.#view.frozen(), index, this.#view.channel.value);
  }

  /** Takes hold of a sample. */
  take(sample: number, hold: Hold): Gesture | null {
    const { chart, store } = this.#view;
    const index = chart.snap(sample);
    const grip: Grip = {
      index,
      channel: this.#view.namedChannel(),
      from: chart.values[index] ?? 0,
      radius: hold === "alone" ? 1 : this.radius(),
      time: chart.time,
    };
    const ground = this.#ground();
    if (hold === "level") {
      const { first, last } = ground.known;
      if (index >= first && index <= last) return new Slide(store, grip, ground);
      store.refusal.value = "Zoom in until single samples are seen, then slide one along time.";
      return null;
    }
    const limits = this.limits();
    // Where the page has not all samples, the kernel moves the neighbours.
    return limits === null || store.showing.isWindowed
      ? new Drag(store, grip, (value) => this.limited(index, value))
      : new LimitedDrag(store, grip, ground, limits);
  }

  /** Puts a pen on the dream. */
  pen(): Stroke {
    return new Stroke(this.#view.store, this.#ground());
  }

  /** Where values are kept, if they are. */
  limits(): Limits | null {
    const envelope = this.#view.store.envelope.value;
    const { time } = this.#view.chart;
    if (!this.isSnapping.value || envelope?.low.time !== time) return null;
    const offset = this.#view.channel.value * time;
    const side = (values: Float32Array) => values.subarray(offset, offset + time);
    return { low: side(envelope.low.values), high: side(envelope.high.values) };
  }

  /** A value as it may be at a sample. */
  limited(index: number, value: number): number {
    const limits = this.limits();
    if (limits === null) return value;
    return between(value, limits.low[index] ?? value, limits.high[index] ?? value);
  }

  /** Samples as they may be. */
  allowed({ start, values }: Shape): Shape {
    return { start, values: values.map((value, at) => this.limited(start + at, value)) };
  }

  /** What the brush does that is in the hand. */
  get sort() {
    return brushOf(this.brush.value);
  }

  amount(type: BrushKind = this.brush.value): number {
    return this.amounts.value[type] ?? brushOf(type).amount?.value ?? 0;
  }

  /** What a brush does that begins at a sample: the freeze tool also takes its own work back. */
  kindAt(index: number): BrushKind {
    if (this.tool.value !== "freeze") return this.brush.value;
    return this.isFrozen(index) ? "unfreeze" : "freeze";
  }

  /** Does with a stretch what the brush does. */
  async apply(type: BrushKind, start: number, stop: number): Promise<void> {
    const stretch: Stretch = { start, stop, channel: this.#view.namedChannel() };
    const command = brushCommand(type, this.amount(type), stretch);
    const outcome = await this.#view.store.command(command);
    if (outcome === "accepted") this.say(`${samples(stretch)} ${brushOf(type).done}`);
  }

  choose(tool: Tool): void {
    this.#view.caret.leave();
    this.tool.value = tool;
  }

  setAmount(amount: number): void {
    if (!Number.isFinite(amount)) return;
    this.amounts.value = { ...this.amounts.value, [this.brush.value]: amount };
  }

  chooseBrush(type: string): void {
    const found = BRUSHES.find((brush) => brush.type === type);
    if (found !== undefined) this.brush.value = found.type;
  }

  /** Sets how far the next hold reaches, and that of now. */
  setReach(radius: number, gesture: Gesture | null = null): void {
    gesture?.reach(radius);
    this.reach.value = clampRadius(radius, this.#view.chart.time);
  }

  /** A notch of the wheel, or a key. */
  widen(gesture: Gesture | null, isWider: boolean): void {
    const radius = this.radius();
    const next = radius * (isWider ? NOTCH : 1 / NOTCH);
    this.setReach(isWider ? Math.max(radius + 1, next) : Math.min(radius - 1, next), gesture);
  }

  /** Keeps values within the envelope, where there is one. */
  snap(isSnapping: boolean): void {
    this.isSnapping.value = isSnapping && this.#view.store.envelope.value !== null;
    this.say(this.isSnapping.value ? "Kept within the class envelope" : "Free of the envelope");
  }

  say(words: string): void {
    this.said.value = words;
  }

  #ground(): Ground {
    return {
      values: this.#view.chart.values,
      channel: this.#view.namedChannel(),
      known: this.#view.known(),
      isFree: (index) => !this.isFrozen(index),
    };
  }
}
