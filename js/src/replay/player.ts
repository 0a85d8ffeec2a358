/** Which step of a recording is shown, and what there is to see of it. */

import { batch, computed, signal } from "@preact/signals";
import { type History, lastUpTo } from "../history";
import type { Envelope, Sequence } from "../protocol";
import type { Chapter, Recording, Settings } from "./recording";

/** Seconds that a whole run takes at speed 1. */
const SECONDS = 15;
export const SPEEDS = [0.25, 1, 4] as const;

export class Player {
  readonly recording: Recording;
  /** The numbers of all steps, as the charts read them. */
  readonly history: History;
  readonly step = signal(0);
  readonly isPlaying = signal(false);
  readonly speed = signal<number>(1);
  readonly channel = signal(0);
  /** The column that the timeline shows alone; all of them where it is null. */
  readonly alone = signal<string | null>(null);

  /** The row of numbers of the step, or of the nearest one before it; −1 before the first. */
  readonly row = computed(() => lastUpTo(this.recording.steps, this.step.value));
  readonly #place = computed(() => lastUpTo(this.recording.sequenceSteps, this.step.value));
  readonly sequence = computed<Sequence>(() => {
    const { recording } = this;
    if (this.isAtEnd.value) return recording.now;
    return recording.sequences[this.#place.value] ?? recording.start;
  });
  /** The step of the sequence: not every one has room in the page. */
  readonly sequenceStep = computed(() =>
    this.isAtEnd.value
      ? this.recording.step
      : (this.recording.sequenceSteps[this.#place.value] ?? 0),
  );
  readonly isAtEnd = computed(() => this.step.value >= this.recording.step);
  /** How many of the chapters were over: at the end also what was done after the last step. */
  readonly past = computed(() => {
    const { chapters } = this.recording;
    if (this.isAtEnd.value) return chapters.length;
    return chapters.filter(({ step }) => step <= this.step.value).length;
  });
  readonly settings = computed<Settings>(
    () => this.recording.chapters[this.past.value - 1]?.settings ?? this.recording.first,
  );
  readonly envelope = computed<Envelope | null>(() => {
    const { envelope } = this.settings.value;
    return envelope === null ? null : (this.recording.envelopes[envelope] ?? null);
  });

  #handle: number | null = null;

  constructor(recording: Recording) {
    this.recording = recording;
    this.history = historyOf(recording);
    this.step.value = recording.step;
  }

  /** The value of a column in a row; NaN where there is none. */
  value(column: string, row: number): number {
    return this.history.columns.get(column)?.[row] ?? Number.NaN;
  }

  probability(place: number, row: number): number {
    return this.recording.probabilities[row * this.recording.classes.length + place] ?? Number.NaN;
  }

  seek(step: number): void {
    this.step.value = Math.min(this.recording.step, Math.max(0, Math.round(step)));
  }

  /** Steps that were shown or skipped by hand end the playing. */
  scrub(step: number): void {
    this.pause();
    this.seek(step);
  }

  visit({ step }: Chapter): void {
    this.scrub(step);
  }

  /** To the next step at which something was done, or to the one before. */
  toChapter(direction: 1 | -1): void {
    const now = this.step.value;
    const steps = this.recording.chapters.map(({ step }) => Math.min(step, this.recording.step));
    const found =
      direction > 0 ? steps.find((step) => step > now) : steps.filter((step) => step < now).at(-1);
    if (found !== undefined) this.scrub(found);
  }

  toggle(): void {
    if (this.isPlaying.value) this.pause();
    else this.play();
  }

  pause(): void {
    this.isPlaying.value = false;
    if (this.#handle !== null) cancelAnimationFrame(this.#handle);
    this.#handle = null;
  }

  play(): void {
    if (this.recording.step === 0) return;
    batch(() => {
      this.isPlaying.value = true;
      if (this.isAtEnd.value) this.seek(0);
    });
    let at = this.step.value;
    let before: number | null = null;
    const advance = (now: number) => {
      const seconds = before === null ? 0 : (now - before) / 1000;
      before = now;
      at += (seconds * this.speed.value * this.recording.step) / SECONDS;
      this.seek(Math.floor(at));
      if (this.isAtEnd.value) this.pause();
      else this.#handle = requestAnimationFrame(advance);
    };
    this.#handle = requestAnimationFrame(advance);
  }
}

function historyOf({ steps, columns, scalars }: Recording): History {
  const width = columns.length;
  return {
    steps: Array.from(steps),
    columns: new Map(
      columns.map((name, column) => [
        name,
        Array.from(steps, (_, row) => scalars[row * width + column] ?? Number.NaN),
      ]),
    ),
  };
}
