/** The lines that stand beside the dream: where it came from, and what it is compared with. */

import type { ColourName } from "../chart/theme";
import type { Sequence } from "../protocol";
import type { Store } from "../store";

export interface Ghost {
  readonly name: string;
  readonly label: string;
  readonly colour: ColourName;
  readonly width: number;
  readonly dash: readonly number[];
  readonly sequence: Sequence;
}

/** What there is to draw, the faintest first. */
export function ghostsOf({ start, sequence, settings, beside }: Store): readonly Ghost[] {
  const { nearest, beforeEdit, comparison, moment, shelf } = beside;
  const ghosts: Ghost[] = [];
  const add = (ghost: Omit<Ghost, "sequence" | "dash">, of: Sequence | null, ...dash: number[]) => {
    if (of !== null) ghosts.push({ ...ghost, dash, sequence: of });
  };
  add({ name: "start", label: "start", colour: "ghost", width: 1 }, start.value);
  const real = nearest.value;
  if (real !== null) {
    const names = settings.value?.class_names ?? [];
    const label = `nearest real (no. ${real.index}, ${shortened(real.label, names.length)})`;
    add({ name: "nearest", label, colour: "real", width: 1 }, real.sequence);
  }
  const edit = { name: "before_edit", label: "before edit", colour: "edit", width: 1 } as const;
  add(edit, beforeEdit.value, 4, 3);
  const compared = comparison.value;
  const kept = shelf.value.find((one) => one.snapshot === compared?.snapshot);
  if (compared !== null && kept !== undefined) {
    const label = `${kept.kind} at step ${kept.step}`;
    add({ name: "snapshot", label, colour: "kept", width: 1.5 }, compared.sequence);
  }
  if (moment.value?.sequence) {
    add({ name: "now", label: "now", colour: "dream", width: 1 }, sequence.value, 2, 2);
  }
  return ghosts;
}

/** Names of classes may be long, and there may be many. */
function shortened(name: string, count: number): string {
  const most = count > 2 ? 18 : 24;
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}
