/** What lies over the charts: where the shown step is, what was done and when, and which samples it has set. */

import { div, set, svg } from "../chart/elements";
import type { SequenceChart } from "../chart/sequence";
import type { TimelineChart } from "../chart/timeline";
import type { Player } from "./player";
import type { Chapter, Kind } from "./recording";

/** Half the size of a mark, in pixels. */
const SIZE = 4;

/** Told apart by their shapes, not by their colours alone. */
const SHAPES: Readonly<Record<Kind, string>> = {
  edit: `M0 ${-SIZE}L${SIZE} ${SIZE}H${-SIZE}Z`,
  freeze: `M${-SIZE} ${-SIZE}H${SIZE}V${SIZE}H${-SIZE}Z`,
  setting: `M0 ${-SIZE - 1}L${SIZE + 1} 0L0 ${SIZE + 1}L${-SIZE - 1} 0Z`,
  note: `M${-SIZE} 0a${SIZE} ${SIZE} 0 1 0 ${2 * SIZE} 0a${SIZE} ${SIZE} 0 1 0 ${-2 * SIZE} 0`,
};

export function shapeOf(kind: Kind): string {
  return SHAPES[kind];
}

export class Marks {
  readonly #player: Player;
  readonly #sequence: SequenceChart;
  readonly #timeline: TimelineChart;
  readonly #layer = svg("svg", "replay-marks");
  readonly #head = svg("line", "replay-head");
  readonly #group = svg("g", "replay-chapters");
  readonly #touched = div("replay-touched");
  #placed: readonly number[] = [];

  constructor(
    player: Player,
    sequence: SequenceChart,
    timeline: TimelineChart,
    signal: AbortSignal,
  ) {
    this.#player = player;
    this.#sequence = sequence;
    this.#timeline = timeline;
    this.#layer.append(this.#head, this.#group);
    timeline.over.append(this.#layer);
    sequence.over.append(this.#touched);
    this.#listen(timeline.over, signal);
  }

  /** Puts everything where it belongs now. */
  place(): void {
    const { over } = this.#timeline;
    const x = this.#timeline.xOf(this.#player.step.value).toFixed(1);
    set(this.#head, { x1: x, x2: x, y1: 0, y2: over.clientHeight });
    const scale = [this.#timeline.xOf(0), this.#timeline.xOf(1), over.clientHeight];
    if (scale.some((value, at) => value !== this.#placed[at])) {
      this.#placed = scale;
      this.#placeChapters(over.clientHeight);
    }
    this.#placeTouched();
  }

  /** One mark for all of a kind that fall on the same pixel. */
  #placeChapters(height: number): void {
    const { chapters, step: last } = this.#player.recording;
    const seen = new Map<string, Chapter[]>();
    for (const chapter of chapters) {
      const x = Math.round(this.#timeline.xOf(Math.min(chapter.step, last)));
      const key = `${x} ${chapter.kind}`;
      seen.set(key, [...(seen.get(key) ?? []), chapter]);
    }
    const marks = [...seen].map(([key, found]) => {
      const [x = "0", kind] = key.split(" ");
      const mark = svg("path", `replay-mark is-${kind}`);
      const [first] = found;
      if (first === undefined) return mark;
      set(mark, { d: SHAPES[first.kind], transform: `translate(${x} ${height - SIZE - 2})` });
      const title = svg("title", "");
      title.textContent = found.map(({ step, words }) => `step ${step}: ${words}`).join("\n");
      mark.append(title);
      return mark;
    });
    this.#group.replaceChildren(...marks);
  }

  /** The samples that a hand has set right before the shown step, or has not let go of. */
  #placeTouched(): void {
    const { step, recording, isAtEnd } = this.#player;
    const now = step.value;
    const isNow = (chapter: Chapter) =>
      (chapter.step <= now && now <= chapter.lastStep) || (isAtEnd.value && chapter.lastStep > now);
    const samples = recording.chapters.filter((one) => one.samples && isNow(one)).at(-1)?.samples;
    this.#touched.hidden = !samples;
    const [start = 0, stop = 0] = samples ?? [];
    const left = this.#sequence.xOf(start - 0.5);
    this.#touched.style.left = `${left}px`;
    this.#touched.style.width = `${Math.max(2, this.#sequence.xOf(stop - 0.5) - left)}px`;
  }

  #listen(over: HTMLElement, signal: AbortSignal): void {
    const scrub = (event: PointerEvent) => {
      const { left } = over.getBoundingClientRect();
      this.#player.scrub(this.#timeline.stepAt(event.clientX - left));
    };
    over.addEventListener(
      "pointerdown",
      (event) => {
        if (event.button !== 0) return;
        over.setPointerCapture(event.pointerId);
        scrub(event);
      },
      { signal },
    );
    over.addEventListener(
      "pointermove",
      (event) => over.hasPointerCapture(event.pointerId) && scrub(event),
      { signal },
    );
  }
}
