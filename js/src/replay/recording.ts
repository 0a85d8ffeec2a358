/** A whole run as the page carries it; `docs/replay.md` has the form. Read once, and refused where it is not so. */

import { type Block, type Header, ProtocolError, unpack } from "../arrays";
import { type Units, unitsOf } from "../chart/units";
import { readFrozen, readHeader, readObjective } from "../decode";
import type { Envelope, Frozen, Objective, Sequence } from "../protocol";
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
} from "../read";

const VERSION = 1;

/** A regularizer of the run; its values are told in the order of its parameters. */
export interface Term {
  readonly name: string;
  readonly label: string;
  readonly group: string;
  readonly description: string;
  readonly parameters: readonly { readonly label: string; readonly unit: string }[];
}

export interface TermState {
  readonly enabled: boolean;
  readonly values: readonly (number | null)[];
}

/** What a step went by. */
export interface Settings {
  readonly objective: Objective;
  /** Which of the envelopes is that of the target. */
  readonly envelope: number | null;
  readonly learningRate: number;
  readonly optimizer: string;
  readonly parameterization: string;
  readonly frozen: readonly Frozen[];
  /** Of the regularizers that the run had then, by name. */
  readonly terms: ReadonlyMap<string, TermState>;
}

export type Kind = "edit" | "freeze" | "setting" | "note";

/** Something that was done before a step; of a drag, from its first move to its last. */
export interface Chapter {
  readonly step: number;
  readonly lastStep: number;
  readonly kind: Kind;
  readonly words: string;
  /** From which sample to before which one it set the sequence; null where it did not. */
  readonly samples: readonly number[] | null;
  /** What was in force after it. */
  readonly settings: Settings;
}

export interface Figure {
  readonly name: string;
  readonly value: number | null;
  readonly band: readonly (number | null)[];
  readonly inside: boolean;
  readonly fails: boolean;
}

export interface Plausibility {
  readonly verdict: string | null;
  readonly reason: string;
  readonly figures: readonly Figure[];
  readonly nearest: {
    readonly index: number;
    readonly label: string;
    readonly distance: number | null;
  } | null;
}

export interface Provenance {
  readonly versions: Readonly<Record<string, string>>;
  readonly device: string;
  readonly threads: number;
  readonly model: string;
  readonly data: string | null;
  readonly layout: string;
  readonly seed: number;
  readonly start_drawn: boolean;
  readonly commands: number;
  readonly returns: number;
  readonly refusals: number;
  readonly diverged: boolean;
  readonly dreams: number;
}

export interface Recording {
  readonly title: string;
  /** The last one. */
  readonly step: number;
  readonly columns: readonly string[];
  /** The classes whose probabilities are told. */
  readonly classes: readonly number[];
  readonly classNames: readonly string[];
  readonly channelNames: readonly string[];
  readonly units: Units;
  readonly terms: readonly Term[];
  readonly first: Settings;
  readonly chapters: readonly Chapter[];
  /** Chapters before the first that is listed. */
  readonly omitted: number;
  readonly plausibility: Plausibility | null;
  readonly provenance: Provenance;
  /** The sequence at the end, with what was done after the last step. */
  readonly now: Sequence;
  readonly start: Sequence;
  readonly envelopes: readonly Envelope[];
  /** Steps of which the numbers are told; `scalars` and `probabilities` hold a row for each. */
  readonly steps: Int32Array;
  readonly scalars: Float32Array;
  readonly probabilities: Float32Array;
  /** Steps of which the sequence is told. */
  readonly sequenceSteps: Int32Array;
  readonly sequences: readonly Sequence[];
}

const readTerm = record<Term>({
  name: text,
  label: text,
  group: text,
  description: text,
  parameters: listOf(record<Term["parameters"][number]>({ label: text, unit: text })),
});

const readState = record<TermState>({ enabled: truth, values: listOf(orNull(number)) });

const readPlausibility = record<Plausibility>({
  verdict: orNull(text),
  reason: text,
  figures: listOf(
    record<Figure>({
      name: text,
      value: orNull(number),
      band: listOf(orNull(number)),
      inside: truth,
      fails: truth,
    }),
  ),
  nearest: orNull(
    record<NonNullable<Plausibility["nearest"]>>({
      index: integer,
      label: text,
      distance: orNull(number),
    }),
  ),
});

const readProvenance = record<Provenance>({
  versions: (value, where) =>
    Object.fromEntries(
      Object.entries(fields(value, where)).map(([name, version]) => [name, text(version, where)]),
    ),
  device: text,
  threads: integer,
  model: text,
  data: orNull(text),
  layout: text,
  seed: integer,
  start_drawn: truth,
  commands: integer,
  returns: integer,
  refusals: integer,
  diverged: truth,
  dreams: integer,
});

function readKind(value: unknown, where: string): Kind {
  const kind = text(value, where);
  if (kind === "edit" || kind === "freeze" || kind === "setting" || kind === "note") return kind;
  throw new ProtocolError(`${where} is "${kind}"`);
}

