/** The wire, as `docs/protocol.md` has it. */

import { type Block, type Bytes, type DType, type Header, ProtocolError, unpack } from "./arrays";
import { type Fields, fields, integer, list, nullable, number, text, truth } from "./read";

export const PROTOCOL = 1;

export type Command =
  | { type: "edit"; start: number; values: number[]; channel?: number | null }
  | ({ type: "move_point"; gesture: number } & Move)
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
  | { type: "set_objective"; objective: { type: string; target: number } }
  | { type: "set_learning_rate"; learning_rate: number }
  | { type: "set_optimizer"; optimizer: string }
  | {
      type: "set_parameterization";
      parameterization: string | ({ type: string } & Readonly<Record<string, unknown>>);
    }
  | { type: "reset" };

/** Where a control point goes; `channel` is null where there is only one. */
export interface Move {
  index: number;
  value: number;
  radius: number;
  channel: number | null;
}

export type BrowserMessage =
  | { kind: "hello"; protocol: number }
  | { kind: "play" | "pause" }
  | { kind: "step"; count: number }
  | { kind: "command"; id: number; command: Command }
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
  readonly enabled: boolean;
  readonly description: string;
  readonly slider: string | null;
  readonly parameters: readonly Parameter[];
}

export type Objective =
  | { readonly type: string; readonly target: number }
  | { readonly type: "other"; readonly text: string };

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
  readonly class_names: readonly string[];
  readonly objective: Objective;
  readonly objective_types: readonly { readonly type: string; readonly label: string }[];
  readonly learning_rate: number;
  readonly channel_names: readonly string[];
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
  readonly protocol: number;
  readonly step: number;
  readonly stepsPerSecond: number;
  readonly settings: Settings;
  readonly sequence: Sequence;
  readonly start: Sequence;
  readonly envelope: Envelope | null;
  readonly rows: Rows;
  readonly probabilities: Float32Array | null;
}

export interface Frame extends Stamp {
  readonly kind: "frame";
  readonly step: number;
  readonly stepsPerSecond: number;
  /** The newest of the sequences sent; null where none came. */
  readonly sequence: Sequence | null;
  readonly rows: Rows;
  readonly probabilities: Float32Array | null;
}

export interface SettingsMessage extends Stamp {
  readonly kind: "settings";
  readonly step: number;
  readonly settings: Settings;
  readonly envelope: Envelope | null;
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

export type KernelMessage = Snapshot | Frame | SettingsMessage | Acknowledgement | Refusal;

function readHeader(value: unknown, where: string): Header {
  const header = fields(value, where);
  const dtype = text(header.dtype, `${where}.dtype`);
  if (dtype !== "float32" && dtype !== "int32") {
    throw new ProtocolError(`${where}.dtype is "${dtype}"`);
  }
  return {
    name: text(header.name, `${where}.name`),
    dtype: dtype satisfies DType,
    shape: list(header.shape, `${where}.shape`, integer),
  };
}

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

function readParameter(value: unknown, where: string): Parameter {
  const parameter = fields(value, where);
  return {
    name: text(parameter.name, `${where}.name`),
    label: text(parameter.label, `${where}.label`),
    value: number(parameter.value, `${where}.value`),
    low: number(parameter.low, `${where}.low`),
    high: number(parameter.high, `${where}.high`),
    scale: parameter.scale === "log" ? "log" : "linear",
    integer: parameter.integer === true,
    unit: nullable(parameter.unit, `${where}.unit`, text) ?? "",
  };
}

function readRegularizer(value: unknown, where: string): Regularizer {
  const regularizer = fields(value, where);
  return {
    name: text(regularizer.name, `${where}.name`),
    label: text(regularizer.label, `${where}.label`),
    group: text(regularizer.group, `${where}.group`),
    enabled: truth(regularizer.enabled, `${where}.enabled`),
    description: nullable(regularizer.description, `${where}.description`, text) ?? "",
    slider: nullable(regularizer.slider, `${where}.slider`, text),
    parameters: list(regularizer.parameters, `${where}.parameters`, readParameter),
  };
}

function readObjective(value: unknown, where: string): Objective {
  const objective = fields(value, where);
  const type = text(objective.type, `${where}.type`);
  if (type === "other") return { type, text: text(objective.text, `${where}.text`) };
  return { type, target: integer(objective.target, `${where}.target`) };
}

function readFrozen(value: unknown, where: string): Frozen {
  const [start, stop, channel, dream] = list(value, where, (entry) => entry);
  return {
    start: integer(start, `${where}[0]`),
    stop: integer(stop, `${where}[1]`),
    channel: nullable(channel, `${where}[2]`, integer),
    dream: integer(dream ?? 0, `${where}[3]`),
  };
}

function readSettings(value: unknown): Settings {
  const settings = fields(value, "settings");
  return {
    playing: truth(settings.playing, "settings.playing"),
    status: text(settings.status, "settings.status"),
    error: nullable(settings.error, "settings.error", text),
    class_names: list(settings.class_names, "settings.class_names", text),
    objective: readObjective(settings.objective, "settings.objective"),
    objective_types: list(settings.objective_types, "settings.objective_types", (entry, where) => {
      const kind = fields(entry, where);
      return { type: text(kind.type, `${where}.type`), label: text(kind.label, `${where}.label`) };
    }),
    learning_rate: number(settings.learning_rate, "settings.learning_rate"),
    channel_names: list(settings.channel_names, "settings.channel_names", text),
    frozen: list(settings.frozen, "settings.frozen", readFrozen),
    regularizers: list(settings.regularizers, "settings.regularizers", readRegularizer),
  };
}

/** Reads one message from the kernel; throws `ProtocolError` where it is not what it should be. */
export function decode(content: unknown, buffers: readonly Bytes[]): KernelMessage {
  const message = fields(content, "message");
  const stamp = { run: integer(message.run, "run"), number: integer(message.number, "number") };
  const blocks = unpack(list(message.arrays ?? [], "arrays", readHeader), buffers);
  const step = () => integer(message.step, "step");
  const rate = () => nullable(message.steps_per_second, "steps_per_second", number) ?? 0;
  const probabilities = () => floats(blocks, "probabilities", 1)?.values ?? null;
  switch (message.kind) {
    case "snapshot":
      return {
        kind: "snapshot",
        ...stamp,
        protocol: integer(message.protocol, "protocol"),
        step: step(),
        stepsPerSecond: rate(),
        settings: readSettings(message.settings),
        sequence: readSequence(blocks, "sequence"),
        start: readSequence(blocks, "start"),
        envelope: readEnvelope(blocks),
        rows: readRows(message, blocks),
        probabilities: probabilities(),
      };
    case "frame":
      return {
        kind: "frame",
        ...stamp,
        step: step(),
        stepsPerSecond: rate(),
        sequence: readNewest(blocks),
        rows: readRows(message, blocks),
        probabilities: probabilities(),
      };
    case "settings":
      return {
        kind: "settings",
        ...stamp,
        step: step(),
        settings: readSettings(message.settings),
        envelope: readEnvelope(blocks),
      };
    case "acknowledgement":
      return { kind: "acknowledgement", ...stamp, id: integer(message.id, "id"), step: step() };
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
