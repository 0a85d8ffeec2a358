/** Numbers in bulk: the bytes behind a message and the headers that describe them. */

export class ProtocolError extends Error {}

export type DType = "float32" | "int32";

export interface Header {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export type Block =
  | { readonly dtype: "float32"; readonly shape: readonly number[]; readonly values: Float32Array }
  | { readonly dtype: "int32"; readonly shape: readonly number[]; readonly values: Int32Array };

/** A buffer as hosts hand it over: `DataView` in Jupyter, `Uint8Array` in Colab, at times the bare buffer. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/** A message holds at most this many numbers in one array: more is a broken header, not data. */
const MOST_NUMBERS = 50_000_000;

/** Copies buffers into one, because a view may start at an offset no typed array accepts. */
function joined(buffers: readonly Bytes[]): ArrayBuffer {
  const whole = new Uint8Array(buffers.reduce((sum, bytes) => sum + bytes.byteLength, 0));
  let at = 0;
  for (const bytes of buffers) {
    whole.set(
      bytes instanceof ArrayBuffer
        ? new Uint8Array(bytes)
        : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      at,
    );
    at += bytes.byteLength;
  }
  return whole.buffer;
}

function count(header: Header): number {
  let product = 1;
  for (const side of header.shape) {
    if (!Number.isInteger(side) || side < 0) {
      throw new ProtocolError(`array "${header.name}" has the shape [${header.shape.join(", ")}]`);
    }
    product *= side;
  }
  if (product > MOST_NUMBERS) throw new ProtocolError(`array "${header.name}" is too large`);
  return product;
}

/** Reads arrays that lie one after the other, in one buffer or several; refuses what does not fit byte for byte. */
export function unpack(
  headers: readonly Header[],
  buffers: readonly Bytes[],
): ReadonlyMap<string, Block> {
  const bytes = joined(buffers);
  const blocks = new Map<string, Block>();
  let at = 0;
  for (const header of headers) {
    const { name, dtype, shape } = header;
    const numbers = count(header);
    if (at + 4 * numbers > bytes.byteLength) {
      const left = bytes.byteLength - at;
      throw new ProtocolError(
        `array "${name}" of shape [${shape.join(", ")}] came with ${left} bytes`,
      );
    }
    if (blocks.has(name)) throw new ProtocolError(`array "${name}" came twice`);
    blocks.set(
      name,
      dtype === "float32"
        ? { dtype, shape, values: new Float32Array(bytes, at, numbers) }
        : { dtype, shape, values: new Int32Array(bytes, at, numbers) },
    );
    at += 4 * numbers;
  }
  if (at !== bytes.byteLength) {
    throw new ProtocolError(`${bytes.byteLength} bytes came where the arrays announced take ${at}`);
  }
  return blocks;
}

/** The inverse of `unpack`. */
export function pack(blocks: ReadonlyMap<string, Block>): {
  arrays: Header[];
  buffers: DataView<ArrayBuffer>[];
} {
  const arrays: Header[] = [];
  const buffers: DataView<ArrayBuffer>[] = [];
  for (const [name, { dtype, shape, values }] of blocks) {
    arrays.push({ name, dtype, shape });
    buffers.push(new DataView(joined([values])));
  }
  return { arrays, buffers };
}
