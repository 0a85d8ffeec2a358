/** Which class the dream climbs towards, how, and how far it has come. */

import { useId } from "preact/hooks";
import { share } from "../format";
import type { Objective, Preset, Settings } from "../protocol";
import type { View } from "../view";
import { Combobox } from "./Combobox";
import { useDraft } from "./draft";
import { Slider } from "./Slider";

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
      <StepSize view={view} settings={settings} />
    </section>
  );
}

interface PickerProps extends Props {
  readonly settings: Settings;
}

/** Where the slider ends, unless the value lies beyond. */
const STEP_SIZES = { low: 1e-4, high: 1 };

/** The learning rate: how far one step goes. */
function StepSize({ view, settings }: PickerProps) {
  const value = settings.learning_rate;
  const parameter = {
    name: "learning_rate",
    label: "step size",
    value,
    low: Math.min(STEP_SIZES.low, value),
    high: Math.max(STEP_SIZES.high, value),
    scale: "log",
    integer: false,
    unit: "",
  } as const;
  return (
    <div class="seqdream-step-size">
      <span title="Learning rate: how far one step goes">Step size</span>
      <Slider
        label="Step size"
        parameter={parameter}
        onChange={(learning_rate) =>
          view.store.command({ type: "set_learning_rate", learning_rate })
        }
      />
    </div>
  );
}

function ObjectivePicker({ view, settings }: PickerProps) {
  const { class_names, objective_types, presets } = settings;
  const { shown, settle } = useDraft<Objective>(settings.objective);
  const group = `objective-${useId()}-${view.id}`;
  const { targets } = shown;
  const [target] = targets;
  const active = presets.find(({ name }) => name === shown.preset);
  const isPickable = objective_types.some(({ type }) => type === shown.type);

  const climb = (type: string, index: number) => {
    const objective = { type, target: index };
    const next = { type, targets: [index], text: "", preset: null };
    settle(next, view.store.command({ type: "set_objective", objective }));
  };
  const press = ({ name }: Preset, classes: readonly number[]) => {
    const objective = { type: "preset", name, targets: classes } as const;
    const next = { ...shown, targets: classes, preset: name };
    settle(next, view.store.command({ type: "set_objective", objective }));
  };
  const choose = (place: number, index: number) => {
    // The two classes of a border are two: who chooses the other one's has them change places.
    const other = targets[place] ?? index;
    const classes = targets.map((one, at) => (at === place ? index : one === index ? other : one));
    // What keeps a preset's dream plausible goes by its class, and changes with it.
    if (active !== undefined) press(active, classes);
    else climb(isPickable ? shown.type : (objective_types[0]?.type ?? "logit"), index);
  };
  return (
    <>
      <Combobox
        label="Target class"
        names={class_names}
        chosen={target}
        onChoose={(index) => choose(0, index)}
      />
      <fieldset class="seqdream-presets" aria-label="Presets">
        {presets.map((preset) => (
          <button
            key={preset.name}
            type="button"
            class="seqdream-preset"
            aria-pressed={preset === active}
            aria-disabled={preset.unavailable !== null}
            aria-description={preset.unavailable ?? preset.description}
            title={preset.unavailable ?? preset.description}
            onClick={() => {
              if (preset.unavailable !== null) return;
              const likely = leaders(likelihoods(view, settings), targets);
              press(preset, likely.slice(0, preset.classes));
            }}
          >
            {preset.label}
          </button>
        ))}
      </fieldset>
      {active?.classes === 2 && class_names.length > 2 ? (
        <Combobox
          label="Second class"
          names={class_names}
          chosen={targets[1]}
          onChoose={(index) => choose(1, index)}
        />
      ) : (
        !isPickable && (
          <p class="seqdream-objective" title={shown.text}>
            {shown.text}
          </p>
        )
      )}
      <fieldset class="seqdream-pills" aria-label="Objective">
        {objective_types.map(({ type, label }) => (
          <label key={type} class="seqdream-pill">
            <input
              type="radio"
              name={group}
              aria-label={label}
              checked={shown.type === type}
              disabled={target === undefined}
              onChange={() => target !== undefined && climb(type, target)}
            />
            {label}
          </label>
        ))}
      </fieldset>
    </>
  );
}

/** Before the first step there are none. */
function likelihoods({ store }: View, { class_names }: Settings): ArrayLike<number> {
  return store.probabilities.value ?? class_names.map(() => Number.NaN);
}

/** Two classes: the targets first, then the likeliest. */
export function leaders(probabilities: ArrayLike<number>, targets: readonly number[]): number[] {
  const order = Array.from(probabilities, (_, index) => index).sort(
    (a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0),
  );
  return [...new Set([...targets, ...order])].slice(0, 2);
}

function Probabilities({ view, settings }: PickerProps) {
  const probabilities = likelihoods(view, settings);
  const { objective, class_names } = settings;
  // Two places always, so that nothing moves when the first probabilities come.
  return (
    <div class="seqdream-probabilities">
      {leaders(probabilities, objective.targets).map((index, place) => {
        const value = probabilities[index] ?? Number.NaN;
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
