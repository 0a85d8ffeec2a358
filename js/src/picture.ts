/** What one view shows: its charts in their places, painted when something that they show has changed. */

import { effect, untracked } from "@preact/signals";
import { changes } from "./chart/changed";
import { cursorOn } from "./chart/cursor";
import { multiplesOn } from "./chart/multiples";
import { type CaretState, type Overlay, overlayOn } from "./chart/overlay";
import { scheduled } from "./chart/scheduler";
import { channelOf, SequenceChart } from "./chart/sequence";
import { stripOn } from "./chart/strip";
import { TimelineChart } from "./chart/timeline";
import { watchBox } from "./chart/watch";
import { everything, within } from "./chart/zoom";
import { type Pointer, pointerOn } from "./edit/pointer";
import { pointCount } from "./edit/points";
import { type Preview, previewed } from "./edit/previews";
import { type Zoomer, zoomerOn } from "./edit/zoomer";
import type { Sequence } from "./protocol";
import { scrubOn } from "./reading/scrub";
import type { View } from "./view";
import { strideOf } from "./windows";

/** Where the charts go. */
export interface Places {
  readonly chart: HTMLElement;
  readonly channels: HTMLElement;
  readonly push: HTMLElement;
  readonly timeline: HTMLElement;
}

export interface Picture {
  readonly chart: SequenceChart;
  readonly overlay: Overlay;
  readonly pointer: Pointer;
  readonly zoomer: Zoomer;
  /** Paints with the next animation frame. */
  request(): void;
  /** Paints now. */
  draw(): void;
  close(): void;
}

/** A view asks for so much beside what it shows, as part of that: it is there when one pans. */
const MARGIN = 0.25;
/** Columns that a view may ask for. */
const WIDEST = 8192;

