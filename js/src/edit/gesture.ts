/** One hold of one sample, from the first move to the release: what is drawn, and what is sent. */

import type { Move } from "../protocol";
import { clampRadius } from "./kernel";
import type { Preview } from "./previews";
import { type Throttle, throttleNewest } from "./throttle";

/** At most about 30 moves a second cross the wire. */
const INTERVAL = 1000 / 30;

/** What a gesture needs of the store. */
export interface Moves {
  newGesture(): number;
  draft(gesture: number, move: Move): void;
  sendMove(gesture: number, move: Move): void;
  release(gesture: number): void;
}

export interface Grip {
  readonly index: number;
  readonly channel: number | null;
  /** Where the sample stood when it was taken. */
  readonly from: number;
  readonly radius: number;
  readonly time: number;
}

export class Gesture {
  readonly grip: Grip;
  readonly #moves: Moves;
  readonly #id: number;
  readonly #throttle: Throttle<Move>;
  #value: number;
  #radius: number;
  #sent: Move | null = null;
  #isOver = false;

  constructor(moves: Moves, grip: Grip) {
    this.#moves = moves;
    this.grip = grip;
    this.#id = moves.newGesture();
    this.#value = grip.from;
    this.#radius = grip.radius;
    this.#throttle = throttleNewest(INTERVAL, (move) => this.#send(move));
  }

  get value(): number {
    return this.#value;
  }

  get radius(): number {
    return this.#radius;
  }

  /** Nothing was moved yet: a press alone changes nothing. */
  get isUntouched(): boolean {
    return this.#sent === null;
  }

  /** Where the sample is held; null before the first move. */
  get preview(): Preview | null {
    return this.isUntouched
      ? null
      : { gesture: this.#id, move: this.#move(), id: null, step: null };
  }

  moveTo(value: number): void {
    if (this.#isOver || !Number.isFinite(value)) return;
    this.#value = value;
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
    if (!this.isUntouched) this.#moves.release(this.#id);
  }

  /** Puts the sample back where it was taken, and lets go. */
  cancel(): void {
    if (!this.isUntouched) this.moveTo(this.grip.from);
    else this.#throttle.cancel();
    this.release();
  }

  #move(): Move {
    const { index, channel } = this.grip;
    return { index, channel, value: this.#value, radius: this.#radius };
  }

  #push(): void {
    const move = this.#move();
    this.#moves.draft(this.#id, move);
    this.#throttle.push(move);
  }

  #send(move: Move): void {
    // A move displaces from where the sample stands, so the old reach is taken back before a new one.
    if (this.#sent !== null && this.#sent.radius !== move.radius) {
      this.#moves.sendMove(this.#id, { ...this.#sent, value: this.grip.from });
    }
    this.#moves.sendMove(this.#id, move);
    this.#sent = move;
  }
}
