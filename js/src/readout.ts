/** The numbers people read and the timeline: brought up to date at a pace that eyes can follow. */

import { batch, signal } from "@preact/signals";
import { throttleNewest } from "./edit/throttle";
import { EMPTY, type History, merge } from "./history";
import type { Frame, Snapshot } from "./protocol";

/** Milliseconds; the curve itself is painted with every frame. */
const INTERVAL = 200;
/** So long they wait for the next frame: a page that changes between two frames is composed once more for it. */
const PATIENCE = 50;

export class Readout {
  readonly step = signal(0);
  readonly stepsPerSecond = signal(0);
  readonly probabilities = signal<Float32Array | null>(null);
  readonly history = signal<History>(EMPTY);
  #unread: Frame[] = [];
  readonly #throttle = throttleNewest<void>(INTERVAL, () => this.#read(), PATIENCE);

  /** Begins anew with all that is known. */
  begin(snapshot: Snapshot): void {
    this.#unread = [];
    this.#throttle.cancel();
    this.history.value = merge(EMPTY, snapshot.rows);
    this.#show(snapshot);
  }

  push(frame: Frame): void {
    this.#unread.push(frame);
    this.#throttle.push();
  }

  /** Shows what waits, now. */
  flush(): void {
    this.#throttle.flush();
  }

  close(): void {
    this.#throttle.cancel();
  }

  #read(): void {
    const frames = this.#unread;
    const last = frames.at(-1);
    if (last === undefined) return;
    this.#unread = [];
    batch(() => {
      this.history.value = frames.reduce(
        (history, { rows }) => merge(history, rows),
        this.history.value,
      );
      this.#show(last);
    });
  }

  #show({ step, stepsPerSecond, probabilities }: Snapshot | Frame): void {
    this.step.value = step;
    this.stepsPerSecond.value = stepsPerSecond;
    if (probabilities !== null) this.probabilities.value = probabilities;
    else if (step === 0) this.probabilities.value = null;
  }
}