export function pictureOf(view: View, places: Places): Picture {
  const { store, root, theme, hand, caret, reader } = view;
  /** What the kernel knows this view by. */
  const number = 1 + Math.floor(Math.random() * 2 ** 40);
  const abort = new AbortController();
  const { signal } = abort;
  const scheduler = scheduled(() => draw());
  const request = () => scheduler.request();
  theme.refresh();
  const chart = new SequenceChart(places.chart, theme);
  const multiples = multiplesOn(places.channels, theme, chart);
  const strip = stripOn(places.push, theme);
  const timeline = new TimelineChart(places.timeline, theme);
  const charts = [
    [strip, places.push],
    [multiples, places.channels],
    [chart, places.chart],
    [timeline, places.timeline],
  ] as const;
  const overlay = overlayOn(chart, {
    unlock: (band) => view.unfreeze(band),
    set: (index, value) => view.set(index, value),
    touched: request,
  });
  const cursor = cursorOn(chart, signal);
  const scrub = scrubOn(view, timeline, signal);
  // The zoom hears first: what it takes, no other tool gets.
  const zoomer = zoomerOn(view, chart, signal);
  const pointer = pointerOn(view, chart, signal);

  let isVisible = true;
  let painted: Sequence | null = null;
  let paintedChannel = 0;
  let drawn = 0;
  const pushChanges = changes();
  const linesChange = changes();

  const isInSight = () => isVisible && root.isConnected && !document.hidden;

  /** Control points follow the curve, but not away from under a hand. */
  const placePoints = (values: Float32Array, stride: number): void => {
    if (pointer.isBusy || view.held.value !== null || caret.isDown) return;
    const focused = overlay.focused();
    hand.points.follow(
      values,
      view.seen(values.length),
      pointCount(chart.width),
      view.isPlaying() ? null : store.sequenceStep.value,
      (index) => index === focused || pointer.isNear(index),
      stride,
    );
  };

  /** Tells the kernel what is seen, for sequences of which it does not send all; returns how much of them it knows. */
  const tellShown = (time: number): number => {
    const { showing } = store;
    const { low, high } = within(view.range.value ?? everything(time), time);
    const width = Math.max(1, Math.round(chart.width));
    const margin = MARGIN * (high - low);
    const start = Math.max(0, Math.floor(low - margin));
    const stop = Math.min(time, Math.ceil(high + margin) + 1);
    const share = (stop - start) / (high - low || 1);
    const shown = { start, stop, width: Math.min(WIDEST, Math.ceil(width * share)) };
    showing.show(number, shown);
    return showing.isWindowed ? strideOf(stop - start, shown.width) : 1;
  };

  /** Open moves; while the hand holds a sample it stays under the hand, whatever a frame says. */
  const previews = (): readonly Preview[] => {
    const hands = [view.held.value?.gesture, view.pen.value?.stroke, caret.stroke];
    const held = hands.flatMap((one) => one?.previews ?? []);
    return [...store.previews.value, ...held.filter(({ gesture }) => !store.isRefused(gesture))];
  };

  /** Where the keyboard is, with a tool that needs a place. */
  const caretState = (): CaretState | null => {
    const tool = view.tool.value;
    if (tool === "drag" || view.isReadOnly) return null;
    const { index, value } = caret.at();
    return { index, value: tool === "draw" ? value : null, text: caret.text() };
  };

  /** Where the gradient pushes is told less often than the curve. */
  const paintPush = (push: Sequence | null, channel: number): void => {
    const { low, high } = chart.visible;
    if (pushChanges(push, channel, low, high, chart.width, theme.colours))
      strip.paint(push && channelOf(push, channel), chart);
  };

  /** The timeline follows at a reader's pace: a canvas costs as much as the curve it shows. */
  const paintLines = (): boolean => {
    const history = store.history.value;
    const settings = store.settings.value;
    const isNew = linesChange(history, settings);
    if (isNew) timeline.paint(history, view.terms(), settings?.deeds);
    return isNew;
  };

  const report = (sequence: Sequence): void => {
    if (sequence === painted) return;
    painted = sequence;
    drawn += 1;
    root.dataset.drawn = String(drawn);
    root.dataset.paintedStep = String(store.sequenceStep.value);
    store.painted(store.number);
  };

  const paint = (): void => {
    const sequence = store.sequence.value;
    if (sequence === null || !isInSight()) return;
    const { past } = reader;
    const channel = Math.min(view.channel.value, sequence.channels - 1);
    if (channel !== paintedChannel || sequence.time !== painted?.time) chart.refit();
    paintedChannel = channel;
    const stride = tellShown(sequence.time);
    const held = view.held.value?.gesture ?? null;
    const frozen = view.frozen();
    const now = previewed(sequence, previews(), frozen);
    placePoints(channelOf(now, channel), stride);
    const points = view.points(sequence.time);
    const shown = past ?? now;
    chart.paint({
      sequence: shown,
      ghosts: reader.shown.value,
      envelope: store.envelope.value,
      frozen,
      channel,
      visible: view.range.value,
      units: store.units.value,
      stride,
      points: view.isReadOnly ? [] : points.filter((index) => index !== held?.grip.index),
      isHeld: held !== null || view.pen.value !== null || caret.isDown,
    });
    cursor.place();
    paintPush(past === null ? store.beside.push.value : null, channel);
    const isReading = paintLines();
    const isAtRest = !view.isPlaying();
    if (view.rowsHeight > 0 && (isReading || isAtRest)) multiples.paint(shown, frozen, channel);
    scrub.place();
    overlay.update({
      points: past === null ? points : [],
      frozen: chart.frozenHere(),
      held,
      reach: hand.radius(sequence.time),
      caret: caretState(),
      brush: view.brush.value,
      isAtRest,
      isReading,
    });
    report(sequence);
  };
  const draw = () => untracked(paint);

  const resize = (): void => {
    for (const [one, place] of charts) one.resize(place.clientWidth, place.clientHeight);
    // What has got its room has got its style sheet, too.
    theme.refresh();
    renew();
  };
  const show = (isNow: boolean): void => {
    isVisible = isNow;
    if (isNow) request();
  };
  /** What has another size or other colours is painted anew, and what a browser took away and gave back blank. */
  const renew = (): void => {
    pushChanges();
    linesChange();
    chart.forget();
    request();
  };

  watchBox([places.chart, places.channels, places.timeline], resize, show, signal);
  theme.watch(renew, signal);
  // Everything a picture depends on asks for one.
  const stop = effect(() => {
    for (const input of view.inputs) input.value;
    root.dataset.readOnly = String(view.isReadOnly);
    root.dataset.step = String(store.sequenceStep.value);
    request();
    // Nobody waits for a picture out of sight; without a word from us the kernel would pause its run.
    if (!isInSight()) store.painted(store.number);
  });

  const close = (): void => {
    stop();
    abort.abort();
    store.showing.leave(number);
    scheduler.cancel();
    for (const [one] of charts) one.destroy();
  };
  return { chart, overlay, pointer, zoomer, request, draw, close };
}
