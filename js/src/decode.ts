/** Reads what the kernel says, or says what was wrong with it. */

import { type Block, type Bytes, type DType, type Header, ProtocolError, unpack } from "./arrays";
import type {
  Envelope,
  Figure,
  Frozen,
  Kept,
  KernelMessage,
  Nearest,
  Objective,
  ObjectiveType,
  Parameter,
  Preset,
  Regularizer,
  Rows,
  Sequence,
  Settings,
  Stamp,
} from "./protocol";
import {
  type Fields,
  fields,
  integer,
  list,
  listOf,
  nullable,
  number,
  orNull,
  record,
  text,
  truth,
} from "./read";
import { Known, windowsOf } from "./windows";

export const readHeader = record<Header>({
  name: text,
  dtype: (value, where): DType => {
    const dtype = text(value, where);
    if (dtype === "float32" || dtype === "int32") return dtype;
    throw new ProtocolError(`${where} is "${dtype}"`);
  },
  shape: listOf(integer),
});

type Blocks = ReadonlyMap<string, Block>;

function floats(blocks: Blocks, name: string, dimensions: number) {
  const block = blocks.get(name);
  if (block === undefined) return null;
  if (block.dtype !== "float32" || block.shape.length !== dimensions) {
    throw new ProtocolError(`array "${name}" should be float32 with ${dimensions} dimensions`);
  }
  return { shape: block.shape, values: block.values };
}

function required<T>(value: T | null, name: string): T {
  if (value === null) throw new ProtocolError(`array "${name}" is missing`);
  return value;
}

function readSequence(blocks: Blocks, name: string): Sequence {
  const { shape, values } = required(floats(blocks, name, 2), name);
  return { channels: shape[0] ?? 0, time: shape[1] ?? 0, values };
}

function sequenceOrNull(blocks: Blocks, name: string): Sequence | null {
  return blocks.has(name) ? readSequence(blocks, name) : null;
}

function readEnvelope(blocks: Blocks): Envelope | null {
  const block = floats(blocks, "envelope", 3);
  if (block === null) return null;
  const [sides, channels = 0, time = 0] = block.shape;
  if (sides !== 2) throw new ProtocolError('array "envelope" should hold a low and a high side');
  const half = channels * time;
  return {
    low: { channels, time, values: block.values.subarray(0, half) },
    high: { channels, time, values: block.values.subarray(half) },
  };
}

function readNewest(blocks: Blocks): Sequence | null {
  if (blocks.has("sequence")) return readSequence(blocks, "sequence");
  const block = floats(blocks, "sequences", 3);
  const [count = 0, channels = 0, time = 0] = block?.shape ?? [];
  if (block === null || count === 0) return null;
  return { channels, time, values: block.values.slice((count - 1) * channels * time) };
}

function readRows(message: Fields, blocks: Blocks): Rows {
  const columns = list(message.columns, "columns", text);
  const steps = blocks.get("steps");
  const scalars = required(floats(blocks, "scalars", 2), "scalars");
  if (steps?.dtype !== "int32" || steps.shape.length !== 1) {
    throw new ProtocolError('array "steps" should be a row of int32');
  }
  if (scalars.values.length !== steps.values.length * columns.length) {
    throw new ProtocolError('array "scalars" should have a row for each step and all columns');
  }
  return { columns, steps: steps.values, values: scalars.values };
}

const readParameter = record<Parameter>({
  name: text,
  label: text,
  value: number,
  low: number,
  high: number,
  scale: (value) => (value === "log" ? "log" : "linear"),
  integer: (value) => value === true,
  unit: (value, where) => nullable(value, where, text) ?? "",
});

const readRegularizer = record<Regularizer>({
  name: text,
  label: text,
  group: text,
  present: truth,
  enabled: truth,
  description: (value, where) => nullable(value, where, text) ?? "",
  slider: orNull(text),
  parameters: listOf(readParameter),
});

export const readObjective = record<Objective>({
  type: text,
  targets: listOf(integer),
  text,
  preset: orNull(text),
});

const readPreset = record<Preset>({
  name: text,
  label: text,
  description: text,
  classes: integer,
  unavailable: orNull(text),
});

export function readFrozen(value: unknown, where: string): Frozen {
  const [start, stop, channel, dream] = list(value, where, (entry) => entry);
  return {
    start: integer(start, `${where}[0]`),
    stop: integer(stop, `${where}[1]`),
    channel: nullable(channel, `${where}[2]`, integer),
    dream: integer(dream ?? 0, `${where}[3]`),
  };
}

const readSettings = record<Settings>({
  playing: truth,
  status: text,
  error: orNull(text),
  undo: orNull(text),
  redo: orNull(text),
  deeds: (value, where) => nullable(value, where, listOf(integer)) ?? [],
  class_names: listOf(text),
  objective: readObjective,
  objective_types: listOf(record<ObjectiveType>({ type: text, label: text })),
  presets: listOf(readPreset),
  learning_rate: number,
  channel_names: listOf(text),
  sample_rate: orNull(number),
  units: (value, where) => nullable(value, where, listOf(text)) ?? [],
  scale: (value, where) => nullable(value, where, listOf(listOf(number))) ?? [],
  frozen: listOf(readFrozen),
  regularizers: listOf(readRegularizer),
});

