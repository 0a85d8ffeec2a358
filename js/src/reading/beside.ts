/** What is read beside the dream: ghosts of its past, the gradient's push, the verdict, the shelf. */

import { batch, signal } from "@preact/signals";
import type {
  Kept,
  KernelMessage,
  Nearest,
  Sequence,
  ShelfMessage,
  Shown,
  VerdictMessage,
} from "../protocol";

/** A moment that was asked for; its sequence is null until it comes. */
export interface Moment {
  readonly step: number;
  readonly sequence: Sequence | null;
}

/** A snapshot to compare with. */
export interface Comparison {
  readonly snapshot: number;
  readonly sequence: Sequence | null;
}

export interface RealSequence extends Nearest {
  readonly sequence: Sequence;
}

type Ask = (
  message: { kind: "look"; step: number } | { kind: "compare"; snapshot: number },
) => void;

export type Beside = ReturnType<typeof besideOf>;

export function besideOf(ask: Ask) {
  const beforeEdit = signal<Sequence | null>(null);
  /** Where the gradient of the last step pushes each sample. */
  const push = signal<Sequence | null>(null);
  const verdict = signal<VerdictMessage | null>(null);
  const nearest = signal<RealSequence | null>(null);
  const shelf = signal<readonly Kept[]>([]);
  /** A step that is looked at on the timeline. */
  const moment = signal<Moment | null>(null);
  const comparison = signal<Comparison | null>(null);
  /** The step of a look that is on its way: the next one waits for its answer, the newest of all. */
  let asked: number | null = null;

  /** Shows the sequence of a step, or (null) the present again. */
  const look = (step: number | null): void => {
    const { value } = moment;
    if (step === (value?.step ?? null)) return;
    moment.value = step === null ? null : { step, sequence: value?.sequence ?? null };
    if (step !== null && asked === null) request(step);
  };

  const request = (step: number): void => {
    asked = step;
    ask({ kind: "look", step });
  };

  /** Draws a snapshot beside the present, or (null) none. */
  const compare = (snapshot: number | null): void => {
    comparison.value = snapshot === null ? null : { snapshot, sequence: null };
    if (snapshot !== null) ask({ kind: "compare", snapshot });
  };

  const take = (message: KernelMessage, isNewRun: boolean): void => {
    switch (message.kind) {
      case "snapshot":
        beforeEdit.value = message.beforeEdit;
        push.value = message.push;
        asked = null;
        if (isNewRun) moment.value = null;
        break;
      case "frame":
        if (message.push !== null) push.value = message.push;
        break;
      case "window":
        beforeEdit.value = message.beforeEdit;
        if (message.push !== null) push.value = message.push;
        if (nearest.value !== null && message.nearest !== null)
          nearest.value = { ...nearest.value, sequence: message.nearest };
        break;
      case "settings":
        beforeEdit.value = message.beforeEdit;
        break;
      case "verdict":
        onVerdict(message);
        break;
      case "shelf":
        onShelf(message);
        break;
      case "look":
        onLook(message);
        break;
      case "compare":
        if (comparison.value?.snapshot === message.of)
          comparison.value = { snapshot: message.of, sequence: message.sequence };
        break;
      case "refusal":
        // It answers what was asked for without a number of its own.
        if (message.id === null) asked = null;
        break;
    }
  };

  const onVerdict = (message: VerdictMessage): void => {
    batch(() => {
      verdict.value = message;
      const { nearest: told, sequence } = message;
      const known = nearest.value;
      const drawn = sequence ?? (known?.index === told?.index ? (known?.sequence ?? null) : null);
      nearest.value = told && drawn && { ...told, sequence: drawn };
    });
  };

  const onShelf = ({ snapshots }: ShelfMessage): void => {
    shelf.value = snapshots;
    const compared = comparison.value?.snapshot;
    if (!snapshots.some(({ snapshot }) => snapshot === compared)) comparison.value = null;
  };

  const onLook = ({ of, sequence }: Shown): void => {
    // Another page on this kernel may have asked for something else.
    if (of !== asked) return;
    asked = null;
    const { value } = moment;
    if (value === null) return;
    moment.value = { step: value.step, sequence };
    if (value.step !== of) request(value.step);
  };

  return { beforeEdit, push, verdict, nearest, shelf, moment, comparison, look, compare, take };
}
