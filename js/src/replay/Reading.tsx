/** What was in force at the shown step, and what it measured. */

import { useComputed } from "@preact/signals";
import { termColour } from "../chart/theme";
import { figure, setting, share, whole } from "../format";
import type { Frozen } from "../protocol";
import type { Player } from "./player";
import type { Settings, Term } from "./recording";
import { columnLabel, type Props, Section } from "./Section";
import type { Stage } from "./stage";

interface ReadingProps extends Props {
  readonly stage: Stage;
}

/** Classes that there is room for. */
const MOST_SHOWN = 4;

export function Reading({ player }: ReadingProps) {
  const words = useComputed(() => whole(player.step.value)).value;
  return (
    <aside class="replay-reading" aria-label={`At step ${words}`}>
      <Section name="Target" kind="target">
        <p class="seqdream-objective">{player.settings.value.objective.text}</p>
        <Probabilities player={player} />
      </Section>
      <Section name="Terms" kind="terms">
        <Terms player={player} />
      </Section>
      <Section name="Settings" kind="settings">
        <InForce player={player} />
      </Section>
    </aside>
  );
}

/** The targets first, then the likeliest. */
function shownClasses({ recording, settings, row }: Player, of: (place: number) => number) {
  const { targets } = settings.value.objective;
  const isTarget = (index: number) => targets.includes(index);
  return recording.classes
    .map((index, place) => ({ index, value: row.value < 0 ? Number.NaN : of(place) }))
    .sort(
      (one, other) =>
        Number(isTarget(other.index)) - Number(isTarget(one.index)) ||
        (other.value || 0) - (one.value || 0),
    )
    .slice(0, MOST_SHOWN);
}

function Probabilities({ player }: Props) {
  const { row, recording } = player;
  const shown = shownClasses(player, (place) => player.probability(place, row.value));
  return (
    <div class="seqdream-probabilities">
      {shown.map(({ index, value }, place) => (
        <div key={place} class="seqdream-probability" data-place={Math.min(place, 1)}>
          <span class="seqdream-name" title={recording.classNames[index]}>
            {recording.classNames[index]}
          </span>
          <span class="seqdream-bar">
            <span style={{ width: `${100 * (value || 0)}%` }} />
          </span>
          <span class="seqdream-figure">{share(value)}</span>
        </div>
      ))}
    </div>
  );
}

function Terms({ player }: Props) {
  const { recording, settings } = player;
  const { terms } = settings.value;
  return (
    <table class="replay-table">
      <thead>
        <tr>
          <th scope="col">Term</th>
          <th scope="col">Setting</th>
          <th scope="col" class="is-number">
            Value
          </th>
        </tr>
      </thead>
      <tbody>
        {["score", "grad_norm"].map((name) => (
          <Row
            key={name}
            player={player}
            name={name}
            label={columnLabel(name) ?? name}
            colour={name === "score" ? "dream" : "faint"}
          />
        ))}
        {recording.terms.map(
          (term, position) =>
            terms.has(term.name) && (
              <Row
                key={term.name}
                player={player}
                name={term.name}
                label={term.label}
                colour={termColour(position)}
                term={term}
              />
            ),
        )}
      </tbody>
    </table>
  );
}

interface RowProps extends Props {
  readonly name: string;
  readonly label: string;
  readonly colour: string;
  readonly term?: Term;
}

function Row({ player, name, label, colour, term }: RowProps) {
  const { alone, row, settings } = player;
  const isAlone = alone.value === name;
  const isOn = term === undefined || (settings.value.terms.get(name)?.enabled ?? false);
  return (
    <tr data-enabled={isOn}>
      <th scope="row">
        <button
          type="button"
          class="replay-term"
          aria-pressed={isAlone}
          title={`${term?.description ?? label}\nShow it alone, with its own axis`}
          onClick={() => {
            alone.value = isAlone ? null : name;
          }}
        >
          <span class="replay-swatch" style={{ background: `var(--sd-${colour})` }} />
          {label}
        </button>
      </th>
      <td>{term && (isOn ? stateWords(term, settings.value) : "off")}</td>
      <td class="is-number" data-name={name}>
        {figure(player.value(name, row.value))}
      </td>
    </tr>
  );
}

function stateWords({ name, parameters }: Term, { terms }: Settings): string {
  const values = terms.get(name)?.values ?? [];
  return parameters
    .flatMap(({ label, unit }, place) => {
      const value = values[place] ?? null;
      return value === null ? [] : [`${label} ${setting(value, unit)}`];
    })
    .join(", ");
}

function InForce({ player }: Props) {
  const { settings, recording } = player;
  const { learningRate, optimizer, parameterization, frozen } = settings.value;
  return (
    <dl class="replay-facts">
      <dt>Learning rate</dt>
      <dd>{setting(learningRate, "")}</dd>
      <dt>Optimizer</dt>
      <dd>{optimizer}</dd>
      <dt>Parameterization</dt>
      <dd>{parameterization}</dd>
      <dt>Frozen</dt>
      <dd>{frozenWords(frozen, recording.channelNames)}</dd>
    </dl>
  );
}

function frozenWords(frozen: readonly Frozen[], channels: readonly string[]): string {
  const words = frozen.map(({ start, stop, channel }) => {
    const where = channel === null || channels.length < 2 ? "" : ` of ${channels[channel]}`;
    return `${start}–${stop - 1}${where}`;
  });
  return words.length === 0 ? "nothing" : `samples ${words.join(", ")}`;
}
