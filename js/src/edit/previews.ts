/** Changes that the browser draws before the kernel's own sequence shows them, so that nothing jumps back. */

import type { Change, Frozen, Sequence } from "../protocol";
import { change as carryOut } from "./kernel";

export interface Preview {
  readonly gesture: number;
  readonly change: Change;
  /** The command that carries it; null while it waits to be sent. */
  readonly id: number | null;
  /** The step before which the kernel applied it; null until it says so. */
  readonly step: number | null;
}

/** Replaces what this gesture has not sent yet: only the newest position matters. */
export function drafted(
  previews: readonly Preview[],
  gesture: number,
  changes: readonly Change[],
): readonly Preview[] {
  return [...withoutDraft(previews, gesture), ...changes.map((change) => held(gesture, change))];
}

/** What a hand does, before any command carries it. */
export function held(gesture: number, change: Change): Preview {
  return { gesture, change, id: null, step: null };
}

export function withoutDraft(previews: readonly Preview[], gesture: number): readonly Preview[] {
  return previews.filter((preview) => preview.gesture !== gesture || preview.id !== null);
}

export function acknowledged(
  previews: readonly Preview[],
  id: number,
  step: number,
): readonly Preview[] {
  return previews.map((preview) => (preview.id === id ? { ...preview, step } : preview));
}

/** Drops what a sequence of `step` shows already. Paused, the first frame after the acknowledgement does. */
export function unconfirmed(
  previews: readonly Preview[],
  step: number,
  playing: boolean,
): readonly Preview[] {
  const open = previews.filter(
    (preview) => preview.step === null || (playing && step < preview.step),
  );
  return open.length === previews.length ? previews : open;
}

export function withoutGesture(previews: readonly Preview[], gesture: number): readonly Preview[] {
  return previews.filter((preview) => preview.gesture !== gesture);
}

/** The kernel's sequence with every open change on it, in the order the kernel will apply them. */
export function previewed(
  sequence: Sequence,
  previews: readonly Preview[],
  frozen: readonly Frozen[],
): Sequence {
  if (previews.length === 0) return sequence;
  const copy = { ...sequence, values: sequence.values.slice() };
  for (const preview of previews) carryOut(copy, preview.change, frozen);
  return copy;
}
