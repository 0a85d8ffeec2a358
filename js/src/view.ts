/** One rendered widget: what a person sees, holds and does in it. Several views may share one store. */

import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { ROW } from "./chart/multiples";
import type { Range } from "./chart/range";
import type { SequenceChart } from "./chart/sequence";
import { type Theme, themeOf } from "./chart/theme";
import type { Term } from "./chart/timeline";
import { everything, panned, revealing, within, zoomed } from "./chart/zoom";
import { type Caret, caretOf } from "./edit/caret";
import type { Gesture } from "./edit/gesture";
import { type Hand, handOf, type Tool } from "./edit/hand";
import { keysOn } from "./edit/keys";
import type { Pointer } from "./edit/pointer";
import type { Stroke } from "./edit/stroke";
import { figure } from "./format";
import { type Picture, type Places, pictureOf } from "./picture";
import type { Frozen, Return } from "./protocol";
import { Reader } from "./reading/reader";
import type { Store } from "./store";

export type { Tool };

/** One press of an arrow pans by this part of what is shown; one of + or - shows so many times as much. */
const STEP = { pan: 0.2, zoom: 1.5 };

export class View {
  /** Tells the radio groups of two views on one page apart. */
  readonly id = Math.random().toString(36).slice(2);
  readonly store: Store;
  readonly root: HTMLElement;
  readonly theme: Theme;
  readonly hand: Hand;
  readonly caret: Caret;
  readonly isHelping = signal(false);
  readonly channel = signal(0);
  /** All channels are seen below the one in hand. */
  readonly isStacked = signal(true);
  /** The samples that are seen; null: all. */
  readonly range = signal<Range | null>(null);
  readonly reader: Reader;
  readonly brush = signal<{ start: number; stop: number; thaws: boolean } | null>(null);
  /** What the pointer or a key holds. */
  readonly held = signal<{ readonly gesture: Gesture } | null>(null);
  /** What a pen draws. */
  readonly pen = signal<{ readonly stroke: Stroke } | null>(null);
  #picture: Picture | null = null;

  constructor(store: Store, root: HTMLElement, signal: AbortSignal) {
    this.store = store;
    this.root = root;
    this.theme = themeOf(root);
    this.reader = new Reader(store);
    this.hand = handOf(this);
    this.caret = caretOf(this);
    keysOn(this, signal);
  }

