/** Numbers in bulk: the binary buffers behind a message and the headers that describe them. */

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

/** Copies the bytes out, because a view may start at an offset no typed array accepts. */
function ownBytes(bytes: Bytes): ArrayBuffer {
  if (bytes instanceof ArrayBuffer) return bytes.slice(0);
  const copy = new Uint8Array(bytes.byteLength);
  copy.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return copy.buffer;
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

/** Pairs headers with buffers, in order; refuses what does not fit byte for byte. */
export function unpack(
  headers: readonly Header[],
  buffers: readonly Bytes[],
): ReadonlyMap<string, Block> {
  if (headers.length !== buffers.length) {
    throw new ProtocolError(`${headers.length} arrays announced, ${buffers.length} came`);
  }
  const blocks = new Map<string, Block>();
  headers.forEach((header, position) => {
    const bytes = buffers[position];
    if (bytes === undefined || bytes.byteLength !== 4 * count(header)) {
      throw new ProtocolError(
        `array "${header.name}" of shape [${header.shape.join(", ")}] came with ${bytes?.byteLength} bytes`,
      );
    }
    if (blocks.has(header.name)) throw new ProtocolError(`array "${header.name}" came twice`);
    const { dtype, shape } = header;
    const own = ownBytes(bytes);
    blocks.set(
      header.name,
      dtype === "float32"
        ? { dtype, shape, values: new Float32Array(own) }
        : { dtype, shape, values: new Int32Array(own) },
    );
  });
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
    buffers.push(new DataView(ownBytes(values)));
  }
  return { arrays, buffers };
}
