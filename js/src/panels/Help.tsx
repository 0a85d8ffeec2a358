/** Every tool and key, over the widget. */

import { useEffect, useRef } from "preact/hooks";
import type { View } from "../view";

type Row = readonly [what: string, pointer: string, keys: string];

/** What a person can do, with the pointer and with the keyboard. */
const GROUPS: readonly (readonly [heading: string, rows: readonly Row[]])[] = [
  [
    "Run",
    [
      ["play, pause", "▶", "Space"],
      ["one step", "the step button", "S"],
      ["undo, redo", "the arrows", "Ctrl/Cmd Z, with Shift"],
    ],
  ],
  [
    "Drag · D",
    [
      ["move a point and its surroundings", "drag it, or the curve", "Tab to it, ↑ ↓"],
      ["along time, at its level", "Shift and drag", "← →"],
      ["one sample alone", "Alt and drag", "Alt ↑ ↓"],
      ["how far it reaches", "wheel while dragging, slider", "[ ]"],
      ["an exact value", "", "Enter"],
      ["add a point, remove it", "double-click the curve, the point", "N, Delete"],
      ["keep within the class envelope", "the magnet", "E"],
    ],
  ],
  ["Draw · P", [["draw a stretch", "draw", "arrows; Enter: pen down, pen up"]]],
  [
    "Brush · B, Freeze · F",
    [["change or freeze a stretch", "sweep over it", "Enter, arrows, Enter"]],
  ],
  [
    "Zoom · Z",
    [
      ["zoom to a stretch", "sweep over it; pinch, Ctrl and wheel", "+ −"],
      ["pan", "Shift and drag, wheel sideways", "← →"],
      ["all samples again", "double-click", "0"],
    ],
  ],
  [
    "With all of them",
    [
      ["larger steps", "", "Shift and arrows"],
      ["as it was before", "", "Escape"],
    ],
  ],
];

export function Help({ view }: { readonly view: View }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = view.isHelping.value;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  const close = () => {
    view.isHelping.value = false;
  };
  return (
    <dialog ref={dialog} class="seqdream-help" aria-label="Tools and keys" onClose={close}>
      {isOpen && (
        <div>
          <div class="seqdream-help-head">
            <h3>Tools and keys</h3>
            <button type="button" class="seqdream-button" aria-label="Close" onClick={close}>
              ×
            </button>
          </div>
          <table>
            <thead>
              <tr>
                <th scope="col">
                  <span class="seqdream-unseen">What</span>
                </th>
                <th scope="col">pointer</th>
                <th scope="col">keyboard</th>
              </tr>
            </thead>
            {GROUPS.map(([heading, rows]) => (
              <tbody key={heading}>
                <tr>
                  <th scope="rowgroup" colSpan={3}>
                    {heading}
                  </th>
                </tr>
                {rows.map((row) => (
                  <tr key={row[0]}>
                    {row.map((words, column) => (
                      <td key={column}>{words}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            ))}
          </table>
        </div>
      )}
    </dialog>
  );
}
