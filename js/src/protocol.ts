/** The wire, as `docs/protocol.md` has it: what is said each way. `decode.ts` reads what the kernel says. */

import type { Window } from "./windows";

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
  /** The steps before which a person did something. */
  readonly deeds: readonly number[];
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

export interface Stamp {
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
export interface Shown<K = "look" | "compare"> extends Stamp {
  readonly kind: K;
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
  | Shown<"look">
  | Shown<"compare">
  | Acknowledgement
  | Exported
  | Refusal;
