/** One rendered widget: its element, its tools, its charts. Several views may share one store. */

import { effect, type ReadonlySignal, type Signal, signal, untracked } from "@preact/signals";
import { Cursor } from "./chart/cursor";
import { snapped } from "./chart/geometry";
import { Multiples, ROW } from "./chart/multiples";
import { type CaretState, Overlay } from "./chart/overlay";
import type { Range } from "./chart/range";
import { Scheduler } from "./chart/scheduler";
import { channelOf, SequenceChart } from "./chart/sequence";
import { Strip } from "./chart/strip";
import { Theme } from "./chart/theme";
import { type Term, TimelineChart } from "./chart/timeline";
import { watchBox } from "./chart/watch";
import { everything, panned, revealing, within, zoomed } from "./chart/zoom";
import { Caret } from "./edit/caret";
import type { Gesture } from "./edit/gesture";
import { Hand, type Tool } from "./edit/hand";
import { Keys } from "./edit/keys";
import { Pointer } from "./edit/pointer";
import { pointCount } from "./edit/points";
import { type Preview, previewed } from "./edit/previews";
import type { Stroke } from "./edit/stroke";
import { Zoomer } from "./edit/zoomer";
import { figure } from "./format";
import type { Frozen, Return, Sequence } from "./protocol";
import { Reader } from "./reading/reader";
import { Scrub } from "./reading/scrub";
import type { Store } from "./store";
import { strideOf } from "./windows";

export type { Tool };

interface Charts {
  readonly sequence: SequenceChart;
  readonly strip: Strip;
  readonly timeline: TimelineChart;
  readonly scrub: Scrub;
  readonly overlay: Overlay;
  readonly pointer: Pointer;
  readonly zoomer: Zoomer;
  readonly cursor: Cursor;
  readonly multiples: Multiples;
}

/** A view asks for so much beside what it shows, as part of that: it is there when one pans. */
const MARGIN = 0.25;
/** One press of an arrow pans by this part of what is shown; one of + or - shows so many times as much. */
const STEP = { pan: 0.2, zoom: 1.5 };

export class View {
  /** Tells the radio groups of two views on one page apart. */
  readonly id = Math.random().toString(36).slice(2);
  /** What the kernel knows this view by. */
  readonly #number = 1 + Math.floor(Math.random() * 2 ** 40);
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
  readonly #held = signal<{ readonly gesture: Gesture } | null>(null);
  readonly #pen = signal<{ readonly stroke: Stroke } | null>(null);
  readonly #scheduler = new Scheduler(() => this.#draw());
  #charts: Charts | null = null;
  #isVisible = true;
  #painted: Sequence | null = null;
  #paintedChannel = 0;
  #paintedLines: readonly unknown[] = [];
  #paintedPush: readonly unknown[] = [];
  #drawn = 0;

