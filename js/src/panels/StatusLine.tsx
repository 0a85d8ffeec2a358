/** How things stand, in words; what went wrong, and what was refused. */

import { useComputed } from "@preact/signals";
import { figure, share } from "../format";
import { newest } from "../history";
import type { View } from "../view";
import { Icon } from "./icons";

export const SILENCE =
  "The kernel does not answer. It is busy or was restarted; after a restart, run the cell again.";
export const LOSS = "The kernel was restarted or has ended. Run the cell to go on.";

interface Props {
  readonly view: View;
}

/** Calm but not to be missed; it stays until the kernel takes it back. */
export function ErrorBanner({ view }: Props) {
  const error = useComputed(() => view.store.settings.value?.error ?? null).value;
  if (error === null) return null;
  return (
    <div class="seqdream-error" role="alert">
      <Icon name="warning" />
      <p>{error}</p>
    </div>
  );
}

/** A refusal, a lost or silent kernel or an unreadable message, whichever matters most. */
function complaint(view: View): string | null {
  const { phase, trouble, refusal, saved } = view.store;
  if (phase.value === "lost") return saved.value === null ? LOSS : null;
  if (phase.value === "silent") return SILENCE;
  return trouble.value ?? refusal.value;
}

/** What the kernel said last; of a saved state, how much of it there is. */
function statusOf({ store }: View): string {
  const status = store.settings.value?.status ?? "";
  const { value } = store.saved;
  if (value === null) return status;
  return `Saved state: ${status}${value && `, ${value}`}. Run the cell to go on.`;
}

export function StatusLine({ view }: Props) {
  const status = useComputed(() => statusOf(view)).value;
  const words = complaint(view);
  return (
    <div class="seqdream-status">
      {words === null ? (
        <span class="seqdream-words">{status}</span>
      ) : (
        <span class="seqdream-words is-complaint" key={words}>
          <Icon name="warning" />
          {words}
        </span>
      )}
      <Figures view={view} />
    </div>
  );
}

function Figures({ view }: Props) {
  const { settings, probabilities, history } = view.store;
  const target = settings.value?.objective.targets[0] ?? -1;
  const name = settings.value?.class_names[target];
  const probability = probabilities.value?.[target];
  return (
    <span class="seqdream-figures">
      {name !== undefined && (
        <span class="seqdream-target-probability" title={`Probability of ${name}`}>
          <span class="seqdream-name">p({name})</span> <b>{share(probability ?? Number.NaN)}</b>
        </span>
      )}
      <span title="Gradient norm">
        <span aria-hidden="true">‖∇‖</span>
        <span class="seqdream-unseen">gradient norm</span>{" "}
        <b>{figure(newest(history.value, "grad_norm"))}</b>
      </span>
    </span>
  );
}

/** Read aloud: play, pause, refusals and what a hand has done, never single steps. */
export function Announcer({ view }: Props) {
  const words = complaint(view) ?? (view.isPlaying() ? "Playing" : "Paused");
  return (
    <div class="seqdream-unseen" aria-live="polite">
      <p>{words}</p>
      <p>{view.hand.said}</p>
    </div>
  );
}
