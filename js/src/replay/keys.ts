/** The keys of the page. */

import type { Player } from "./player";

/** Steps of an arrow, and of one with Shift. */
const STRIDE = { small: 1, large: 10 };

/** Where the keys have a meaning of their own. */
const TAKEN: Readonly<Record<string, string>> = {
  " ": "button, input, select, [role=button]",
  Arrow: "input, select, [data-keys]",
  Other: "input:not([type=range]), select, [data-keys]",
};

export class Keys {
  readonly #player: Player;

  constructor(player: Player) {
    this.#player = player;
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (this.#press(event)) event.preventDefault();
    });
  }

  #press({ key, shiftKey, target }: KeyboardEvent): boolean {
    const player = this.#player;
    const taken = TAKEN[key === " " ? key : key.startsWith("Arrow") ? "Arrow" : "Other"] ?? "";
    if (target instanceof Element && target.matches(taken)) return false;
    const stride = shiftKey ? STRIDE.large : STRIDE.small;
    const step = player.step.value;
    switch (key) {
      case " ":
      case "k":
        player.toggle();
        return true;
      case "ArrowLeft":
        player.scrub(step - stride);
        return true;
      case "ArrowRight":
        player.scrub(step + stride);
        return true;
      case "Home":
        player.scrub(0);
        return true;
      case "End":
        player.scrub(player.recording.step);
        return true;
      case "[":
        player.toChapter(-1);
        return true;
      case "]":
        player.toChapter(1);
        return true;
      default:
        return false;
    }
  }
}
