/** Play, pause, step by step, and the slider through the run. */

import { whole } from "../format";
import { Icon } from "../panels/icons";
import { SPEEDS } from "./player";
import type { Props } from "./Section";

export function Transport({ player }: Props) {
  const { step, isPlaying, speed, recording } = player;
  const last = recording.step;
  const button = (name: string, hint: string, onClick: () => void, icon: preact.JSX.Element) => (
    <button
      type="button"
      class={name === "Play" || name === "Pause" ? "seqdream-button is-primary" : "seqdream-button"}
      aria-label={name}
      title={hint}
      onClick={onClick}
    >
      {icon}
    </button>
  );
  return (
    <div class="replay-transport" role="toolbar" aria-label="Run">
      {button(
        isPlaying.value ? "Pause" : "Play",
        isPlaying.value ? "Pause (Space)" : "Play (Space)",
        () => player.toggle(),
        isPlaying.value ? <Icon name="pause" /> : <Icon name="play" />,
      )}
      {button(
        "Step back",
        "One step back (←)",
        () => player.scrub(step.value - 1),
        <Icon name="back" />,
      )}
      {button("Step", "One step (→)", () => player.scrub(step.value + 1), <Icon name="step" />)}
      <input
        type="range"
        class="seqdream-slider"
        aria-label="Step"
        aria-valuetext={`step ${step.value} of ${last}`}
        min={0}
        max={Math.max(1, last)}
        step={1}
        value={step.value}
        style={{ "--filled": `${(100 * step.value) / Math.max(1, last)}%` }}
        onInput={(event) => player.scrub(event.currentTarget.valueAsNumber)}
      />
      <output class="replay-step">
        step <b>{whole(step.value)}</b> of {whole(last)}
      </output>
      <label class="replay-speed">
        <span class="seqdream-unseen">Speed</span>
        <select
          class="seqdream-select"
          value={speed.value}
          onChange={(event) => {
            speed.value = Number(event.currentTarget.value);
          }}
        >
          {SPEEDS.map((value) => (
            <option key={value} value={value}>
              {value} ×
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
