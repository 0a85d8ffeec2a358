/** Play, step, reset, undo and redo; the tool in hand; how far and how fast the dream goes. */

import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { whole } from "../format";
import type { Return } from "../protocol";
import type { View } from "../view";
import { Export } from "./Export";
import { Icon } from "./icons";
import { Tools } from "./Tools";

interface Props {
  readonly view: View;
}

interface ButtonProps extends Props {
  readonly name: string;
  readonly hint: string;
  readonly onClick: () => void;
  readonly isPrimary?: boolean;
  readonly isDisabled?: boolean;
  readonly children: ComponentChildren;
}

function Button({ view, name, hint, onClick, isPrimary, children, ...rest }: ButtonProps) {
  const isDisabled = view.store.isReadOnly.value || (rest.isDisabled ?? false);
  // Not `disabled`: that would drop the focus, and the next key would go to the notebook.
  return (
    <button
      type="button"
      class={isPrimary ? "seqdream-button is-primary" : "seqdream-button"}
      aria-label={name}
      title={hint}
      aria-disabled={isDisabled}
      onClick={() => isDisabled || onClick()}
    >
      {children}
    </button>
  );
}

export function Toolbar({ view }: Props) {
  const { store } = view;
  const playing = view.isPlaying();
  return (
    <div class="seqdream-toolbar" role="toolbar" aria-label="Run and tools">
      <Button
        view={view}
        name={playing ? "Pause" : "Play"}
        hint={playing ? "Pause (Space)" : "Play (Space)"}
        isPrimary
        onClick={() => view.togglePlay()}
      >
        <Icon name={playing ? "pause" : "play"} />
      </Button>
      <Button
        view={view}
        name="Step"
        hint="One step (S)"
        isDisabled={playing}
        onClick={() => store.stepOnce()}
      >
        <Icon name="step" />
      </Button>
      <Button
        view={view}
        name="Reset"
        hint="Back to the start"
        onClick={() => void store.command({ type: "reset" })}
      >
        <Icon name="reset" />
      </Button>
      <GoBack view={view} kind="undo" name="Undo" keys="Ctrl/Cmd+Z" />
      <GoBack view={view} kind="redo" name="Redo" keys="Shift+Ctrl/Cmd+Z" />
      <span class="seqdream-divider" aria-hidden="true" />
      <Tools view={view} />
      <span class="seqdream-divider" aria-hidden="true" />
      <Button
        view={view}
        name="Snapshot"
        hint="Keep this moment on the shelf (C)"
        onClick={() => view.keep()}
      >
        <Icon name="camera" />
      </Button>
      <Export view={view} />
      <Counter view={view} />
      <button
        type="button"
        class="seqdream-button"
        aria-label="Help"
        aria-haspopup="dialog"
        title="Tools and keys (?)"
        onClick={() => {
          view.isHelping.value = true;
        }}
      >
        ?
      </button>
    </div>
  );
}

interface GoBackProps extends Props {
  readonly kind: Return;
  readonly name: string;
  readonly keys: string;
}

function GoBack({ view, kind, name, keys }: GoBackProps) {
  const words = useComputed(() => view.store.settings.value?.[kind] ?? null).value;
  return (
    <Button
      view={view}
      name={name}
      hint={words === null ? `Nothing to ${kind}` : `${name}: ${words} (${keys})`}
      isDisabled={words === null}
      onClick={() => view.goBack(kind)}
    >
      <Icon name={kind} />
    </Button>
  );
}

function Counter({ view }: Props) {
  const { step, stepsPerSecond } = view.store;
  const isRunning = view.isPlaying() && stepsPerSecond.value > 0;
  return (
    <div class="seqdream-counter">
      <span class="seqdream-step">
        step <b>{whole(step.value)}</b>
      </span>
      {isRunning && <span class="seqdream-rate">{whole(stepsPerSecond.value)} steps/s</span>}
    </div>
  );
}
