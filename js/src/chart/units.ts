/** Time and values as people know them: seconds, bar, degrees. Commands stay in samples and in the model's values. */

import { figure, signed } from "../format";
import type { Settings } from "../protocol";
import { Linear, marks, type Tick } from "./scale";

export interface Scaling {
  readonly mean: number;
  readonly deviation: number;
}

export class Units {
  readonly #rate: number | null;
  readonly #units: readonly string[];
  readonly #scales: readonly Scaling[];

  /** `rate`: samples a second; a unit and what undoes the standardization for each channel, where they are known. */
  constructor(rate: number | null, units: readonly string[], scales: readonly Scaling[]) {
    this.#rate = rate;
    this.#units = units;
    this.#scales = scales;
  }

  get timeName(): string {
    return this.#rate === null ? "" : "s";
  }

  valueName(channel: number): string {
    return this.#units[channel] ?? "";
  }

  /** A value of the model in the unit of its channel. */
  value(value: number, channel: number): number {
    const scale = this.#scales[channel];
    return scale === undefined ? value : value * scale.deviation + scale.mean;
  }

  /** And back. */
  modelValue(value: number, channel: number): number {
    const scale = this.#scales[channel];
    return scale === undefined ? value : (value - scale.mean) / (scale.deviation || 1);
  }

  time(index: number): number {
    return this.#rate === null ? index : index / this.#rate;
  }

  /** Sample and value in words. */
  words(index: number, value: number, channel: number): string {
    const unit = this.valueName(channel);
    const when =
      this.#rate === null
        ? `t ${index}`
        : `${signed(String(Number(this.time(index).toPrecision(6))))} s`;
    return `${when} · ${figure(this.value(value, channel))}${unit && ` ${unit}`}`;
  }

  timeMarks({ domain }: Linear, width: number, spacing: number): Tick[] {
    const range = { low: this.time(domain.low), high: this.time(domain.high) };
    return marks(new Linear(range, 0, width), width, spacing, this.#rate === null);
  }

  valueMarks({ domain }: Linear, height: number, spacing: number, channel: number): Tick[] {
    const range = { low: this.value(domain.low, channel), high: this.value(domain.high, channel) };
    return marks(new Linear(range, height, 0), height, spacing);
  }
}

export const PLAIN = new Units(null, [], []);

export function unitsOf(settings: Pick<Settings, "sample_rate" | "units" | "scale"> | null): Units {
  if (settings === null) return PLAIN;
  const { sample_rate, units, scale } = settings;
  if (sample_rate === null && units.length === 0 && scale.length === 0) return PLAIN;
  const scales = scale.map(([mean = 0, deviation = 1]) => ({ mean, deviation }));
  return new Units(sample_rate, units, scales);
}
