/** The numbers of every step, as a table; only the rows in sight are made. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { save } from "../files";
import { figure, share, whole } from "../format";
import { columnLabel, type Props, Section } from "./Section";
import { stepsTable } from "./table";

/** Pixels; the style sheet says the same. */
const ROW = 26;
const IN_SIGHT = 10;
const AROUND = 6;

export function Rows({ player }: Props) {
  const { recording } = player;
  const { steps, columns, classes, classNames } = recording;
  const box = useRef<HTMLElement>(null);
  const top = useSignal(0);
  // The table follows the slider; who scrolls it by hand is not fought with.
  useSignalEffect(() => {
    const wanted = Math.max(0, player.row.value) * ROW;
    const { current } = box;
    if (current === null) return;
    const isSeen =
      wanted >= current.scrollTop && wanted <= current.scrollTop + (IN_SIGHT - 2) * ROW;
    if (!isSeen) current.scrollTop = wanted - (IN_SIGHT / 2) * ROW;
  });
  const first = Math.max(0, Math.floor(top.value / ROW) - AROUND);
  const last = Math.min(steps.length, first + IN_SIGHT + 2 * AROUND);
  const label = (name: string) =>
    columnLabel(name) ?? recording.terms.find((term) => term.name === name)?.label ?? name;
  return (
    <Section name="Every step" kind="rows">
      <button
        type="button"
        class="replay-link"
        onClick={() => save(new Blob([stepsTable(player)], { type: "text/csv" }), "steps.csv")}
      >
        save as CSV
      </button>
      <section
        class="replay-scroll"
        ref={box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by key
        tabIndex={0}
        data-keys
        aria-label="Numbers of every step"
        onScroll={(event) => {
          top.value = event.currentTarget.scrollTop;
        }}
      >
        <table class="replay-table" aria-rowcount={steps.length + 1}>
          <thead>
            <tr>
              <th scope="col" class="is-number">
                step
              </th>
              {columns.map((name) => (
                <th key={name} scope="col" class="is-number">
                  {label(name)}
                </th>
              ))}
              {classes.map((index) => (
                <th key={index} scope="col" class="is-number">
                  p({classNames[index]})
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr class="replay-spacer" style={{ height: `${first * ROW}px` }} />
            {Array.from({ length: last - first }, (_, at) => (
              <Row key={first + at} player={player} row={first + at} />
            ))}
            <tr class="replay-spacer" style={{ height: `${(steps.length - last) * ROW}px` }} />
          </tbody>
        </table>
      </section>
    </Section>
  );
}

function Row({ player, row }: Props & { readonly row: number }) {
  const { steps, columns, classes } = player.recording;
  const step = steps[row] ?? 0;
  return (
    // The slider and the keys go to every step as well.
    <tr
      aria-rowindex={row + 2}
      aria-current={player.row.value === row ? "step" : undefined}
      onClick={() => player.scrub(step)}
    >
      <th scope="row" class="is-number">
        {whole(step)}
      </th>
      {columns.map((name) => (
        <td key={name} class="is-number">
          {figure(player.value(name, row))}
        </td>
      ))}
      {classes.map((index, place) => (
        <td key={index} class="is-number">
          {share(player.probability(place, row))}
        </td>
      ))}
    </tr>
  );
}
