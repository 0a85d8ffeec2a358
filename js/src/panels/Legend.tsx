/** Which line is what. */

import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { termColour, termDash } from "../chart/theme";
import { figure, whole } from "../format";
import { lastUpTo } from "../history";
import type { Ghost } from "../reading/ghosts";
import type { View } from "../view";
import { TextButton } from "./TextButton";

interface Props {
  readonly view: View;
}

interface KeyProps {
  readonly name: string;
  readonly colour: string;
  readonly width?: number;
  readonly dash?: readonly number[];
  readonly children?: ComponentChildren;
}

function KeyLine({ colour, width = 2, dash = [] }: Omit<KeyProps, "name">) {
  return (
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
  );
}

export function LineKey({ name, children, ...line }: KeyProps) {
  return (
    <li>
      <KeyLine {...line} />
      {name}
      {children}
    </li>
  );
}

/** A line that can be left out. */
function GhostKey({ view, ghost }: Props & { readonly ghost: Ghost }) {
  const { name, label, colour, width, dash } = ghost;
  const isShown = !view.reader.hidden.value.has(name);
  return (
    <li>
      <button
        type="button"
        class="seqdream-toggle"
        aria-pressed={isShown}
        title={isShown ? `Hide ${label}` : `Show ${label}`}
        onClick={() => view.reader.toggle(name)}
      >
        <KeyLine colour={colour} width={width + 0.5} dash={dash} />
        <span class="seqdream-name">{label}</span>
      </button>
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
  const past = view.store.beside.moment.value?.step;
  const hasFrozen = (settings.value?.frozen.length ?? 0) > 0;
  return (
    <div class="seqdream-legend">
      <ul class="seqdream-keys">
        <LineKey name={past === undefined ? "dream" : `step ${past}`} colour="dream" width={2.5} />
        {view.reader.ghosts.value.map((ghost) => (
          <GhostKey key={ghost.name} view={view} ghost={ghost} />
        ))}
        {hasEnvelope && <AreaKey name="class 5–95 %" kind="band" />}
        {hasFrozen && <AreaKey name="frozen" kind="frozen" />}
      </ul>
      <ChannelPicker view={view} />
    </div>
  );
}

function channelNames(view: View): readonly string[] {
  const count = view.store.sequence.value?.channels ?? 1;
  const names = view.store.settings.value?.channel_names ?? [];
  return Array.from({ length: count }, (_, channel) => names[channel] ?? `channel ${channel}`);
}

/** The channel in hand, and whether the others are seen below it. */
function ChannelPicker({ view }: Props) {
  const names = useComputed(() => channelNames(view)).value;
  if (names.length < 2) return null;
  return (
    <div class="seqdream-channel">
      <select
        class="seqdream-select"
        aria-label="Channel"
        value={view.channel.value}
        onChange={(event) => {
          view.channel.value = Number(event.currentTarget.value);
        }}
      >
        {names.map((name, channel) => (
          <option key={name} value={channel}>
            {name}
          </option>
        ))}
      </select>
      <label class="seqdream-all">
        <input
          type="checkbox"
          checked={view.isStacked.value}
          onChange={(event) => {
            view.isStacked.value = event.currentTarget.checked;
          }}
        />
        all {names.length} below
      </label>
    </div>
  );
}

/** A row for each channel, to take it in hand. */
export function ChannelRows({ view }: Props) {
  return (
    <div class="seqdream-row-names" role="radiogroup" aria-label="Channel in hand">
      {channelNames(view).map((name, channel) => (
        <label key={name} title={`Take ${name} in hand`}>
          <input
            type="radio"
            name={`channel-${view.id}`}
            checked={view.channel.value === channel}
            onChange={() => {
              view.channel.value = channel;
            }}
          />
          <span>{name}</span>
        </label>
      ))}
    </div>
  );
}

export function TimelineLegend({ view }: Props) {
  const { regularizers, deeds } = view.store.settings.value ?? { regularizers: [], deeds: [] };
  const history = view.store.history.value;
  const terms = view.terms();
  const { step } = view.reader;
  const row = step === null ? -1 : lastUpTo(history.steps, step);
  const value = (name: string) =>
    row >= 0 && (
      <b class="seqdream-read">{figure(history.columns.get(name)?.[row] ?? Number.NaN)}</b>
    );
  return (
    <div class="seqdream-legend is-timeline">
      <ul>
        <LineKey name="score" colour="dream" width={2}>
          {value("score")}
        </LineKey>
        {terms.map(({ name, position }) => (
          <LineKey
            key={name}
            name={regularizers[position]?.label ?? name}
            colour={termColour(position)}
            width={1.5}
            dash={termDash(position)}
          >
            {value(name)}
          </LineKey>
        ))}
        {deeds.length > 0 && <AreaKey name="by hand" kind="deed" />}
      </ul>
      <Moment view={view} />
    </div>
  );
}

/** The step that is read, and what can be done with it. */
function Moment({ view }: Props) {
  const { step } = view.reader;
  const looked = view.store.beside.moment.value;
  if (step === null) {
    const hasTerms = view.terms().length > 0;
    return hasTerms ? <span class="seqdream-note">each to its maximum</span> : null;
  }
  return (
    <span class="seqdream-moment">
      <span>
        step <b>{whole(looked?.step ?? step)}</b>
      </span>
      {looked !== null && (
        <>
          <TextButton name="Return here" onClick={() => view.returnHere()} />
          <TextButton name="Branch here" onClick={() => view.branchHere()} />
          <TextButton name="Back to now" onClick={() => view.store.beside.look(null)} />
        </>
      )}
    </span>
  );
}
