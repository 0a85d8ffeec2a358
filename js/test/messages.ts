/** Messages as the kernel sends them, for the tests. */

import { type Block, type Bytes, pack } from "../src/arrays";

export const SETTINGS = {
  playing: false,
  status: "paused at step 3",
  error: null,
  undo: null as string | null,
  deeds: [] as readonly number[],
  redo: null as string | null,
  class_names: ["normal", "abnormal"],
  objective: {
    type: "logit",
    targets: [1],
    text: "logit of abnormal",
    preset: null as string | null,
  },
  objective_types: [
    { type: "logit", label: "logit" },
    { type: "margin", label: "margin" },
  ],
  presets: ["centered", "rim", "border", "extreme"].map((name) => ({
    name,
    label: name,
    description: `What is ${name}.`,
    classes: name === "border" ? 2 : 1,
    unavailable: null as string | null,
  })),
  learning_rate: 0.05,
  threads: 1,
  channel_names: ["channel 0"],
  frozen: [[1, 3, null, 0]],
  regularizers: [
    {
      name: "total_variation",
      label: "Total variation",
      group: "penalty",
      present: true,
      enabled: true,
      description: "Fewer and smaller jumps.",
      slider: "weight",
      parameters: [
        {
          name: "weight",
          label: "weight",
          value: 0.02,
          low: 0.0001,
          high: 10,
          scale: "log",
          integer: false,
          unit: "",
        },
      ],
    },
  ],
};

const COLUMNS = ["score", "grad_norm", "total_variation"];

export interface Wire {
  readonly content: Record<string, unknown>;
  readonly buffers: readonly Bytes[];
}

export function wire(content: Record<string, unknown>, blocks: Record<string, Block> = {}): Wire {
  const { arrays, buffers } = pack(new Map(Object.entries(blocks)));
  return { content: { ...content, arrays }, buffers };
}

export function floats(shape: number[], values: readonly number[]): Block {
  return { dtype: "float32", shape, values: Float32Array.from(values) };
}

export function rows(steps: readonly number[]): Record<string, Block> {
  const values = steps.flatMap((step) => [step / 10, 1 / (step + 1), Number.NaN]);
  return {
    steps: { dtype: "int32", shape: [steps.length], values: Int32Array.from(steps) },
    scalars: floats([steps.length, COLUMNS.length], values),
  };
}

interface Stamp {
  readonly run?: number;
  readonly number?: number;
}

export function snapshot({ run = 1, number = 1 }: Stamp = {}, settings: object = SETTINGS): Wire {
  const content = { kind: "snapshot", run, number, protocol: 1, step: 3, steps_per_second: 0 };
  return wire(
    { ...content, columns: COLUMNS, settings },
    {
      sequence: floats([1, 4], [0, 1, 2, 3]),
      start: floats([1, 4], [9, 9, 9, 9]),
      ...rows([1, 2, 3]),
      probabilities: floats([2], [0.25, 0.75]),
    },
  );
}

export function frame(stamp: Stamp, step: number, values = [0, 1, 2, 3]): Wire {
  const content = { kind: "frame", run: 1, ...stamp, step, steps_per_second: 100 };
  return wire(
    { ...content, columns: COLUMNS, sequence_steps: [step], thinned: false },
    { ...rows([step]), sequences: floats([1, 1, values.length], values) },
  );
}

export function settings(number: number, change: object): Wire {
  return wire({ kind: "settings", run: 1, number, step: 3, settings: { ...SETTINGS, ...change } });
}
