/** A slider in true units: it follows a hand at once, and the kernel's word when it comes. */

import { useEffect, useMemo, useRef } from "preact/hooks";
import { throttleNewest } from "../edit/throttle";
import { setting } from "../format";
import type { Outcome } from "../link";
import type { Parameter } from "../protocol";
import { useDraft } from "./draft";
import { filled, positionOf, track, valueAt } from "./scale";

/** A slider sends at most 20 values a second. */
const INTERVAL = 50;

interface Props {
  readonly label: string;
  readonly parameter: Parameter;
  readonly onChange: (value: number) => Promise<Outcome>;
}

export function Slider({ label, parameter, onChange }: Props) {
  const { shown, hold, settle } = useDraft(parameter.value);
  const isHeld = useRef(false);
  const now = useRef({ settle, onChange });
  now.current = { settle, onChange };
  const throttle = useMemo(
    () =>
      throttleNewest(INTERVAL, (value: number) => {
        const outcome = now.current.onChange(value);
        if (!isHeld.current) now.current.settle(value, outcome);
      }),
    [],
  );
  useEffect(() => () => throttle.cancel(), [throttle]);
  const { low, high } = track(parameter);
  const move = (input: HTMLInputElement, held: boolean) => {
    const value = valueAt(parameter, input.valueAsNumber);
    isHeld.current = held;
    hold(value);
    throttle.push(value);
  };
  const words = setting(shown, parameter.unit);
  return (
    <>
      <input
        type="range"
        class="seqdream-slider"
        aria-label={label}
        aria-valuetext={words}
        title={`${parameter.label} ${words}`}
        min={low}
        max={high}
        step={parameter.integer && parameter.scale === "linear" ? 1 : "any"}
        value={positionOf(parameter, shown)}
        style={{ "--filled": `${100 * filled(parameter, shown)}%` }}
        onInput={(event) => move(event.currentTarget, true)}
        onChange={(event) => move(event.currentTarget, false)}
      />
      <span class="seqdream-setting" aria-hidden="true">
        {words}
      </span>
    </>
  );
}
