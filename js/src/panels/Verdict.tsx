/** Whether the dream is plausible: the verdict, the figures that fail, and on request all of them. */

import { useId, useState } from "preact/hooks";
import { figure, signed } from "../format";
import type { Figure } from "../protocol";
import type { View } from "../view";

interface Props {
  readonly view: View;
}

function words(name: string): string {
  return name.replaceAll("_", " ");
}

/** What real members have: the whole band, or the end of it that counts. */
export function band({ bound, low, high }: Figure): string {
  if (low === null || high === null) return "too few to tell";
  return bound === "upper" ? `at most ${fine(high)}` : `${fine(low)} – ${fine(high)}`;
}

/** A bound may be missed by little: as many digits as tell. */
function fine(value: number): string {
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e5
    ? signed(Number(value.toPrecision(4)).toString())
    : figure(value);
}

function read(value: number | null): string {
  return value === null ? "–" : fine(value);
}

/** One line under everything, which opens on a table. */
export function Verdict({ view }: Props) {
  const [isOpen, setOpen] = useState(false);
  const table = `figures-${useId()}-${view.id}`;
  const found = view.store.beside.verdict.value;
  if (found === null) return null;
  const { verdict, reason, figures, nearest } = found;
  const failing = figures.filter(({ fails }) => fails);
  if (figures.length === 0) {
    return (
      <div class="seqdream-verdict">
        <span class="seqdream-reason">{reason}</span>
      </div>
    );
  }
  return (
    <div class="seqdream-verdict" data-verdict={verdict ?? "none"}>
      <button
        type="button"
        class="seqdream-verdict-line"
        aria-expanded={isOpen}
        aria-controls={table}
        aria-label={`Plausibility: ${verdict ?? "not judged"}. ${reason}`}
        title={reason}
        onClick={() => setOpen(!isOpen)}
      >
        <span class="seqdream-badge">{verdict ?? "not judged"}</span>
        {failing.map((one) => (
          <span key={one.name} class="seqdream-failing" data-figure={one.name}>
            {words(one.name)} <b>{read(one.value)}</b> (real {band(one)})
          </span>
        ))}
        {failing.length === 0 && <span class="seqdream-reason">{reason}</span>}
        <span class="seqdream-add" aria-hidden="true">
          all figures
        </span>
      </button>
      {isOpen && (
        <div id={table} class="seqdream-figure-table">
          <p>{reason}</p>
          <table>
            <thead>
              <tr>
                <th scope="col">figure</th>
                <th scope="col">dream</th>
                <th scope="col">real members, 5 to 95 %</th>
              </tr>
            </thead>
            <tbody>
              {figures.map((one) => (
                <tr key={one.name} data-fails={one.fails}>
                  <th scope="row">{words(one.name)}</th>
                  <td>{read(one.value)}</td>
                  <td>{band(one)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {nearest !== null && (
            <p>
              nearest real sequence: no. {nearest.index}, class {nearest.label}, distance{" "}
              {read(nearest.distance)}
            </p>
          )}
        </div>
      )}
    </div>
  );
}
