/** The tool in hand, and what there is to choose about it. */

import { useComputed } from "@preact/signals";
import { useId } from "preact/hooks";
import { BRUSHES, type BrushSort } from "../edit/brushes";
import type { Tool, View } from "../view";
import { Icon } from "./icons";

interface Props {
  readonly view: View;
}

export function Tools({ view }: Props) {
  const group = `tool-${useId()}-${view.id}`;
  const tool = (value: Tool, name: string, hint: string) => (
    <label class="seqdream-tool" title={hint}>
      <input
        type="radio"
        name={group}
        aria-label={name}
        checked={view.tool.value === value}
        onChange={() => view.hand.choose(value)}
      />
      <Icon name={value} />
    </label>
  );
  return (
    <>
      <div class="seqdream-tools" role="radiogroup" aria-label="Tool">
        {tool("drag", "Drag", "Drag the curve (D)")}
        {tool("draw", "Draw", "Draw the curve free-hand (P)")}
        {tool("brush", "Brush", "Brush a stretch to change it as a whole (B)")}
        {tool("freeze", "Freeze", "Brush samples to freeze or unfreeze them (F)")}
        {tool("zoom", "Zoom", "Zoom to a stretch; Shift and drag to pan (Z)")}
      </div>
      <Options view={view} />
    </>
  );
}

/** Nothing but what goes with the tool. */
function Options({ view }: Props) {
  const tool = view.tool.value;
  return (
    <fieldset
      class="seqdream-tool-options"
      aria-label="Options of the tool"
      disabled={view.store.isReadOnly.value}
    >
      {tool === "drag" && <Reach view={view} />}
      {(tool === "drag" || tool === "draw") && <Snap view={view} />}
      {tool === "brush" && <BrushChoice view={view} />}
      {view.isZoomed && <Fit view={view} />}
    </fieldset>
  );
}

/** Positions of the slider are logarithms: few samples matter as much as many. */
function Reach({ view }: Props) {
  const time = useComputed(() => view.store.sequence.value?.time ?? 2).value;
  const radius = view.hand.radius(time);
  const most = Math.log(Math.max(2, time / 2));
  const words = radius === 1 ? "1 sample" : `${radius} samples`;
  return (
    <label
      class="seqdream-reach"
      title="How far a drag carries the curve along ([ and ], or the wheel while dragging)"
    >
      <input
        type="range"
        class="seqdream-slider"
        aria-label="Reach of a drag"
        aria-valuetext={words}
        min={0}
        max={most}
        step="any"
        value={Math.log(radius)}
        style={{ "--filled": `${(100 * Math.log(radius)) / most}%` }}
        onInput={(event) => view.hand.setReach(Math.exp(Number(event.currentTarget.value)))}
      />
      <span aria-hidden="true">
        r <b>{radius}</b>
      </span>
    </label>
  );
}

function Fit({ view }: Props) {
  return (
    <button
      type="button"
      class="seqdream-button is-text"
      title="Show all samples again (0, or double-click with the zoom)"
      onClick={() => view.look(null)}
    >
      Show all
    </button>
  );
}

function Snap({ view }: Props) {
  const { hand, store } = view;
  const isThere = store.envelope.value !== null;
  return (
    <button
      type="button"
      class="seqdream-button is-toggle"
      aria-label="Keep within the class envelope"
      aria-pressed={hand.isSnapping.value && isThere}
      aria-disabled={!isThere}
      title={
        isThere
          ? "Keep what you drag and draw within the class envelope (E)"
          : "There is no class envelope to keep within"
      }
      onClick={() => hand.snap(!hand.isSnapping.value)}
    >
      <Icon name="magnet" />
    </button>
  );
}

function BrushChoice({ view }: Props) {
  const { hand, store } = view;
  const { sort } = hand;
  // What needs data is on offer where the presets that need it are.
  const hasData = store.settings.value?.presets.every(({ unavailable }) => unavailable === null);
  const isOffered = ({ needsData }: BrushSort) => needsData !== true || hasData === true;
  return (
    <>
      <select
        class="seqdream-select"
        aria-label="What the brush does"
        value={sort.type}
        onChange={(event) => hand.chooseBrush(event.currentTarget.value)}
      >
        {BRUSHES.map((brush) => (
          <option key={brush.type} value={brush.type} disabled={!isOffered(brush)}>
            {brush.label}
          </option>
        ))}
      </select>
      {sort.amount && (
        <input
          class="seqdream-amount"
          type="number"
          step="any"
          aria-label={sort.amount.label}
          title={sort.amount.label}
          value={hand.amount()}
          onChange={(event) => hand.setAmount(event.currentTarget.valueAsNumber)}
        />
      )}
    </>
  );
}