  constructor(store: Store, root: HTMLElement, signal: AbortSignal) {
    this.store = store;
    this.root = root;
    this.theme = new Theme(root);
    this.reader = new Reader(store);
    this.hand = new Hand(this);
    this.caret = new Caret(this);
    new Keys(this, signal);
    signal.addEventListener("abort", () => this.#scheduler.cancel());
  }

  get chart(): SequenceChart {
    if (this.#charts === null) throw new Error("the charts are not mounted");
    return this.#charts.sequence;
  }

  get tool(): Signal<Tool> {
    return this.hand.tool;
  }

  get pointer(): Pointer | null {
    return this.#charts?.pointer ?? null;
  }

  /** Puts the charts into their places; the answer takes them away again. */
  mount(
    main: HTMLElement,
    channels: HTMLElement,
    push: HTMLElement,
    timeline: HTMLElement,
  ): () => void {
    const abort = new AbortController();
    this.theme.refresh();
    const sequence = new SequenceChart(main, this.theme);
    const overlay = new Overlay(sequence, {
      unlock: (band) => this.unfreeze(band),
      set: (index, value) => this.set(index, value),
      touched: () => this.#scheduler.request(),
    });
    const strip = new Strip(push, this.theme);
    const multiples = new Multiples(channels, this.theme, sequence);
    const cursor = new Cursor(sequence, abort.signal);
    const lines = new TimelineChart(timeline, this.theme);
    const scrub = new Scrub(this, lines, abort.signal);
    const box = () => {
      strip.resize(push.clientWidth, push.clientHeight);
      multiples.resize(channels.clientWidth, channels.clientHeight);
      sequence.resize(main.clientWidth, main.clientHeight);
      lines.resize(timeline.clientWidth, timeline.clientHeight);
      this.#scheduler.request();
    };
    // The zoom hears first: what it takes, no other tool gets.
    const zoomer = new Zoomer(this, sequence, abort.signal);
    const pointer = new Pointer(this, sequence, abort.signal);
    this.#charts = {
      sequence,
      overlay,
      strip,
      timeline: lines,
      scrub,
      pointer,
      zoomer,
      cursor,
      multiples,
    };
    watchBox([main, channels, timeline], box, (isVisible) => this.#show(isVisible), abort.signal);
    this.theme.watch(() => this.#recolour(), abort.signal);
    const stop = effect(() => this.#follow());
    return () => {
      stop();
      abort.abort();
      this.store.showing.leave(this.#number);
      this.#scheduler.cancel();
      this.#charts = null;
      sequence.destroy();
      strip.destroy();
      multiples.destroy();
      lines.destroy();
    };
  }

  /** Nothing can be changed: there is no kernel, or what is shown is the past. */
  get isReadOnly(): boolean {
    return this.store.isReadOnly.value || this.reader.past !== null;
  }

  isPlaying(): boolean {
    return this.store.settings.value?.playing ?? false;
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
    if (!this.#charts?.pointer.isBusy) this.hand.say(`Samples ${first} to ${last} are shown`);
  }

  /** Zooms by one press of a key: in, out, or (0) to all. */
  zoom(direction: number): void {
    if (direction === 0) {
      this.look(null);
      return;
    }
    const { visible, time } = this.chart;
    const focused = this.#charts?.overlay.focused();
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
    return this.#charts?.zoomer.cancel() ?? false;
  }

  /** The first and the last sample that are seen. */
  #seen(time: number): { first: number; last: number } {
    const { low, high } = within(this.range.value ?? everything(time), time);
    return { first: Math.max(0, Math.ceil(low)), last: Math.min(time - 1, Math.floor(high)) };
  }

  /** The samples that the page has as they are: of long sequences those in sight, where a pixel holds no more than one. */
  known(): { readonly first: number; readonly last: number } {
    const { time, stride } = this.chart;
    if (!this.store.showing.isWindowed) return { first: 0, last: time - 1 };
    return stride === 1 ? this.#seen(time) : { first: 0, last: -1 };
  }

  /** Control points that can be moved: not where samples are frozen. */
  points(time = this.chart.time): readonly number[] {
    const seen = this.#seen(time);
    return this.hand.points.all(seen).filter((index) => !this.hand.isFrozen(index));
  }

  /** Control points follow the curve, but not away from under a hand. */
  #placePoints(values: Float32Array, stride: number): void {
    const { chart, pointer, hand } = this;
    if (pointer?.isBusy || this.#held.value !== null || this.caret.isDown) return;
    const focused = this.#charts?.overlay.focused();
    hand.points.follow(
      values,
      this.#seen(values.length),
      pointCount(chart.width),
      this.isPlaying() ? null : this.store.sequenceStep.value,
      (index) => index === focused || (pointer?.isNear(index) ?? false),
      (index) => snapped(index, stride, values.length),
    );
  }

  /** Tells the kernel what is seen, for sequences of which it does not send all; returns how much of them it knows. */
  #tellShown(time: number): number {
    const { showing } = this.store;
    const { low, high } = within(this.range.value ?? everything(time), time);
    const width = Math.max(1, Math.round(this.chart.width));
    const margin = MARGIN * (high - low);
    const start = Math.max(0, Math.floor(low - margin));
    const stop = Math.min(time, Math.ceil(high + margin) + 1);
    const share = (stop - start) / (high - low || 1);
    const shown = { start, stop, width: Math.min(8192, Math.ceil(width * share)) };
    showing.show(this.#number, shown);
    return showing.isWindowed ? strideOf(stop - start, shown.width) : 1;
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
    this.#scheduler.request();
  }

  /** Puts a control point halfway to the next one, and goes there. */
  addPointAfter(index: number): void {
    const next = this.points().find((other) => other > index) ?? this.chart.time - 1;
    const middle = Math.round((index + next) / 2);
    if (middle === index || middle === next || this.hand.isFrozen(middle)) return;
    this.togglePoint(null, middle);
    this.#draw();
    this.focusPoint(middle);
  }

  /** Takes a tool by its key, and goes to where it works. */
  pick(tool: Tool): void {
    this.hand.choose(tool);
    this.#draw();
    if (tool === "drag") this.root.focus({ preventScroll: true });
    else this.#charts?.overlay.focusCaret();
  }

  /** Opens a field for the value of a control point. */
  type(index: number): void {
    this.#charts?.overlay.type(index);
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
    this.root.focus({ preventScroll: true });
  }

  focusPoint(index: number): boolean {
    return this.#charts?.overlay.focusPoint(index) ?? false;
  }

  /** Shows what the pointer or a key holds. */
  hold(gesture: Gesture | null): void {
    this.#held.value = gesture && { gesture };
  }

  /** Shows what a pen has drawn. */
  drawWith(stroke: Stroke | null): void {
    this.#pen.value = stroke && { stroke };
  }

  /** Ends a gesture; a control point goes along with the sample that was slid. */
  letGo(gesture: Gesture): void {
    const { index, value, grip } = gesture;
    const hasFocus = this.#charts?.overlay.focused() === grip.index;
    gesture.release();
    if (gesture.isUntouched) return;
    this.hand.say(`Sample ${index} at ${figure(value)}`);
    if (index === grip.index) return;
    this.hand.points.move(grip.index, index);
    this.hold(null);
    this.#draw();
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

  /** Everything a picture depends on asks for one. */
  #follow(): void {
    const { store } = this;
    const inputs: readonly ReadonlySignal<unknown>[] = [
      store.sequence,
      store.envelope,
      store.history,
      store.previews,
      store.settings,
      this.channel,
      this.brush,
      this.#held,
      this.#pen,
      this.range,
      this.isStacked,
      this.caret.place,
      this.hand.tool,
      this.hand.reach,
      store.isReadOnly,
      ...this.reader.inputs,
    ];
    for (const input of inputs) input.value;
    this.root.dataset.readOnly = String(this.isReadOnly);
    this.root.dataset.step = String(store.sequenceStep.value);
    this.#scheduler.request();
    // Nobody waits for a picture out of sight; without a word from us the kernel would pause its run.
    if (!this.#isInSight()) store.painted(store.number);
  }

  #isInSight(): boolean {
    return this.#isVisible && this.root.isConnected && !document.hidden;
  }

  #show(isVisible: boolean): void {
    this.#isVisible = isVisible;
    if (isVisible) this.#scheduler.request();
  }

  #recolour(): void {
    this.#charts?.sequence.repaint();
    this.#charts?.timeline.repaint();
    this.#scheduler.request();
  }

  #draw(): void {
    untracked(() => this.#paint());
  }

  #paint(): void {
    const charts = this.#charts;
    const { store } = this;
    const sequence = store.sequence.value;
    if (charts === null || sequence === null || !this.#isInSight()) return;
    const { sequence: chart, strip, timeline, scrub, overlay } = charts;
    const { past } = this.reader;
    const channel = Math.min(this.channel.value, sequence.channels - 1);
    if (channel !== this.#paintedChannel || sequence.time !== this.#painted?.time) chart.refit();
    const stride = this.#tellShown(sequence.time);
    this.#paintedChannel = channel;
    const held = this.#held.value?.gesture ?? null;
    const shown = previewed(sequence, this.#previews(), this.frozen());
    this.#placePoints(channelOf(shown, channel), stride);
    const points = this.points(sequence.time);
    chart.paint({
      sequence: past ?? shown,
      ghosts: this.reader.shown.value,
      envelope: store.envelope.value,
      frozen: this.frozen(),
      channel,
      visible: this.range.value,
      units: this.store.units.value,
      stride,
      points: this.isReadOnly ? [] : points.filter((index) => index !== held?.grip.index),
      isHeld: held !== null || this.#pen.value !== null || this.caret.isDown,
    });
    charts.cursor.place();
    if (this.isStacked.value && sequence.channels > 1)
      charts.multiples.paint(past ?? shown, this.frozen(), channel);
    this.#paintPush(strip, past === null ? store.beside.push.value : null, channel);
    const isReading = this.#paintLines(timeline);
    scrub.place();
    overlay.update({
      points: past === null ? points : [],
      frozen: chart.frozenHere(),
      held,
      reach: this.hand.radius(sequence.time),
      caret: this.#caret(),
      brush: this.brush.value,
      isAtRest: !this.isPlaying(),
      isReading,
    });
    this.#report(sequence);
  }

  /** Where the keyboard is, with a tool that needs a place. */
  #caret(): CaretState | null {
    const tool = this.tool.value;
    if (tool === "drag" || this.isReadOnly) return null;
    const { index, value } = this.caret.at();
    const isPen = tool === "draw";
    return { index, value: isPen ? value : null, text: this.caret.text() };
  }

  /** Where the gradient pushes is told less often than the curve. */
  #paintPush(strip: Strip, push: Sequence | null, channel: number): void {
    const { chart, theme } = this;
    const { low, high } = chart.visible;
    const state = [strip, push, channel, low, high, chart.width, theme.colours];
    if (state.every((part, position) => part === this.#paintedPush[position])) return;
    this.#paintedPush = state;
    strip.paint(push && channelOf(push, channel), chart);
  }

  /** The timeline follows at a reader's pace: a canvas costs as much as the curve it shows. */
  #paintLines(timeline: TimelineChart): boolean {
    const state = [timeline, this.store.history.value, this.store.settings.value];
    if (state.every((part, position) => part === this.#paintedLines[position])) return false;
    this.#paintedLines = state;
    timeline.paint(this.store.history.value, this.terms());
    return true;
  }

  /** Open moves; while the hand holds a sample it stays under the hand, whatever a frame says. */
  #previews(): readonly Preview[] {
    const hands = [this.#held.value?.gesture, this.#pen.value?.stroke, this.caret.stroke];
    const held = hands.flatMap((hand) => hand?.previews ?? []);
    return [
      ...this.store.previews.value,
      ...held.filter(({ gesture }) => !this.store.isRefused(gesture)),
    ];
  }

  #report(sequence: Sequence): void {
    if (sequence === this.#painted) return;
    this.#painted = sequence;
    this.#drawn += 1;
    this.root.dataset.drawn = String(this.#drawn);
    this.root.dataset.paintedStep = String(this.store.sequenceStep.value);
    this.store.painted(this.store.number);
  }
}
