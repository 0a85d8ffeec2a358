/** One rendered widget: its element, its tools, its charts. Several views may share one store. */

import { effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import { controlPoints } from "./chart/geometry";
import { Overlay } from "./chart/overlay";
import { Scheduler } from "./chart/scheduler";
import { channelOf, SequenceChart } from "./chart/sequence";
import { Strip } from "./chart/strip";
import { Theme } from "./chart/theme";
import { type Term, TimelineChart } from "./chart/timeline";
import { watchBox } from "./chart/watch";
import type { Gesture } from "./edit/gesture";
import { isFrozen } from "./edit/kernel";
import { Keys } from "./edit/keys";
import { Pointer } from "./edit/pointer";
import { type Preview, previewed } from "./edit/previews";
import type { Frozen, Return, Sequence } from "./protocol";
import { Reader } from "./reading/reader";
import { Scrub } from "./reading/scrub";
import type { Store } from "./store";

export type Tool = "drag" | "freeze";

interface Charts {
  readonly sequence: SequenceChart;
  readonly strip: Strip;
  readonly timeline: TimelineChart;
  readonly scrub: Scrub;
  readonly overlay: Overlay;
  readonly pointer: Pointer;
}

export class View {
  /** Tells the radio groups of two views on one page apart. */
  readonly id = Math.random().toString(36).slice(2);
  readonly store: Store;
  readonly root: HTMLElement;
  readonly theme: Theme;
  readonly tool = signal<Tool>("drag");
  readonly channel = signal(0);
  readonly reader: Reader;
  readonly brush = signal<{ start: number; stop: number; thaws: boolean } | null>(null);
  readonly #held = signal<{ gesture: Gesture; value: number; radius: number } | null>(null);
  readonly #scheduler = new Scheduler(() => this.#draw());
  #charts: Charts | null = null;
  #isVisible = true;
  #painted: Sequence | null = null;
  #paintedChannel = 0;
  #paintedLines: readonly unknown[] = [];
  #drawn = 0;

  constructor(store: Store, root: HTMLElement, signal: AbortSignal) {
    this.store = store;
    this.root = root;
    this.theme = new Theme(root);
    this.reader = new Reader(store);
    new Keys(this, signal);
    signal.addEventListener("abort", () => this.#scheduler.cancel());
  }

  get chart(): SequenceChart {
    if (this.#charts === null) throw new Error("the charts are not mounted");
    return this.#charts.sequence;
  }

  get pointer(): Pointer | null {
    return this.#charts?.pointer ?? null;
  }

  /** Puts the charts into their places; the answer takes them away again. */
  mount(main: HTMLElement, push: HTMLElement, timeline: HTMLElement): () => void {
    const abort = new AbortController();
    this.theme.refresh();
    const sequence = new SequenceChart(main, this.theme);
    const overlay = new Overlay(sequence, (band) => this.unfreeze(band));
    const strip = new Strip(push, this.theme);
    const lines = new TimelineChart(timeline, this.theme);
    const scrub = new Scrub(this, lines, abort.signal);
    const box = () => {
      strip.resize(push.clientWidth, push.clientHeight);
      sequence.resize(main.clientWidth, main.clientHeight);
      lines.resize(timeline.clientWidth, timeline.clientHeight);
      this.#scheduler.request();
    };
    const pointer = new Pointer(this, sequence, abort.signal);
    this.#charts = { sequence, overlay, strip, timeline: lines, scrub, pointer };
    watchBox([main, timeline], box, (isVisible) => this.#show(isVisible), abort.signal);
    this.theme.watch(() => this.#recolour(), abort.signal);
    const stop = effect(() => this.#follow());
    return () => {
      stop();
      abort.abort();
      this.#scheduler.cancel();
      this.#charts = null;
      sequence.destroy();
      strip.destroy();
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

  /** Control points that can be moved: not where samples are frozen. */
  points(time = this.chart.time): readonly number[] {
    const frozen = this.frozen();
    return controlPoints(time).filter((index) => !isFrozen(frozen, index, this.channel.value));
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

  hold(gesture: Gesture | null): void {
    this.#held.value =
      gesture === null ? null : { gesture, value: gesture.value, radius: gesture.radius };
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
    this.#paintedChannel = channel;
    const held = this.#held.value;
    const points = this.points(sequence.time);
    chart.paint({
      sequence: past ?? previewed(sequence, this.#previews(), this.frozen()),
      ghosts: this.reader.shown.value,
      envelope: store.envelope.value,
      frozen: this.frozen(),
      channel,
      points: this.isReadOnly ? [] : points.filter((index) => index !== held?.gesture.grip.index),
      isHeld: held !== null,
    });
    const push = past === null ? store.beside.push.value : null;
    strip.paint(push && channelOf(push, channel), chart);
    const isReading = this.#paintLines(timeline);
    scrub.place();
    overlay.update({
      points: past === null ? points : [],
      frozen: chart.frozenHere(),
      held: held && {
        index: held.gesture.grip.index,
        from: held.gesture.grip.from,
        value: held.value,
        radius: held.radius,
      },
      brush: this.brush.value,
      isAtRest: !this.isPlaying(),
      isReading,
    });
    this.#report(sequence);
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
    const previews = this.store.previews.value;
    const held = this.#held.value?.gesture;
    const preview = held?.preview ?? null;
    if (preview === null || this.store.isRefused(preview.gesture)) return previews;
    return [...previews, preview];
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
