/** Moments that were kept: each a small picture, to compare with the present and to return to. */

import { extent } from "../chart/range";
import { figure, whole } from "../format";
import type { Kept, Thumbnail } from "../protocol";
import type { View } from "../view";
import { TextButton } from "./TextButton";

const [WIDTH, HEIGHT] = [104, 34];

interface Props {
  readonly view: View;
}

/** The outline of a sequence, from its least to its greatest value; a gap where there is none. */
export function outline({ low, high }: Thumbnail): string {
  const { low: least } = extent(low) ?? { low: 0 };
  const { high: most } = extent(high) ?? { high: 0 };
  const span = most - least || 1;
  const y = (value: number) => (HEIGHT - 2 - ((value - least) / span) * (HEIGHT - 4)).toFixed(1);
  const step = WIDTH / Math.max(1, low.length - 1);
  let path = "";
  let isDown = false;
  low.forEach((value, part) => {
    const top = high[part] ?? value;
    if (!Number.isFinite(value) || !Number.isFinite(top)) {
      isDown = false;
      return;
    }
    const x = (part * step).toFixed(1);
    path += `${isDown ? "L" : "M"}${x} ${y(value)}${top === value ? "" : `L${x} ${y(top)}`}`;
    isDown = true;
  });
  return path;
}

const KINDS: Readonly<Record<string, string>> = { branch: "branch", left: "left here" };

export function Shelf({ view }: Props) {
  const { shelf, comparison } = view.store.beside;
  if (shelf.value.length === 0) return null;
  const compared = comparison.value?.snapshot;
  return (
    <section class="seqdream-shelf" aria-label="Shelf">
      {shelf.value.map((kept) => (
        <Card key={kept.snapshot} view={view} kept={kept} isChosen={kept.snapshot === compared} />
      ))}
    </section>
  );
}

interface CardProps extends Props {
  readonly kept: Kept;
  readonly isChosen: boolean;
}

function Card({ view, kept, isChosen }: CardProps) {
  const { store } = view;
  const { snapshot, kind, step, score, verdict, objective, thumbnail } = kept;
  const picture = thumbnail[Math.min(view.channel.value, thumbnail.length - 1)];
  const what = KINDS[kind] ?? "snapshot";
  const told = `${what}, step ${step}, ${objective}, score ${figure(score ?? Number.NaN)}, ${verdict ?? "not judged"}`;
  return (
    <div class="seqdream-card" data-chosen={isChosen} data-kind={kind}>
      <button
        type="button"
        class="seqdream-card-face"
        aria-pressed={isChosen}
        aria-label={`Compare with ${told}`}
        title={told}
        onClick={() => store.beside.compare(isChosen ? null : snapshot)}
      >
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
          {picture !== undefined && <path d={outline(picture)} />}
        </svg>
        <span class="seqdream-card-words">
          <span>
            step {whole(step)}
            {kind !== "snapshot" && ` · ${what}`}
          </span>
          <span>
            {figure(score ?? Number.NaN)}
            {verdict !== null && ` · ${verdict}`}
          </span>
        </span>
      </button>
      {isChosen && !store.isReadOnly.value && (
        <span class="seqdream-card-acts">
          <TextButton
            name="Return"
            title="Go to it exactly; what is now is kept as well"
            onClick={() => void store.wish({ kind: "recall", snapshot })}
          />
          <TextButton
            name="Remove"
            onClick={() => void store.wish({ kind: "discard", snapshot })}
          />
        </span>
      )}
    </div>
  );
}
