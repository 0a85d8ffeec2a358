import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Block, type Bytes, ProtocolError, pack, unpack } from "../src/arrays";

const float32 = fc.float({ noDefaultInfinity: false });
const block = fc.oneof(
  fc.array(float32).map(
    (values): Block => ({
      dtype: "float32",
      shape: [values.length],
      values: Float32Array.from(values),
    }),
  ),
  fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })).map(
    (values): Block => ({
      dtype: "int32",
      shape: [values.length, 1],
      values: Int32Array.from(values),
    }),
  ),
);

/** The same bytes somewhere in a larger buffer, as hosts hand them over. */
function embedded(bytes: DataView, offset: number, kind: "DataView" | "Uint8Array"): Bytes {
  const whole = new Uint8Array(offset + bytes.byteLength + 3).fill(255);
  whole.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset);
  return kind === "DataView"
    ? new DataView(whole.buffer, offset, bytes.byteLength)
    : new Uint8Array(whole.buffer, offset, bytes.byteLength);
}

describe("arrays", () => {
  test("come back as they were sent, at any byte offset and in any view", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), block),
        fc.nat(9),
        fc.constantFrom("DataView", "Uint8Array"),
        (blocks, offset, kind) => {
          const sent = new Map(Object.entries(blocks));
          const { arrays, buffers } = pack(sent);
          const back = unpack(
            arrays,
            buffers.map((buffer) => embedded(buffer, offset, kind)),
          );
          expect(back).toEqual(sent);
        },
      ),
    );
  });

  test("are the same in one buffer as in one each", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), block), (blocks) => {
        const { arrays, buffers } = pack(new Map(Object.entries(blocks)));
        const bytes = buffers.flatMap((buffer) => [...new Uint8Array(buffer.buffer)]);
        expect(unpack(arrays, [Uint8Array.from(bytes)])).toEqual(unpack(arrays, buffers));
      }),
    );
  });

  test("keep NaN, which means not measured", () => {
    const { arrays, buffers } = pack(
      new Map([["score", { dtype: "float32", shape: [1], values: Float32Array.of(Number.NaN) }]]),
    );
    expect(unpack(arrays, buffers).get("score")?.values[0]).toBeNaN();
  });

  test("are copies: the host may reuse its buffer", () => {
    const bytes = new Uint8Array(Float32Array.of(1.5).buffer);
    const unpacked = unpack([{ name: "a", dtype: "float32", shape: [1] }], [bytes]);
    bytes.fill(0);
    expect(unpacked.get("a")?.values[0]).toBe(1.5);
  });

  test.each([
    ["a buffer is missing", [{ name: "a", dtype: "float32", shape: [1] }], []],
    ["a buffer is too short", [{ name: "a", dtype: "float32", shape: [2] }], [new Uint8Array(4)]],
    ["bytes are left over", [{ name: "a", dtype: "float32", shape: [1] }], [new Uint8Array(8)]],
    ["a shape is negative", [{ name: "a", dtype: "float32", shape: [-1] }], [new Uint8Array(4)]],
    ["a shape is absurd", [{ name: "a", dtype: "int32", shape: [1e9, 1e9] }], [new Uint8Array(4)]],
    [
      "a name comes twice",
      [
        { name: "a", dtype: "int32", shape: [0] },
        { name: "a", dtype: "int32", shape: [0] },
      ],
      [new Uint8Array(0), new Uint8Array(0)],
    ],
  ] as const)("are refused where %s", (_, headers, buffers) => {
    expect(() => unpack(headers, buffers)).toThrow(ProtocolError);
  });
});
