/** One hold of one sample, from the first move to the release: what is drawn, and what is sent. */

import type { Change, Move } from "../protocol";
import { clampRadius } from "./kernel";
import { held, type Preview } from "./previews";
import { type Throttle, throttleNewest } from "./throttle";

/** At most about 30 changes a second cross the wire. */
export const INTERVAL = 1000 / 30;

/** What a gesture needs of the store. */
export interface Changes {
  newGesture(): number;
  draft(gesture: number, changes: readonly Change[]): void;
  sendChanges(gesture: number, changes: readonly Change[]): void;
  release(gesture: number): void;
  /** Undoes what a gesture did that has just been released. */
  takeBack(gesture: number): void;
}

/** What is taken hold of. */
export interface Grip {
  readonly index: number;
  readonly channel: number | null;
  /** Where the sample stood when it was taken. */
  readonly from: number;
  readonly radius: number;
  readonly time: number;
}

/** What a hand does with a sample that it holds, however that is brought about. */
export interface Gesture {
  readonly grip: Grip;
  /** Where the sample is now. */
  readonly index: number;
  readonly value: number;
  readonly radius: number;
  /** Nothing was moved yet: a press alone changes nothing. */
  readonly isUntouched: boolean;
  /** What is held, over whatever a frame says. */
  readonly previews: readonly Preview[];
  moveTo(index: number, value: number): void;
  reach(radius: number): void;
  release(): void;
  /** Puts everything back where it was taken, and lets go. */
  cancel(): void;
}

/** Moves a sample up and down, and its neighbourhood with it. */
export class Drag implements Gesture {
  readonly grip: Grip;
  readonly #changes: Changes;
  readonly #limit: (value: number) => number;
  readonly #id: number;
  readonly #throttle: Throttle<Move>;
  #value: number;
  #radius: number;
  #sent: Move | null = null;
  #isOver = false;

  /** The sample itself keeps to a limit, where there is one. */
  constructor(changes: Changes, grip: Grip, limit = (value: number) => value) {
    this.#changes = changes;
    this.#limit = limit;
    this.grip = grip;
    this.#id = changes.newGesture();
    this.#value = grip.from;
    this.#radius = grip.radius;
    this.#throttle = throttleNewest(INTERVAL, (move) => this.#send(move));
  }

  get index(): number {
    return this.grip.index;
  }

  get value(): number {
    return this.#value;
  }

  get radius(): number {
    return this.#radius;
  }

  get isUntouched(): boolean {
    return this.#sent === null;
  }

  get previews(): readonly Preview[] {
    return this.isUntouched ? [] : [held(this.#id, this.#move())];
  }

  moveTo(_index: number, value: number): void {
    if (this.#isOver || !Number.isFinite(value)) return;
    this.#value = this.#limit(value);
    this.#push();
  }

  reach(radius: number): void {
    const next = clampRadius(radius, this.grip.time);
    if (this.#isOver || next === this.#radius) return;
    this.#radius = next;
    if (!this.isUntouched) this.#push();
  }

  release(): void {
    if (this.#isOver) return;
    this.#throttle.flush();
    this.#isOver = true;
    if (!this.isUntouched) this.#changes.release(this.#id);
  }

  cancel(): void {
    this.#value = this.grip.from;
    if (!this.isUntouched) this.#push();
    else this.#throttle.cancel();
    this.release();
  }

  #move(): Move {
    const { index, channel } = this.grip;
    return { index, channel, value: this.#value, radius: this.#radius };
  }

  #push(): void {
    const move = this.#move();
    this.#changes.draft(this.#id, [move]);
    this.#throttle.push(move);
  }

  #send(move: Move): void {
    // A move displaces from where the sample stands, so the old reach is taken back before a new one.
    const back =
      this.#sent !== null && this.#sent.radius !== move.radius
        ? [{ ...this.#sent, value: this.grip.from }]
        : [];
    this.#sent = move;
    this.#changes.sendChanges(this.#id, [...back, move]);
  }
}
