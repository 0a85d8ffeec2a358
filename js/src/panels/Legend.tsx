/** Which line is what. */

import { useComputed } from "@preact/signals";
import { termColour, termDash } from "../chart/theme";
import type { View } from "../view";

interface Props {
  readonly view: View;
}

interface KeyProps {
  readonly name: string;
  readonly colour: string;
  readonly width?: number;
  readonly dash?: readonly number[];
}

export function LineKey({ name, colour, width = 2, dash = [] }: KeyProps) {
  return (
    <li>
      <svg class="seqdream-key" viewBox="0 0 16 8" aria-hidden="true">
        <line
          x1="0"
          x2="16"
          y1="4"
          y2="4"
          stroke={`var(--sd-${colour})`}
          stroke-width={width}
          stroke-dasharray={dash.join(" ")}
        />
      </svg>
      {name}
    </li>
  );
}

export function AreaKey({ name, kind }: { readonly name: string; readonly kind: string }) {
  return (
    <li>
      <span class={`seqdream-key is-${kind}`} aria-hidden="true" />
      {name}
    </li>
  );
}

export function Legend({ view }: Props) {
  const { envelope, settings } = view.store;
  const hasEnvelope = envelope.value !== null;
  const hasFrozen = (settings.value?.frozen.length ?? 0) > 0;
  return (
    <div class="seqdream-legend">
      <ul>
        <LineKey name="dream" colour="dream" width={2.5} />
        <LineKey name="start" colour="ghost" width={1.5} />
        {hasEnvelope && <AreaKey name="class 5–95 %" kind="band" />}
        {hasFrozen && <AreaKey name="frozen" kind="frozen" />}
      </ul>
      <ChannelPicker view={view} />
    </div>
  );
}

function ChannelPicker({ view }: Props) {
  const count = useComputed(() => view.store.sequence.value?.channels ?? 1).value;
  if (count < 2) return null;
  const names = view.store.settings.value?.channel_names ?? [];
  return (
    <label class="seqdream-channel">
      Channel
      <select
        class="seqdream-select"
        value={view.channel.value}
        onChange={(event) => {
          view.channel.value = Number(event.currentTarget.value);
        }}
      >
        {Array.from({ length: count }, (_, channel) => (
          <option key={names[channel] ?? channel} value={channel}>
            {names[channel] ?? `channel ${channel}`}
          </option>
        ))}
      </select>
    </label>
  );
}

export function TimelineLegend({ view }: Props) {
  const regularizers = view.store.settings.value?.regularizers ?? [];
  const terms = view.terms();
  return (
    <div class="seqdream-legend is-timeline">
      <ul>
        <LineKey name="score" colour="dream" width={2} />
        {terms.map(({ name, position }) => (
          <LineKey
            key={name}
            name={regularizers[position]?.label ?? name}
            colour={termColour(position)}
            width={1.5}
            dash={termDash(position)}
          />
        ))}
      </ul>
      {terms.length > 0 && <span class="seqdream-note">each term to its own maximum</span>}
    </div>
  );
}
