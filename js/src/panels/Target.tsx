/** Which class the dream climbs towards, how, and how far it has come. */

import { useId } from "preact/hooks";
import { share } from "../format";
import type { Objective, Settings } from "../protocol";
import type { View } from "../view";
import { useDraft } from "./draft";

interface Props {
  readonly view: View;
}

export function Target({ view }: Props) {
  const settings = view.store.settings.value;
  if (settings === null) return null;
  return (
    <section class="seqdream-panel" aria-label="Target">
      <h3>Target</h3>
      <ObjectivePicker view={view} settings={settings} />
      <Probabilities view={view} settings={settings} />
    </section>
  );
}

interface PickerProps extends Props {
  readonly settings: Settings;
}

function ObjectivePicker({ view, settings }: PickerProps) {
  const { shown, settle } = useDraft<Objective>(settings.objective);
  const group = `objective-${useId()}-${view.id}`;
  const target = "target" in shown ? shown.target : null;
  const choose = (type: string, index: number) => {
    const objective = { type, target: index };
    settle(objective, view.store.command({ type: "set_objective", objective }));
  };
  const fallback = settings.objective_types[0]?.type ?? "logit";
  return (
    <>
      {"text" in shown && <p class="seqdream-objective">{shown.text}</p>}
      <select
        class="seqdream-select is-wide"
        aria-label="Target class"
        value={target === null ? "" : String(target)}
        onChange={(event) => {
          const { value } = event.currentTarget;
          if (value !== "") choose(target === null ? fallback : shown.type, Number(value));
        }}
      >
        {target === null && <option value="">choose a class…</option>}
        {settings.class_names.map((name, index) => (
          <option key={`${index} ${name}`} value={String(index)}>
            {name}
          </option>
        ))}
      </select>
      <fieldset class="seqdream-pills" aria-label="Objective">
        {settings.objective_types.map(({ type, label }) => (
          <label key={type} class="seqdream-pill">
            <input
              type="radio"
              name={group}
              aria-label={label}
              checked={target !== null && shown.type === type}
              disabled={target === null}
              onChange={() => target !== null && choose(type, target)}
            />
            {label}
          </label>
        ))}
      </fieldset>
    </>
  );
}

/** The target (or the likeliest class) and the likeliest of the others. */
export function leaders(probabilities: ArrayLike<number>, target: number | null): number[] {
  const order = Array.from(probabilities, (_, index) => index).sort(
    (a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0),
  );
  const first = target ?? order[0];
  const second = order.find((index) => index !== first);
  return [first, second].filter((index) => index !== undefined);
}

function Probabilities({ view, settings }: PickerProps) {
  const probabilities = view.store.probabilities.value;
  const { objective, class_names } = settings;
  const target = "target" in objective ? objective.target : null;
  // Before the first step there are none: the places are kept, so that nothing moves when they come.
  const shown = leaders(probabilities ?? class_names.map(() => Number.NaN), target);
  return (
    <div class="seqdream-probabilities">
      {shown.map((index, place) => {
        const value = probabilities?.[index] ?? Number.NaN;
        const name = class_names[index] ?? `class ${index}`;
        return (
          <div key={place} class="seqdream-probability" data-place={place}>
            <span class="seqdream-name" title={name}>
              {name}
            </span>
            <span class="seqdream-bar">
              <span style={{ width: `${100 * (Number.isFinite(value) ? value : 0)}%` }} />
            </span>
            <span class="seqdream-figure">{share(value)}</span>
          </div>
        );
      })}
    </div>
  );
}
