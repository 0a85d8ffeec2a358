/** What a person has in the hand: a tool, how far it reaches, and what it does with the dream. */

import { signal } from "@preact/signals";
import type { View } from "../view";
import { BRUSHES, type BrushKind, brushCommand, brushOf, type Stretch, samples } from "./brushes";
import { Drag, type Gesture, type Grip } from "./gesture";
import { between, clampRadius, defaultRadius, isFrozen as isFrozenIn, type Shape } from "./kernel";
import { Points } from "./points";
import { LimitedDrag, type Limits, Slide } from "./shaping";
import { type Ground, type Stroke, strokeOn } from "./stroke";

/** By so much one notch widens the reach. */
const NOTCH = 1.15;

export type Tool = "drag" | "draw" | "freeze" | "brush" | "zoom";

/** How a sample is held: with its neighbourhood, alone, or at its level along time. */
export type Hold = "around" | "alone" | "level";

export type Hand = ReturnType<typeof handOf>;

export function handOf(view: View) {
  const tool = signal<Tool>("drag");
  /** Radius of the neighbourhood, once a person has chosen one. */
  const reach = signal<number | null>(null);
  /** Values keep within the envelope of the class. */
  const isSnapping = signal(false);
  const brush = signal<BrushKind>("erase");
  const amounts = signal<Readonly<Partial<Record<BrushKind, number>>>>({});
  /** What has happened, for who does not see it. */
  const said = signal("");
  const placed = new Map<number, Points>();

  /** The control points of the channel that is shown. */
  const points = (): Points => {
    const channel = view.channel.value;
    const found = placed.get(channel) ?? new Points();
    placed.set(channel, found);
    return found;
  };

  const radius = (time = view.chart.time): number =>
    clampRadius(reach.value ?? defaultRadius(time), time);

  const isFrozen = (index: number): boolean => isFrozenIn(view.frozen(), index, view.channel.value);

  /** Takes hold of a sample. */
  const take = (sample: number, hold: Hold): Gesture | null => {
    const { chart, store } = view;
    const index = chart.snap(sample);
    const grip: Grip = {
      index,
      channel: view.namedChannel(),
      from: chart.values[index] ?? 0,
      radius: hold === "alone" ? 1 : radius(),
      time: chart.time,
    };
    const found = ground();
    if (hold === "level") {
      const { first, last } = found.known;
      if (index >= first && index <= last) return new Slide(store, grip, found);
      store.refusal.value = "Zoom in until single samples are seen, then slide one along time.";
      return null;
    }
    const kept = limits();
    // Where the page has not all samples, the kernel moves the neighbours.
    return kept === null || store.showing.isWindowed
      ? new Drag(store, grip, (value) => limited(index, value))
      : new LimitedDrag(store, grip, found, kept);
  };

  /** Puts a pen on the dream. */
  const pen = (): Stroke => strokeOn(view.store, ground());

  /** Where values are kept, if they are. */
  const limits = (): Limits | null => {
    const envelope = view.store.envelope.value;
    const { time } = view.chart;
    if (!isSnapping.value || envelope?.low.time !== time) return null;
    const offset = view.channel.value * time;
    const side = (values: Float32Array) => values.subarray(offset, offset + time);
    return { low: side(envelope.low.values), high: side(envelope.high.values) };
  };

  /** A value as it may be at a sample. */
  const limited = (index: number, value: number): number => {
    const kept = limits();
    if (kept === null) return value;
    return between(value, kept.low[index] ?? value, kept.high[index] ?? value);
  };

  /** Samples as they may be. */
  const allowed = ({ start, values }: Shape): Shape => {
    return { start, values: values.map((value, at) => limited(start + at, value)) };
  };

  /** What the brush does that is in the hand. */
  const sort = () => brushOf(brush.value);

  const amount = (type: BrushKind = brush.value): number =>
    amounts.value[type] ?? brushOf(type).amount?.value ?? 0;

  /** What a brush does that begins at a sample: the freeze tool also takes its own work back. */
  const kindAt = (index: number): BrushKind => {
    if (tool.value !== "freeze") return brush.value;
    return isFrozen(index) ? "unfreeze" : "freeze";
  };

  /** Does with a stretch what the brush does. */
  const apply = async (type: BrushKind, start: number, stop: number): Promise<void> => {
    const stretch: Stretch = { start, stop, channel: view.namedChannel() };
    const command = brushCommand(type, amount(type), stretch);
    const outcome = await view.store.command(command);
    if (outcome === "accepted") say(`${samples(stretch)} ${brushOf(type).done}`);
  };

  const choose = (next: Tool): void => {
    view.caret.leave();
    tool.value = next;
  };

  const setAmount = (wished: number): void => {
    if (!Number.isFinite(wished)) return;
    amounts.value = { ...amounts.value, [brush.value]: wished };
  };

  const chooseBrush = (type: string): void => {
    const found = BRUSHES.find((one) => one.type === type);
    if (found !== undefined) brush.value = found.type;
  };

  /** Sets how far the next hold reaches, and that of now. */
  const setReach = (radius: number, gesture: Gesture | null = null): void => {
    gesture?.reach(radius);
    reach.value = clampRadius(radius, view.chart.time);
  };

  /** A notch of the wheel, or a key. */
  const widen = (gesture: Gesture | null, isWider: boolean): void => {
    const now = radius();
    const next = now * (isWider ? NOTCH : 1 / NOTCH);
    setReach(isWider ? Math.max(now + 1, next) : Math.min(now - 1, next), gesture);
  };

  /** Keeps values within the envelope, where there is one. */
  const snap = (isWished: boolean): void => {
    isSnapping.value = isWished && view.store.envelope.value !== null;
    say(isSnapping.value ? "Kept within the class envelope" : "Free of the envelope");
  };

  const say = (words: string): void => {
    said.value = words;
  };

  const ground = (): Ground => ({
    values: view.chart.values,
    channel: view.namedChannel(),
    known: view.known(),
    isFree: (index) => !isFrozen(index),
  });

  return {
    tool,
    reach,
    isSnapping,
    brush,
    said,
    get points() {
      return points();
    },
    get sort() {
      return sort();
    },
    radius,
    isFrozen,
    take,
    pen,
    limited,
    allowed,
    amount,
    kindAt,
    apply,
    choose,
    setAmount,
    chooseBrush,
    setReach,
    widen,
    snap,
    say,
  };
}