const readFigure = record<Figure>({
  name: text,
  value: orNull(number),
  low: orNull(number),
  high: orNull(number),
  bound: text,
  fails: truth,
});

const readNearest = record<Nearest>({ index: integer, label: text, distance: orNull(number) });

const readKept = record<Omit<Kept, "thumbnail">>({
  snapshot: integer,
  kind: text,
  step: integer,
  score: orNull(number),
  verdict: orNull(text),
  objective: text,
});

function readShelf(message: Fields, blocks: Blocks): readonly Kept[] {
  const kept = list(message.snapshots, "snapshots", readKept);
  const block = floats(blocks, "thumbnails", 4);
  const [count = 0, channels = 0, sides = 0, parts = 0] = block?.shape ?? [];
  if (count !== kept.length || (count > 0 && sides !== 2)) {
    throw new ProtocolError('array "thumbnails" should have a picture for each snapshot');
  }
  const side = (at: number) => (block?.values ?? new Float32Array(0)).subarray(at, at + parts);
  return kept.map((one, place) => {
    const thumbnail = Array.from({ length: channels }, (_, channel) => {
      const at = 2 * (place * channels + channel) * parts;
      return { low: side(at), high: side(at + parts) };
    });
    return { ...one, thumbnail };
  });
}

/** What messages have in common. */
const stepOf = ({ step }: Fields) => integer(step, "step");
const numbered = ({ id }: Fields) => ({ id: integer(id, "id") });
const moving = (message: Fields, blocks: Blocks) => ({
  windows: windowsOf(message),
  step: stepOf(message),
  stepsPerSecond: nullable(message.steps_per_second, "steps_per_second", number) ?? 0,
  push: sequenceOrNull(blocks, "push"),
  rows: readRows(message, blocks),
  probabilities: floats(blocks, "probabilities", 1)?.values ?? null,
});
const beside = (blocks: Blocks) => ({
  envelope: readEnvelope(blocks),
  beforeEdit: sequenceOrNull(blocks, "before_edit"),
});
const whole = (blocks: Blocks) => ({
  sequence: readSequence(blocks, "sequence"),
  start: readSequence(blocks, "start"),
  ...beside(blocks),
});

type Of<K> = Omit<Extract<KernelMessage, { kind: K }>, "kind" | keyof Stamp>;

const READERS: {
  readonly [K in KernelMessage["kind"]]: (message: Fields, blocks: Blocks) => Of<K>;
} = {
  snapshot: (message, blocks) => ({
    ...moving(message, blocks),
    ...whole(blocks),
    protocol: integer(message.protocol, "protocol"),
    settings: readSettings(message.settings, "settings"),
  }),
  frame: (message, blocks) => ({ ...moving(message, blocks), sequence: readNewest(blocks) }),
  window: (message, blocks) => ({
    ...whole(blocks),
    step: stepOf(message),
    push: sequenceOrNull(blocks, "push"),
    nearest: sequenceOrNull(blocks, "nearest"),
  }),
  settings: (message, blocks) => ({
    ...beside(blocks),
    step: stepOf(message),
    settings: readSettings(message.settings, "settings"),
  }),
  verdict: (message, blocks) => ({
    step: stepOf(message),
    verdict: nullable(message.verdict, "verdict", text),
    reason: text(message.reason, "reason"),
    figures: list(message.figures, "figures", readFigure),
    nearest: nullable(message.nearest, "nearest", readNearest),
    sequence: sequenceOrNull(blocks, "nearest"),
  }),
  shelf: (message, blocks) => ({ snapshots: readShelf(message, blocks) }),
  look: (message, blocks) => ({
    of: stepOf(message),
    sequence: readSequence(blocks, "sequence"),
  }),
  compare: ({ snapshot }, blocks) => ({
    of: integer(snapshot, "snapshot"),
    sequence: readSequence(blocks, "sequence"),
  }),
  acknowledgement: (message) => ({ ...numbered(message), step: stepOf(message) }),
  export: (message) => ({
    ...numbered(message),
    step: stepOf(message),
    text: text(message.text, "text"),
  }),
  refusal: ({ id, reason }) => ({
    id: nullable(id, "id", integer),
    reason: text(reason, "reason"),
  }),
};

/** Reads one message from the kernel; throws `ProtocolError` where it is not what it should be. */
export function decode(
  content: unknown,
  buffers: readonly Bytes[],
  known = new Known(),
): KernelMessage {
  const message = fields(content, "message");
  const kind = text(message.kind, "kind");
  const stamp = { run: integer(message.run, "run"), number: integer(message.number, "number") };
  const arrays = unpack(list(message.arrays ?? [], "arrays", readHeader), buffers);
  if (!Object.hasOwn(READERS, kind)) throw new ProtocolError(`unknown kind "${kind}"`);
  const read = READERS[kind as KernelMessage["kind"]];
  return { kind, ...stamp, ...read(message, known.assembled(message, arrays)) } as KernelMessage;
}
