/** The two charts of the page: the sequence of a step, and under it all steps with what was done. */

import { effect, untracked } from "@preact/signals";
import { scheduled } from "../chart/scheduler";
import { SequenceChart } from "../chart/sequence";
import { type Theme, themeOf } from "../chart/theme";
import { type Term, TimelineChart } from "../chart/timeline";
import { watchBox } from "../chart/watch";
import type { History } from "../history";
import type { Ghost } from "../reading/ghosts";
import { Marks } from "./marks";
import type { Player } from "./player";

interface Charts {
  readonly sequence: SequenceChart;
  readonly timeline: TimelineChart;
  readonly marks: Marks;
}

/** A column in the place of the score, with an axis of its own. */
function only({ steps, columns }: History, name: string): History {
  return { steps, columns: new Map([["score", columns.get(name) ?? []]]) };
}

export class Stage {
  readonly #player: Player;
  readonly #root: HTMLElement;
  readonly #theme: Theme;
  readonly #scheduler = scheduled(() => untracked(() => this.#draw()));
  readonly #ghosts: readonly Ghost[];
  #charts: Charts | null = null;
  #shownChannel = 0;
  /** What the timeline shows; null where it has to be painted anew. */
  #lines: { readonly alone: string | null } | null = null;

  constructor(player: Player, root: HTMLElement) {
    this.#player = player;
    this.#root = root;
    this.#theme = themeOf(root);
    const { start } = player.recording;
    const look = { name: "start", label: "start", colour: "ghost", width: 1, dash: [] } as const;
    this.#ghosts = [{ ...look, sequence: start }];
  }

  /** Terms the timeline shows: what has a value of its own at some step. */
  terms(): readonly Term[] {
    const { recording, history } = this.#player;
    return recording.terms.flatMap(({ name }, position) =>
      history.columns.get(name)?.some(Number.isFinite) ? [{ name, position }] : [],
    );
  }

  /** Puts the charts into their places; the answer takes them away again. */
  mount(main: HTMLElement, timeline: HTMLElement): () => void {
    const abort = new AbortController();
    this.#theme.refresh();
    const sequence = new SequenceChart(main, this.#theme);
    const lines = new TimelineChart(timeline, this.#theme);
    const marks = new Marks(this.#player, sequence, lines, abort.signal);
    this.#charts = { sequence, timeline: lines, marks };
    const box = () => {
      sequence.resize(main.clientWidth, main.clientHeight);
      lines.resize(timeline.clientWidth, timeline.clientHeight);
      this.#renew();
    };
    watchBox([main, timeline], box, () => this.#scheduler.request(), abort.signal);
    this.#theme.watch(() => this.#renew(), abort.signal);
    const stop = effect(() => this.#follow());
    return () => {
      stop();
      abort.abort();
      this.#scheduler.cancel();
      this.#charts = null;
      sequence.destroy();
      lines.destroy();
    };
  }

  /** What has another size or other colours is painted anew, and what a browser took away and gave back blank. */
  #renew(): void {
    this.#charts?.sequence.forget();
    this.#lines = null;
    this.#scheduler.request();
  }

  /** Everything a picture depends on asks for one. */
  #follow(): void {
    const { step, sequence, settings, envelope, channel, alone } = this.#player;
    for (const input of [step, sequence, settings, envelope, channel, alone]) input.value;
    this.#scheduler.request();
  }

  #draw(): void {
    const player = this.#player;
    if (this.#charts === null) return;
    const { sequence, timeline, marks } = this.#charts;
    const channel = player.channel.value;
    if (channel !== this.#shownChannel) sequence.refit();
    this.#shownChannel = channel;
    sequence.paint({
      sequence: player.sequence.value,
      ghosts: this.#ghosts,
      envelope: player.envelope.value,
      frozen: player.settings.value.frozen,
      channel,
      visible: null,
      units: player.recording.units,
      stride: 1,
      points: [],
      isHeld: false,
    });
    this.#drawLines(timeline, player);
    marks.place();
    this.#root.dataset.paintedStep = String(player.step.value);
  }

  #drawLines(timeline: TimelineChart, { history, alone }: Player): void {
    if (this.#lines?.alone === alone.value) return;
    this.#lines = { alone: alone.value };
    if (alone.value === null) timeline.paint(history, this.terms());
    else timeline.paint(only(history, alone.value), []);
  }
}