  get chart(): SequenceChart {
    if (this.#picture === null) throw new Error("the charts are not mounted");
    return this.#picture.chart;
  }

  get tool(): Signal<Tool> {
    return this.hand.tool;
  }

  get pointer(): Pointer | null {
    return this.#picture?.pointer ?? null;
  }

  /** Puts the charts into their places; the answer takes them away again. */
  mount(places: Places): () => void {
    const picture = pictureOf(this, places);
    this.#picture = picture;
    return () => {
      picture.close();
      this.#picture = null;
    };
  }

  /** Everything that a picture depends on. */
  get inputs(): readonly ReadonlySignal<unknown>[] {
    const { store, hand } = this;
    return [
      store.sequence,
      store.envelope,
      store.history,
      store.previews,
      store.settings,
      store.isReadOnly,
      this.channel,
      this.brush,
      this.held,
      this.pen,
      this.range,
      this.isStacked,
      this.caret.place,
      hand.tool,
      hand.reach,
      ...this.reader.inputs,
    ];
  }

  /** Nothing can be changed: there is no kernel, or what is shown is the past. */
  get isReadOnly(): boolean {
    return this.store.isReadOnly.value || this.reader.past !== null;
  }

  isPlaying(): boolean {
    return this.store.isPlaying.value;
  }

  togglePlay(): void {
    if (this.isPlaying()) this.store.pause();
    else this.store.play();
  }

  goBack(kind: Return): void {
    this.pointer?.cancel();
    this.store.goBack(kind);
  }

  /** Goes back to the step that is looked at. */
  returnHere(): void {
    const step = this.store.beside.moment.value?.step;
    if (step !== undefined) void this.store.wish({ kind: "restore", step });
  }

  /** Puts the step that is looked at on the shelf, to go on from. */
  branchHere(): void {
    const step = this.store.beside.moment.value?.step;
    if (step !== undefined) void this.store.wish({ kind: "branch", step });
  }

  /** Puts the present on the shelf. */
  keep(): void {
    void this.store.wish({ kind: "keep" });
  }

  frozen(): readonly Frozen[] {
    return this.store.settings.value?.frozen ?? [];
  }

  /** How high the rows of the channels are together; 0 where they are not shown. */
  get rowsHeight(): number {
    const channels = this.store.sequence.value?.channels ?? 1;
    return this.isStacked.value && channels > 1 ? channels * ROW : 0;
  }

  get isZoomed(): boolean {
    return this.range.value !== null;
  }

  /** Shows samples of a range, or (null) all. */
  look(range: Range | null): void {
    const { time } = this.chart;
    const wished = range && within(range, time);
    const all = everything(time);
    const isAll = wished === null || (wished.low <= all.low && wished.high >= all.high);
    this.range.value = isAll ? null : wished;
    const [first, last] = isAll ? [0, time - 1] : [Math.ceil(wished.low), Math.floor(wished.high)];
    if (!this.#picture?.pointer.isBusy) this.hand.say(`Samples ${first} to ${last} are shown`);
  }

  /** Zooms by one press of a key: in, out, or (0) to all. */
  zoom(direction: number): void {
    if (direction === 0) {
      this.look(null);
      return;
    }
    const { visible, time } = this.chart;
    const focused = this.#picture?.overlay.focused();
    const middle = focused ?? (visible.low + visible.high) / 2;
    this.look(zoomed(visible, middle, STEP.zoom ** direction, time));
  }

  pan(direction: number): void {
    const { visible, time } = this.chart;
    this.look(panned(visible, direction * STEP.pan * (visible.high - visible.low), time));
  }

  /** Pans to a sample that is out of sight. */
  reveal(index: number): void {
    const { range, chart } = this;
    if (range.value !== null) range.value = revealing(range.value, index, chart.time);
  }

  /** Ends a choice that is under way. */
  cancelZoom(): boolean {
    return this.#picture?.zoomer.cancel() ?? false;
  }

  /** The first and the last sample that are seen. */
  seen(time: number): { first: number; last: number } {
    const { low, high } = within(this.range.value ?? everything(time), time);
    return { first: Math.max(0, Math.ceil(low)), last: Math.min(time - 1, Math.floor(high)) };
  }

  /** The samples that the page has as they are: of long sequences those in sight, where a pixel holds no more than one. */
  known(): { readonly first: number; readonly last: number } {
    const { time, stride } = this.chart;
    if (!this.store.showing.isWindowed) return { first: 0, last: time - 1 };
    return stride === 1 ? this.seen(time) : { first: 0, last: -1 };
  }

  /** Control points that can be moved: not where samples are frozen. */
  points(time = this.chart.time): readonly number[] {
    const seen = this.seen(time);
    return this.hand.points.all(seen).filter((index) => !this.hand.isFrozen(index));
  }

  /** Takes a control point away, or puts one on a sample. */
  togglePoint(point: number | null, sample: number | null): void {
    const { hand } = this;
    if (point !== null) {
      const next = this.points().find((other) => other > point) ?? this.points()[0];
      hand.points.remove(point);
      hand.say(`Control point at sample ${point} removed`);
      if (next !== undefined && next !== point) this.focusPoint(next);
    } else if (sample !== null) {
      hand.points.add(sample);
      hand.say(`Control point at sample ${sample} added`);
    }
    this.#picture?.request();
  }

  /** Puts a control point halfway to the next one, and goes there. */
  addPointAfter(index: number): void {
    const next = this.points().find((other) => other > index) ?? this.chart.time - 1;
    const middle = Math.round((index + next) / 2);
    if (middle === index || middle === next || this.hand.isFrozen(middle)) return;
    this.togglePoint(null, middle);
    this.#picture?.draw();
    this.focusPoint(middle);
  }

  /** Takes a tool by its key, and goes to where it works. */
  pick(tool: Tool): void {
    this.hand.choose(tool);
    this.#picture?.draw();
    if (tool === "drag") this.focus();
    else this.#picture?.overlay.focusCaret();
  }

  /** Opens a field for the value of a control point. */
  type(index: number): void {
    this.#picture?.overlay.type(index);
  }

  /** Moves a sample to a value that was typed. */
  set(index: number, value: number): void {
    const gesture = this.hand.take(index, "around");
    if (gesture === null) return;
    gesture.moveTo(index, value);
    this.letGo(gesture);
  }

  /** The channel as commands name it: null where there is only one. */
  namedChannel(): number | null {
    return (this.store.sequence.value?.channels ?? 1) > 1 ? this.channel.value : null;
  }

  unfreeze({ start, stop, channel, dream }: Frozen): void {
    if (this.isReadOnly) return;
    void this.store.command({ type: "unfreeze", start, stop, channel, dream });
    this.focus();
  }

  /** Takes the keys to itself. */
  focus(): void {
    this.root.focus({ preventScroll: true });
  }

  focusPoint(index: number): boolean {
    return this.#picture?.overlay.focusPoint(index) ?? false;
  }

  /** Shows what the pointer or a key holds. */
  hold(gesture: Gesture | null): void {
    this.held.value = gesture && { gesture };
  }

  /** Shows what a pen has drawn. */
  drawWith(stroke: Stroke | null): void {
    this.pen.value = stroke && { stroke };
  }

  /** Ends a gesture; a control point goes along with the sample that was slid. */
  letGo(gesture: Gesture): void {
    const { index, value, grip } = gesture;
    const hasFocus = this.#picture?.overlay.focused() === grip.index;
    gesture.release();
    if (gesture.isUntouched) return;
    this.hand.say(`Sample ${index} at ${figure(value)}`);
    if (index === grip.index) return;
    this.hand.points.move(grip.index, index);
    this.hold(null);
    this.#picture?.draw();
    if (hasFocus) this.focusPoint(index);
  }

  /** Terms the timeline shows: what is switched on, and has a value of its own. */
  terms(): readonly Term[] {
    const regularizers = this.store.settings.value?.regularizers ?? [];
    const { columns } = this.store.history.value;
    return regularizers.flatMap(({ name, enabled }, position) =>
      enabled && columns.get(name)?.some(Number.isFinite) ? [{ name, position }] : [],
    );
  }
}
