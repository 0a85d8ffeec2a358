/** What a brush may do with a stretch of the dream. */

import type { Brush, Command } from "../protocol";

export type BrushKind = "freeze" | "unfreeze" | Brush["type"];

export interface BrushSort {
  readonly type: BrushKind;
  readonly label: string;
  /** What has become of the samples, in words. */
  readonly done: string;
  /** The number it takes, and what that is at first. */
  readonly amount?: { readonly label: string; readonly value: number };
  readonly needsData?: boolean;
}

export const BRUSHES: readonly BrushSort[] = [
  { type: "freeze", label: "freeze", done: "frozen" },
  { type: "unfreeze", label: "unfreeze", done: "unfrozen" },
  { type: "erase", label: "erase to zero", done: "erased" },
  {
    type: "replace_by_mean",
    label: "class mean",
    done: "replaced by the class mean",
    needsData: true,
  },
  {
    type: "replace_by_nearest",
    label: "nearest real sequence",
    done: "replaced by the nearest real sequence",
    needsData: true,
  },
  { type: "reverse", label: "turn round in time", done: "turned round in time" },
  { type: "invert", label: "turn upside down", done: "turned upside down" },
  {
    type: "scale",
    label: "scale about its mean",
    done: "scaled",
    amount: { label: "Factor", value: 1.5 },
  },
  { type: "shift", label: "shift", done: "shifted", amount: { label: "By", value: 0.5 } },
];

export function brushOf(type: BrushKind): BrushSort {
  return BRUSHES.find((brush) => brush.type === type) ?? (BRUSHES[0] as BrushSort);
}

/** Samples `start` … `stop − 1`, in one channel or (null) in the only one. */
export interface Stretch {
  readonly start: number;
  readonly stop: number;
  readonly channel: number | null;
}

export function brushCommand(type: BrushKind, amount: number, stretch: Stretch): Command {
  switch (type) {
    case "scale":
      return { type, factor: amount, ...stretch };
    case "shift":
      return { type, by: amount, ...stretch };
    default:
      return { type, ...stretch };
  }
}

/** A stretch in words: people count both ends. */
export function samples({ start, stop }: Pick<Stretch, "start" | "stop">): string {
  return stop - start === 1 ? `Sample ${start}` : `Samples ${start} to ${stop - 1}`;
}
