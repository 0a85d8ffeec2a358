/** The keyboard's place on the curve: where a brush or a pen is, put down and lifted with Enter. */

import { signal } from "@preact/signals";
import { brushed } from "../chart/geometry";
import { figure } from "../format";
import type { View } from "../view";
import { between, drawn } from "./kernel";
import type { Stroke } from "./stroke";

/** With Shift a key goes this part of the curve, or of the value axis. */
const LARGE = { time: 1 / 20, value: 1 / 10 };
const SMALL = 1 / 100;

export interface Place {
  readonly index: number;
  /** Where the pen is. */
  readonly value: number;
}

export class Caret {
  readonly place = signal<Place | null>(null);
  readonly #view: View;
  #anchor: number | null = null;
  #stroke: Stroke | null = null;

  constructor(view: View) {
    this.#view = view;
  }

  /** Its brush or pen is down. */
  get isDown(): boolean {
    return this.#anchor !== null || this.#stroke !== null;
  }

  get stroke(): Stroke | null {
    return this.#stroke;
  }

  /** Where it is; in the middle at first. */
  at(): Place {
    const { values, time } = this.#view.chart;
    const index = Math.min(time - 1, this.place.peek()?.index ?? Math.floor(time / 2));
    return { index, value: this.place.peek()?.value ?? values[index] ?? 0 };
  }

  /** In words. */
  text(): string {
    const { index, value } = this.at();
    const { brush, hand } = this.#view;
    const selected = brush.value;
    if (hand.tool.value === "draw")
      return `sample ${index} at ${figure(value)}, pen ${this.isDown ? "down" : "up"}`;
    return selected === null
      ? `sample ${index}`
      : `samples ${selected.start} to ${selected.stop - 1} selected`;
  }

  key(event: KeyboardEvent): boolean {
    switch (event.key) {
      case "ArrowLeft":
      case "ArrowRight":
        this.#go((event.key === "ArrowLeft" ? -1 : 1) * this.#stride(event.shiftKey));
        return true;
      case "Home":
      case "End":
        this.#go(event.key === "Home" ? -this.#view.chart.time : this.#view.chart.time);
        return true;
      case "ArrowUp":
      case "ArrowDown":
        return this.#rise(event.key === "ArrowUp" ? 1 : -1, event.shiftKey);
      case "Enter":
        this.#press();
        return true;
      case "Escape":
        return this.escape();
      default:
        return false;
    }
  }

  /** Everything as before it was put down. */
  escape(): boolean {
    if (!this.isDown) return false;
    this.#stroke?.cancel();
    this.#lift();
    return true;
  }

  /** The hand goes elsewhere: what was drawn stays, what was selected is let go. */
  leave(): void {
    if (!this.isDown) return;
    this.#stroke?.release();
    this.#lift();
  }

  #lift(): void {
    this.#stroke = null;
    this.#anchor = null;
    this.#view.brush.value = null;
    this.#show(this.at());
  }

  #stride(isLarge: boolean): number {
    return isLarge ? Math.max(2, Math.round(this.#view.chart.time * LARGE.time)) : 1;
  }

  #show(place: Place): void {
    this.place.value = { ...place };
  }

  #go(by: number): void {
    const { time, values } = this.#view.chart;
    const from = this.at();
    const index = between(from.index + by, 0, time - 1);
    const isPen = this.#stroke !== null;
    const to = { index, value: isPen ? from.value : (values[index] ?? from.value) };
    this.#stroke?.add(this.#limited(from, to));
    this.#view.reveal(index);
    this.#show(to);
    this.#select();
  }

  #rise(sign: number, isLarge: boolean): boolean {
    if (this.#view.hand.tool.value !== "draw") return false;
    const { low, high } = this.#view.chart.range;
    const { index, value } = this.at();
    const to = { index, value: value + sign * (isLarge ? LARGE.value : SMALL) * (high - low) };
    this.#stroke?.add(this.#limited(to, to));
    this.#show({
      index,
      value: this.#stroke ? this.#view.hand.limited(index, to.value) : to.value,
    });
    return true;
  }

  #limited(from: Place, to: Place) {
    const { start, values } = drawn(from, to);
    const limited = (value: number, at: number) => this.#view.hand.limited(start + at, value);
    return { start, values: values.map(limited) };
  }

  #press(): void {
    const { hand } = this.#view;
    const { index, value } = this.at();
    if (hand.tool.value === "draw") {
      if (this.#stroke !== null) {
        this.leave();
        hand.say("Drawn");
        return;
      }
      this.#stroke = hand.pen();
      this.#stroke.add(this.#limited({ index, value }, { index, value }));
      this.#show({ index, value });
      return;
    }
    if (this.#anchor === null) {
      this.#anchor = index;
      this.#select();
      return;
    }
    const { start, stop } = brushed(this.#anchor, index, this.#view.chart.time);
    const kind = hand.kindAt(this.#anchor);
    this.#lift();
    void hand.apply(kind, start, stop);
  }

  #select(): void {
    if (this.#anchor === null) return;
    const { hand, chart } = this.#view;
    const thaws = hand.kindAt(this.#anchor) === "unfreeze";
    this.#view.brush.value = { ...brushed(this.#anchor, this.at().index, chart.time), thaws };
  }
}
