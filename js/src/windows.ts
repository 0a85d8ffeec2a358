/** Long sequences come as columns no wider than a pixel of each view; here they are put back into their places. */

import { type Block, ProtocolError } from "./arrays";
import { type Fields, integer, list, record } from "./read";

/** Column k stands for `stride` samples from `start + k * stride`. */
export interface Window {
  readonly view: number;
  readonly start: number;
  readonly stop: number;
  readonly stride: number;
}

type Blocks = ReadonlyMap<string, Block>;

const readWindow = record<Window>({
  view: integer,
  start: integer,
  stop: integer,
  stride: integer,
});

/** The largest power of two of samples that fit in a pixel: as the kernel chooses the width of its columns. */
export function strideOf(samples: number, width: number): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, samples / Math.max(1, width)))));
}

/** The windows a message is about; null where its sequences are whole. */
export function windowsOf(message: Fields): readonly Window[] | null {
  return message.windows === undefined ? null : list(message.windows, "windows", readWindow);
}

/**
 * Writes columns over their samples. The first of a column is exact; its least and its greatest value take half of
 * the rest each, in the order that leads to the next column. What is drawn and touched is right to the pixel.
 */
export function fill(
  values: Float32Array,
  { start, stop, stride }: Window,
  columns: Float32Array,
): void {
  if (stride === 1) {
    values.set(columns, start);
    return;
  }
  const count = columns.length / 3;
  for (let column = 0; column < count; column += 1) {
    const first = columns[column] as number;
    const low = columns[count + column] as number;
    const high = columns[2 * count + column] as number;
    const next = columns[Math.min(column + 1, count - 1)] as number;
    const begin = start + column * stride;
    const end = Math.min(begin + stride, stop);
    const isRising = next >= first;
    values[begin] = first;
    if (end - begin === 2) {
      values[begin + 1] = first === low ? high : low;
      continue;
    }
    const middle = begin + 1 + ((end - begin - 1) >> 1);
    values.fill(isRising ? low : high, begin + 1, middle);
    values.fill(isRising ? high : low, middle, end);
  }
}

function checked(
  name: string,
  { shape, values }: Block,
  { start, stop, stride }: Window,
  time: number,
) {
  const [rows = 0, count = 0] = shape.slice(-2);
  const isInside = start >= 0 && stop > start && stop <= time && stride >= 1;
  const isComplete =
    count === Math.ceil((stop - start) / stride) && rows === (stride === 1 ? 1 : 3);
  if (!(values instanceof Float32Array) || shape.length < 2 || !isInside || !isComplete) {
    throw new ProtocolError(`array "${name}" is not what its window says`);
  }
  return { lead: shape.slice(0, -2), size: rows * count, values };
}

/** Sequences as far as they are known: what was seen once stays where nothing newer came. */
export class Known {
  readonly #values = new Map<string, Float32Array>();

  /** The arrays of a message, with whole sequences in place of their windows. */
  assembled(message: Fields, blocks: Blocks): Blocks {
    const windows = windowsOf(message);
    if (windows === null) return blocks;
    const time = integer(message.time, "time");
    const whole = new Map([...blocks].filter(([name]) => !name.includes("@")));
    // What is narrow is written over what is wide: two views of one dream are both right.
    for (const window of [...windows].sort((one, other) => other.stride - one.stride)) {
      for (const [name, block] of blocks) {
        const [plain = "", view] = name.split("@");
        if (view !== String(window.view)) continue;
        const { lead, size, values } = checked(name, block, window, time);
        const lines = lead.reduce((product, side) => product * side, 1);
        const place = this.#place(`${message.kind} ${plain}`, lines * time);
        for (let line = 0; line < lines; line += 1) {
          const columns = values.subarray(line * size, (line + 1) * size);
          fill(place.subarray(line * time, (line + 1) * time), window, columns);
        }
        whole.set(plain, { dtype: "float32", shape: [...lead, time], values: place });
      }
    }
    return whole;
  }

  #place(key: string, size: number): Float32Array {
    // What is told again and again is one sequence; what was asked for is one of its own.
    const name = key.replace(/^(frame|window|settings|verdict) /, "snapshot ");
    if (size > MOST) throw new ProtocolError("a sequence is too long for this page");
    let values = this.#values.get(name);
    if (values?.length !== size) values = new Float32Array(size).fill(Number.NaN);
    this.#values.set(name, values);
    return values;
  }
}

const MOST = 50_000_000;