/** Settings as they were, and what of them has changed. */
function changedSettings(was: Settings | null, changed: Fields, where: string): Settings {
  const told = <T>(name: string, read: (value: unknown, where: string) => T, before?: T): T =>
    before === undefined || Object.hasOwn(changed, name)
      ? read(changed[name], `${where}.${name}`)
      : before;
  const terms = new Map(was?.terms);
  const states = fields(changed.regularizers ?? {}, `${where}.regularizers`);
  for (const [name, state] of Object.entries(states)) {
    if (state === null) terms.delete(name);
    else terms.set(name, readState(state, `${where}.regularizers.${name}`));
  }
  return {
    objective: told("objective", readObjective, was?.objective),
    envelope: told("envelope", orNull(integer), was?.envelope),
    learningRate: told("learning_rate", number, was?.learningRate),
    optimizer: told("optimizer", text, was?.optimizer),
    parameterization: told("parameterization", text, was?.parameterization),
    frozen: told("frozen", listOf(readFrozen), was?.frozen),
    terms,
  };
}

function readChapters(value: unknown, first: Settings): readonly Chapter[] {
  let settings = first;
  return list(value, "chapters", (entry, where) => {
    const chapter = fields(entry, where);
    const changed = fields(chapter.changed, `${where}.changed`);
    if (Object.keys(changed).length > 0) settings = changedSettings(settings, changed, where);
    return {
      step: integer(chapter.step, `${where}.step`),
      lastStep: integer(chapter.last_step, `${where}.last_step`),
      kind: readKind(chapter.kind, `${where}.kind`),
      words: text(chapter.words, `${where}.words`),
      samples: nullable(chapter.samples, `${where}.samples`, listOf(integer)),
      settings,
    };
  });
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

type Blocks = ReadonlyMap<string, Block>;

function block<D extends Block["dtype"]>(blocks: Blocks, name: string, dtype: D, sides: number) {
  const found = blocks.get(name);
  if (found?.dtype !== dtype || found.shape.length !== sides) {
    throw new ProtocolError(`array "${name}" should be ${dtype} with ${sides} dimensions`);
  }
  return found as Extract<Block, { dtype: D }>;
}

/** The sequences that lie one behind the other in a block; they share its memory. */
function sequencesOf({ shape, values }: Extract<Block, { dtype: "float32" }>): Sequence[] {
  const [channels = 0, time = 0] = shape.slice(-2);
  const size = channels * time;
  return Array.from({ length: size > 0 ? values.length / size : 0 }, (_, at) => ({
    channels,
    time,
    values: values.subarray(at * size, (at + 1) * size),
  }));
}

function only(sequences: readonly Sequence[], name: string): Sequence {
  const [one] = sequences;
  if (one === undefined) throw new ProtocolError(`array "${name}" is empty`);
  return one;
}

function rowsOf(blocks: Blocks, name: string, rows: number, width: number): Float32Array {
  const { values } = block(blocks, name, "float32", 2);
  if (values.length === rows * width) return values;
  throw new ProtocolError(`array "${name}" should have ${rows} rows of ${width}`);
}

function pairs(sequences: readonly Sequence[]): Envelope[] {
  return sequences.flatMap((low, at) => {
    const high = sequences[at + 1];
    return at % 2 === 0 && high !== undefined ? [{ low, high }] : [];
  });
}

/** Reads what the page carries; throws `ProtocolError` where it is not what it should be. */
export function readRecording(json: string): Recording {
  const message = fields(JSON.parse(json), "recording");
  if (message.seqdream_replay !== VERSION) {
    throw new ProtocolError(`the recording has version ${String(message.seqdream_replay)}`);
  }
  const headers: readonly Header[] = list(message.arrays, "arrays", readHeader);
  const blocks = unpack(headers, list(message.buffers, "buffers", text).map(bytesOf));
  const columns = list(message.columns, "columns", text);
  const classes = list(message.classes, "classes", integer);
  const steps = block(blocks, "steps", "int32", 1).values;
  const sequenceSteps = block(blocks, "sequence_steps", "int32", 1).values;
  const sequences = sequencesOf(block(blocks, "sequences", "float32", 3));
  if (sequences.length !== sequenceSteps.length) {
    throw new ProtocolError("every sequence should have its step");
  }
  const first = changedSettings(null, fields(message.first, "first"), "first");
  return {
    title: text(message.title, "title"),
    step: integer(message.step, "step"),
    columns,
    classes,
    classNames: list(message.class_names, "class_names", text),
    channelNames: list(message.channel_names, "channel_names", text),
    units: unitsOf({
      sample_rate: nullable(message.sample_rate, "sample_rate", number),
      units: list(message.units, "units", text),
      scale: list(message.scale, "scale", listOf(number)),
    }),
    terms: list(message.terms, "terms", readTerm),
    first,
    chapters: readChapters(message.chapters, first),
    omitted: integer(message.omitted, "omitted"),
    plausibility: nullable(message.plausibility, "plausibility", readPlausibility),
    provenance: readProvenance(message.provenance, "provenance"),
    now: only(sequencesOf(block(blocks, "now", "float32", 2)), "now"),
    start: only(sequencesOf(block(blocks, "start", "float32", 2)), "start"),
    envelopes: pairs(sequencesOf(block(blocks, "envelopes", "float32", 4))),
    steps,
    scalars: rowsOf(blocks, "scalars", steps.length, columns.length),
    probabilities: rowsOf(blocks, "probabilities", steps.length, classes.length),
    sequenceSteps,
    sequences,
  };
}
