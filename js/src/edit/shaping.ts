/** Gestures that set the neighbourhood of a sample themselves: slid along time, or kept within the envelope. */

import type { Changes, Gesture, Grip } from "./gesture";
import { between, clampRadius, displacedWithin, type Shape, slid, slideReach } from "./kernel";
import type { Preview } from "./previews";
import { type Ground, type Stroke, strokeOn } from "./stroke";

abstract class Shaping implements Gesture {
  readonly grip: Grip;
  protected readonly stroke: Stroke;
  protected readonly ground: Ground;
  #index: number;
  #value: number;
  #radius: number;

  constructor(changes: Changes, grip: Grip, ground: Ground) {
    this.grip = grip;
    this.ground = ground;
    this.stroke = strokeOn(changes, ground);
    this.#index = grip.index;
    this.#value = grip.from;
    this.#radius = grip.radius;
  }

  get index(): number {
    return this.#index;
  }

  get value(): number {
    return this.#value;
  }

  get radius(): number {
    return this.#radius;
  }

  get isUntouched(): boolean {
    return this.stroke.isUntouched;
  }

  get previews(): readonly Preview[] {
    return this.stroke.previews;
  }

  moveTo(index: number, value: number): void {
    if (!Number.isFinite(value)) return;
    [this.#index, this.#value] = this.allowed(index, value);
    this.#shape();
  }

  reach(radius: number): void {
    const next = clampRadius(radius, this.grip.time);
    if (next === this.#radius) return;
    this.#radius = next;
    if (!this.isUntouched) this.#shape();
  }

  release(): void {
    this.stroke.release();
  }

  cancel(): void {
    this.stroke.cancel();
  }

  #shape(): void {
    this.stroke.become(this.shape(this.#index, this.#value, this.#radius));
  }

  /** Where the sample may go. */
  protected abstract allowed(index: number, value: number): [number, number];

  protected abstract shape(index: number, value: number, radius: number): Shape;
}

/** So much wider than the way must be what is known around a slide. */
const ROOM = 3;

/** Carries a sample along time at its level. */
export class Slide extends Shaping {
  override get radius(): number {
    return slideReach(this.index - this.grip.index, super.radius);
  }

  get #isWhole(): boolean {
    const { first, last } = this.ground.known;
    return first === 0 && last === this.grip.time - 1;
  }

  protected allowed(index: number): [number, number] {
    const { index: from, time } = this.grip;
    if (this.#isWhole) return [between(Math.round(index), 0, time - 1), this.grip.from];
    // Nothing can be stretched beyond what is known.
    const { first, last } = this.ground.known;
    const room = Math.trunc(Math.min(from - first, last - from) / ROOM);
    return [from + between(Math.round(index) - from, -room, room), this.grip.from];
  }

  protected shape(index: number, _value: number, radius: number): Shape {
    const { first, last } = this.ground.known;
    const reach = this.#isWhole ? radius : Math.min(radius, index - first, last - index);
    return slid(this.stroke.base, this.grip.index, index - this.grip.index, reach);
  }
}

/** The range of real members, sample by sample. */
export interface Limits {
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
}

/** As a drag, but within limits: the sample goes no further, and none of its neighbours is pushed out. */
export class LimitedDrag extends Shaping {
  readonly #limits: Limits;

  constructor(changes: Changes, grip: Grip, ground: Ground, limits: Limits) {
    super(changes, grip, ground);
    this.#limits = limits;
  }

  protected allowed(_index: number, value: number): [number, number] {
    const { index } = this.grip;
    const { low, high } = this.#limits;
    return [index, between(value, low[index] ?? value, high[index] ?? value)];
  }

  protected shape(index: number, value: number, radius: number): Shape {
    const { low, high } = this.#limits;
    return displacedWithin(this.stroke.base, index, value, radius, low, high);
  }
}
