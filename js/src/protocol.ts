/** The wire, as `docs/protocol.md` has it. */

import { type Block, type Bytes, type DType, type Header, ProtocolError, unpack } from "./arrays";
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
import { Known, type Window, windowsOf } from "./windows";

export const PROTOCOL = 1;

export type Command =
  | ({ type: "edit"; gesture: number } & Piece)
  | ({ type: "move_point"; gesture: number } & Move)
  | Brush
  | { type: "release"; gesture: number }
  | {
      type: "freeze" | "unfreeze";
      start: number;
      stop: number;
      channel: number | null;
      dream?: number;
    }
  | {
      type: "set_regularizer";
      name: string;
      enabled: boolean | null;
      parameters: Readonly<Record<string, number>>;
    }
  | {
      type: "set_objective";
      objective:
        | { type: string; target: number }
        | { type: "preset"; name: string; targets: readonly number[] };
    }
  | { type: "set_learning_rate"; learning_rate: number }
  | { type: "set_optimizer"; optimizer: string }
  | {
      type: "set_parameterization";
      parameterization: string | ({ type: string } & Readonly<Record<string, unknown>>);
    }
  | { type: "reset" };

/** A stretch of one channel set as a whole, by what the kernel knows when it is applied. */
export type Brush = { start: number; stop: number; channel: number | null } & (
  | { type: "erase" | "replace_by_mean" | "replace_by_nearest" | "reverse" | "invert" }
  | { type: "scale"; factor: number }
  | { type: "shift"; by: number }
);

/** To just before the latest command, and back. */
export type Return = "undo" | "redo";

/** In which the kernel writes the sequence now, as text. */
export type Format = "svg" | "csv" | "numpy";

/** Where a control point goes; `channel` is null where there is only one. */
export interface Move {
  index: number;
  value: number;
  radius: number;
  channel: number | null;
}

/** What is asked for and acknowledged, beside commands: ways to the past, and the shelf. */
export type Wish =
  | { kind: Return | "keep" }
  | { kind: "restore" | "branch"; step: number }
  | { kind: "recall" | "discard"; snapshot: number };

/** New values of the samples from `start` on. */
export interface Piece {
  readonly start: number;
  readonly values: readonly number[];
  readonly channel: number | null;
}

/** What a hand does to the sequence. */
export type Change = Move | Piece;

export type BrowserMessage =
  | { kind: "hello"; protocol: number }
  | { kind: "play" | "pause" }
  | { kind: "step"; count: number }
  | { kind: "command"; id: number; command: Command }
  | (Wish & { id: number })
  | { kind: "look"; step: number }
  | { kind: "compare"; snapshot: number }
  | { kind: "export"; id: number; format: Format; channel: number }
  | { kind: "view"; view: number; start: number; stop: number; width: number }
  | { kind: "receipt"; number: number };

export interface Parameter {
  readonly name: string;
  readonly label: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly scale: "log" | "linear";
  readonly integer: boolean;
  readonly unit: string;
}

export interface Regularizer {
  readonly name: string;
  readonly label: string;
  readonly group: string;
  /** Of the run; the others are on offer. */
  readonly present: boolean;
  readonly enabled: boolean;
  readonly description: string;
  readonly slider: string | null;
  readonly parameters: readonly Parameter[];
}

export interface Objective {
  readonly type: string;
  /** The class or the two classes it leads to, where it does. */
  readonly targets: readonly number[];
  readonly text: string;
  /** The preset that is in force as it came. */
  readonly preset: string | null;
}

export interface ObjectiveType {
  readonly type: string;
  readonly label: string;
}

export interface Preset {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** How many it is about. */
  readonly classes: number;
  /** Why this run cannot have it. */
  readonly unavailable: string | null;
}

/** Samples `start` … `stop - 1`, in one channel or (null) in all. */
export interface Frozen {
  readonly start: number;
  readonly stop: number;
  readonly channel: number | null;
  readonly dream: number;
}

