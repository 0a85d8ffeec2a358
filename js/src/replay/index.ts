/** The page of a run: no kernel and no network, everything is in it. */

import { h, render } from "preact";
import { ProtocolError } from "../arrays";
import { App, Unreadable } from "./App";
import { Keys } from "./keys";
import { Player } from "./player";
import { readRecording } from "./recording";
import { Stage } from "./stage";

function begin(root: HTMLElement): void {
  root.className = "seqdream replay";
  const json = document.getElementById("recording")?.textContent ?? "";
  try {
    const player = new Player(readRecording(json));
    render(h(App, { player, stage: new Stage(player, root) }), root);
    new Keys(player);
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof SyntaxError)) throw error;
    render(h(Unreadable, { reason: error.message }), root);
  }
}

const root = document.getElementById("replay");
if (root !== null) begin(root);
