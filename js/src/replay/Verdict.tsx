/** How the sequence at the end compares with real ones. */

import { figure } from "../format";
import type { Figure } from "./recording";
import { type Props, Section } from "./Section";

const number = (value: number | null | undefined) => figure(value ?? Number.NaN);

export function Verdict({ player }: Props) {
  const { plausibility } = player.recording;
  return (
    <Section name="Plausibility at the end" kind="verdict">
      {plausibility === null ? (
        <p class="replay-quiet">There was no real data to compare with.</p>
      ) : (
        <>
          <p>
            <b class="replay-chip" data-verdict={plausibility.verdict ?? "none"}>
              {plausibility.verdict ?? "not judged"}
            </b>{" "}
            {plausibility.reason}
          </p>
          {plausibility.figures.length > 0 && <Figures figures={plausibility.figures} />}
          {plausibility.nearest && (
            <p class="replay-quiet">
              Nearest real sequence: index {plausibility.nearest.index}, class{" "}
              {plausibility.nearest.label}, distance {number(plausibility.nearest.distance)}
            </p>
          )}
        </>
      )}
    </Section>
  );
}

function Figures({ figures }: { readonly figures: readonly Figure[] }) {
  return (
    <table class="replay-table">
      <thead>
        <tr>
          <th scope="col">Figure</th>
          <th scope="col" class="is-number">
            Dream
          </th>
          <th scope="col" class="is-number">
            Real, 5 to 95 %
          </th>
        </tr>
      </thead>
      <tbody>
        {figures.map(({ name, value, band, fails }) => (
          <tr key={name} data-fails={fails}>
            <th scope="row">{name}</th>
            <td class="is-number">
              {fails && (
                <>
                  <span aria-hidden="true">✗ </span>
                  <span class="seqdream-unseen">fails: </span>
                </>
              )}
              {number(value)}
            </td>
            <td class="is-number">
              {number(band[0])} … {number(band[1])}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
