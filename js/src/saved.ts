/** The state that a notebook keeps: a snapshot whose arrays are plain numbers, thinned where they are long. */

import { ProtocolError } from "./arrays";
import { decode } from "./decode";
import type { Sequence, Snapshot } from "./protocol";
import { fields, integer, list, listOf, number, orNull, record, text } from "./read";

/** More than this in one sequence is a broken state, not data. */
const MOST_NUMBERS = 10_000_000;

const readArray = record<{ dtype: string; values: readonly (number | null)[] }>({
  dtype: text,
  values: listOf(orNull(number)),
});

/** Puts straight lines between the samples that were kept. */
export function stretched(sequence: Sequence, time: number): Sequence {
  const { channels, time: kept, values } = sequence;
  if (kept === time) return sequence;
  const full = Float32Array.from({ length: channels * time }, (_, at) => {
    const place = ((at % time) * (kept - 1)) / Math.max(1, time - 1);
    const before = Math.floor(place);
    const from = Math.floor(at / time) * kept + before;
    const here = values[from] ?? Number.NaN;
    const next = values[Math.min(from + 1, from - before + kept - 1)] ?? here;
    return here + (next - here) * (place - before);
  });
  return { channels, time, values: full };
}

/** Null where nothing was saved; throws `ProtocolError` where it is not what it should be. */
export function readSaved(saved: unknown): { snapshot: Snapshot; kept: number } | null {
  if (!saved || !Object.hasOwn(saved, "kind")) return null;
  const message = fields(saved, "saved state");
  const buffers = list(message.arrays, "arrays", readArray).map(({ dtype, values }) =>
    dtype === "int32"
      ? Int32Array.from(values, Number)
      : Float32Array.from(values, (value) => value ?? Number.NaN),
  );
  const snapshot = decode(message, buffers);
  const time = integer(message.time, "time");
  if (snapshot.kind !== "snapshot") throw new ProtocolError("saved state should be a snapshot");
  const { sequence, start, envelope } = snapshot;
  const kept = sequence.time;
  if (time < kept || time * sequence.channels > MOST_NUMBERS) {
    throw new ProtocolError(`${time} samples cannot be shown`);
  }
  const full = (one: Sequence) => stretched(one, time);
  return {
    kept,
    snapshot: {
      ...snapshot,
      sequence: full(sequence),
      start: full(start),
      envelope: envelope && { low: full(envelope.low), high: full(envelope.high) },
    },
  };
}