export interface Settings {
  readonly playing: boolean;
  readonly status: string;
  readonly error: string | null;
  /** What there is to undo and to redo, in words. */
  readonly undo: string | null;
  readonly redo: string | null;
  readonly class_names: readonly string[];
  readonly objective: Objective;
  readonly objective_types: readonly ObjectiveType[];
  readonly presets: readonly Preset[];
  readonly learning_rate: number;
  readonly channel_names: readonly string[];
  /** Samples a second, where that is known. */
  readonly sample_rate: number | null;
  /** Of each channel, where they are known. */
  readonly units: readonly string[];
  /** Mean and standard deviation of each channel before values were standardized, where they were. */
  readonly scale: readonly (readonly number[])[];
  readonly frozen: readonly Frozen[];
  readonly regularizers: readonly Regularizer[];
}

/** Values per channel and time, channel after channel. */
export interface Sequence {
  readonly channels: number;
  readonly time: number;
  readonly values: Float32Array;
}

export interface Envelope {
  readonly low: Sequence;
  readonly high: Sequence;
}

/** Scalars of consecutive steps: `values` holds one row of `columns.length` numbers for each step. */
export interface Rows {
  readonly columns: readonly string[];
  readonly steps: Int32Array;
  readonly values: Float32Array;
}

interface Stamp {
  readonly run: number;
  readonly number: number;
}

export interface Snapshot extends Stamp {
  readonly kind: "snapshot";
  /** Of a long sequence, what was sent of it; null: all. */
  readonly windows: readonly Window[] | null;
  readonly protocol: number;
  readonly step: number;
  readonly stepsPerSecond: number;
  readonly settings: Settings;
  readonly sequence: Sequence;
  readonly start: Sequence;
  readonly envelope: Envelope | null;
  readonly beforeEdit: Sequence | null;
  readonly push: Sequence | null;
  readonly rows: Rows;
  readonly probabilities: Float32Array | null;
}

export interface Frame extends Stamp {
  readonly kind: "frame";
  readonly windows: readonly Window[] | null;
  readonly step: number;
  readonly stepsPerSecond: number;
  /** The newest of the sequences sent; null where none came. */
  readonly sequence: Sequence | null;
  /** Null where nothing new was told. */
  readonly push: Sequence | null;
  readonly rows: Rows;
  readonly probabilities: Float32Array | null;
}

/** What a view shows of long sequences. */
export interface WindowMessage extends Stamp {
  readonly kind: "window";
  readonly step: number;
  readonly sequence: Sequence;
  readonly start: Sequence;
  readonly envelope: Envelope | null;
  readonly beforeEdit: Sequence | null;
  readonly push: Sequence | null;
  readonly nearest: Sequence | null;
}

export interface SettingsMessage extends Stamp {
  readonly kind: "settings";
  readonly step: number;
  readonly settings: Settings;
  readonly envelope: Envelope | null;
  readonly beforeEdit: Sequence | null;
}

/** A figure of the dream beside the band of real members; null where it is not finite. */
export interface Figure {
  readonly name: string;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** The end of the band that counts; of `place`, the verdict judges in its own way. */
  readonly bound: string;
  readonly fails: boolean;
}

export interface Nearest {
  readonly index: number;
  readonly label: string;
  readonly distance: number | null;
}

export interface VerdictMessage extends Stamp {
  readonly kind: "verdict";
  readonly step: number;
  /** Null where it is not judged; `reason` says why. */
  readonly verdict: string | null;
  readonly reason: string;
  readonly figures: readonly Figure[];
  readonly nearest: Nearest | null;
  /** What the nearest looks like, where it is another one than before. */
  readonly sequence: Sequence | null;
}

/** What is on the shelf. */
export interface Kept {
  readonly snapshot: number;
  readonly kind: string;
  readonly step: number;
  readonly score: number | null;
  readonly verdict: string | null;
  readonly objective: string;
  /** The least and the greatest value of each part, channel after channel. */
  readonly thumbnail: readonly Thumbnail[];
}

export interface Thumbnail {
  readonly low: Float32Array;
  readonly high: Float32Array;
}

export interface ShelfMessage extends Stamp {
  readonly kind: "shelf";
  readonly snapshots: readonly Kept[];
}

/** The sequence of a step, or of a snapshot, as asked for. */
export interface Shown extends Stamp {
  readonly kind: "look" | "compare";
  readonly of: number;
  readonly sequence: Sequence;
}

export interface Acknowledgement extends Stamp {
  readonly kind: "acknowledgement";
  readonly id: number;
  readonly step: number;
}

