/** Numbers of the page as CSV, with all their digits. */

import type { Player } from "./player";

/** A field of a CSV file. */
export function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A float32 with as few digits as tell it apart from all others. */
export function digits(value: number): string {
  for (let count = 6; count < 9; count += 1) {
    const text = value.toPrecision(count);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}

function csv(heads: readonly string[], rows: readonly (readonly (number | string)[])[]): string {
  return [heads.map(field), ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}

/** A row for each step. */
export function stepsTable(player: Player): string {
  const { steps, columns, classes, classNames } = player.recording;
  const heads = ["step", ...columns, ...classes.map((index) => `p(${classNames[index]})`)];
  const rows = Array.from(steps, (step, row) => [
    step,
    ...columns.map((name) => digits(player.value(name, row))),
    ...classes.map((_, place) => digits(player.probability(place, row))),
  ]);
  return csv(heads, rows);
}

/** The shown sequence, a row for each sample. */
export function sequenceTable(player: Player): string {
  const { channels, time, values } = player.sequence.value;
  const rows = Array.from({ length: time }, (_, sample) => [
    sample,
    ...Array.from({ length: channels }, (_, channel) =>
      digits(values[channel * time + sample] ?? Number.NaN),
    ),
  ]);
  return csv(["sample", ...player.recording.channelNames], rows);
}
