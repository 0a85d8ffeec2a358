/** What the parts of the page share: what they are given, their frame, what columns are called. */

import type { ComponentChildren } from "preact";
import type { Player } from "./player";

export interface Props {
  readonly player: Player;
}

export function Section({
  name,
  kind,
  children,
}: {
  readonly name: string;
  readonly kind: string;
  readonly children: ComponentChildren;
}) {
  return (
    <section class={`seqdream-panel replay-${kind}`} aria-label={name}>
      <h2>{name}</h2>
      {children}
    </section>
  );
}

/** Columns that are no regularizer. */
export function columnLabel(name: string): string | null {
  if (name === "score") return "score";
  return name === "grad_norm" ? "gradient norm" : null;
}