export interface Refusal extends Stamp {
  readonly kind: "refusal";
  readonly id: number | null;
  readonly reason: string;
}

/** The sequence of a step as text. */
export interface Exported extends Stamp {
  readonly kind: "export";
  readonly id: number;
  readonly step: number;
  readonly text: string;
}

export type KernelMessage =
  | Snapshot
  | Frame
  | WindowMessage
  | SettingsMessage
  | VerdictMessage
  | ShelfMessage
  | Shown
  | Acknowledgement
  | Exported
  | Refusal;

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

/** Reads one message from the kernel; throws `ProtocolError` where it is not what it should be. */
export function decode(
  content: unknown,
  buffers: readonly Bytes[],
  known = new Known(),
): KernelMessage {
  const message = fields(content, "message");
  const stamp = { run: integer(message.run, "run"), number: integer(message.number, "number") };
  const arrays = unpack(list(message.arrays ?? [], "arrays", readHeader), buffers);
  const blocks = known.assembled(message, arrays);
  const step = () => integer(message.step, "step");
  const rate = () => nullable(message.steps_per_second, "steps_per_second", number) ?? 0;
  const probabilities = () => floats(blocks, "probabilities", 1)?.values ?? null;
  switch (message.kind) {
    case "snapshot":
      return {
        kind: "snapshot",
        ...stamp,
        windows: windowsOf(message),
        protocol: integer(message.protocol, "protocol"),
        step: step(),
        stepsPerSecond: rate(),
        settings: readSettings(message.settings, "settings"),
        sequence: readSequence(blocks, "sequence"),
        start: readSequence(blocks, "start"),
        envelope: readEnvelope(blocks),
        beforeEdit: sequenceOrNull(blocks, "before_edit"),
        push: sequenceOrNull(blocks, "push"),
        rows: readRows(message, blocks),
        probabilities: probabilities(),
      };
    case "frame":
      return {
        kind: "frame",
        ...stamp,
        windows: windowsOf(message),
        step: step(),
        stepsPerSecond: rate(),
        sequence: readNewest(blocks),
        push: sequenceOrNull(blocks, "push"),
        rows: readRows(message, blocks),
        probabilities: probabilities(),
      };
    case "window":
      return {
        kind: "window",
        ...stamp,
        step: step(),
        sequence: readSequence(blocks, "sequence"),
        start: readSequence(blocks, "start"),
        envelope: readEnvelope(blocks),
        beforeEdit: sequenceOrNull(blocks, "before_edit"),
        push: sequenceOrNull(blocks, "push"),
        nearest: sequenceOrNull(blocks, "nearest"),
      };
    case "settings":
      return {
        kind: "settings",
        ...stamp,
        step: step(),
        settings: readSettings(message.settings, "settings"),
        envelope: readEnvelope(blocks),
        beforeEdit: sequenceOrNull(blocks, "before_edit"),
      };
    case "verdict":
      return {
        kind: "verdict",
        ...stamp,
        step: step(),
        verdict: nullable(message.verdict, "verdict", text),
        reason: text(message.reason, "reason"),
        figures: list(message.figures, "figures", readFigure),
        nearest: nullable(message.nearest, "nearest", readNearest),
        sequence: sequenceOrNull(blocks, "nearest"),
      };
    case "shelf":
      return { kind: "shelf", ...stamp, snapshots: readShelf(message, blocks) };
    case "look":
      return { kind: "look", ...stamp, of: step(), sequence: readSequence(blocks, "sequence") };
    case "compare":
      return {
        kind: "compare",
        ...stamp,
        of: integer(message.snapshot, "snapshot"),
        sequence: readSequence(blocks, "sequence"),
      };
    case "acknowledgement":
      return { kind: "acknowledgement", ...stamp, id: integer(message.id, "id"), step: step() };
    case "export":
      return {
        kind: "export",
        ...stamp,
        id: integer(message.id, "id"),
        step: step(),
        text: text(message.text, "text"),
      };
    case "refusal":
      return {
        kind: "refusal",
        ...stamp,
        id: nullable(message.id, "id", integer),
        reason: text(message.reason, "reason"),
      };
    default:
      throw new ProtocolError(`unknown kind "${String(message.kind)}"`);
  }
}
