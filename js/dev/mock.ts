/** A kernel without a kernel: answers as `docs/protocol.md` says. */

import { type Block, pack } from "../src/arrays";
import { change, isFrozen } from "../src/edit/kernel";
import type { BrowserMessage, Command, Frozen, Settings } from "../src/protocol";
import { joined, KEEPERS, type Scene, SILENT, settingsOf } from "./scene";
import { dreamAt, wave } from "./signal";

type Listener = (content: unknown, buffers: DataView[]) => void;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const SIZES = [0.42, 0.87, 0.31];

export class MockModel {
  readonly scene: Scene;
  readonly sent: BrowserMessage[] = [];
  #listeners: Listener[] = [];
  #settings: Mutable<Settings>;
  #starts: Float32Array[];
  #goals: Float32Array[];
  #edits: Float32Array[];
  #run = 1;
  #number = 0;
  #step: number;
  #reported: number;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(scene: Scene) {
    this.scene = scene;
    const channels = Array.from({ length: scene.channels }, (_, channel) => channel);
    this.#starts = channels.map((channel) => wave(scene.time, 7 + channel));
    this.#goals = channels.map((channel) => wave(scene.time, 90 + channel));
    this.#edits = channels.map(() => new Float32Array(scene.time));
    this.#step = scene.step;
    this.#reported = scene.step;
    this.#settings = settingsOf(scene);
    if (scene.playing) this.#play();
  }

  /** Nothing was saved. */
  get(_: string): unknown {
    return undefined;
  }

  on(_: string, listener: Listener): void {
    this.#listeners.push(listener);
  }

  off(_: string, listener: Listener): void {
    this.#listeners = this.#listeners.filter((one) => one !== listener);
  }

  send(message: BrowserMessage): void {
    this.sent.push(message);
    // As far away as a kernel is.
    setTimeout(() => this.#answer(message), 12);
  }

  #answer(message: BrowserMessage): void {
    if (message.kind === "hello") this.#snapshot();
    if (message.kind === "play") this.#play();
    if (message.kind === "pause") this.#pause();
    if (message.kind === "step") {
      this.#step += message.count;
      this.#setStatus();
      this.#frame();
    }
    if (message.kind === "command") this.#obey(message.id, message.command);
  }

  #obey(id: number, command: Command): void {
    if (this.scene.refuses && command.type === "move_point") {
      const reason = `The sample ${command.index} is frozen: unfreeze it before you move it.`;
      this.#emit({ kind: "refusal", id, reason });
      return;
    }
    this.#apply(command);
    if (command.type === "reset") {
      this.#snapshot();
      return;
    }
    this.#emit({ kind: "acknowledgement", id, step: this.#step + 1 });
    if (!["move_point", "edit", "release"].includes(command.type)) this.#sendSettings();
    if (!this.#settings.playing) this.#frame();
  }

  #apply(command: Command): void {
    const settings = this.#settings;
    switch (command.type) {
      case "edit":
      case "move_point": {
        const { channels, time } = this.scene;
        const values = this.#sequence();
        const before = values.slice();
        change({ channels, time, values }, command, settings.frozen);
        const channel = command.channel ?? 0;
        this.#edits[channel] = (this.#edits[channel] ?? new Float32Array()).map(
          (edit, index) =>
            edit + (values[channel * time + index] ?? 0) - (before[channel * time + index] ?? 0),
        );
        return;
      }
      case "freeze":
        settings.frozen = [...this.#without(command), { ...command, dream: 0 }];
        return;
      case "unfreeze":
        settings.frozen = this.#without(command);
        return;
      case "set_objective":
        this.#climb(command.objective);
        return;
      case "set_regularizer":
        settings.regularizers = joined(
          settings.regularizers.map((one) =>
            one.name !== command.name
              ? one
              : {
                  ...one,
                  enabled: command.enabled ?? one.enabled,
                  parameters: one.parameters.map((parameter) => ({
                    ...parameter,
                    value: command.parameters[parameter.name] ?? parameter.value,
                  })),
                },
          ),
        );
        return;
      case "reset":
        this.#run += 1;
        this.#number = 0;
        this.#step = 0;
        this.#reported = 0;
        this.#edits = this.#edits.map((edit) => edit.map(() => 0));
        this.#setStatus();
        return;
      default:
    }
  }

  #climb(objective: Extract<Command, { type: "set_objective" }>["objective"]): void {
    const settings = this.#settings;
    if ("target" in objective) {
      settings.objective = { ...objective, targets: [objective.target], text: "", preset: null };
      return;
    }
    const { name, targets } = objective;
    const types = new Map([
      ["centered", "prototype"],
      ["extreme", "logit"],
      ["border", "sum"],
    ]);
    const names = targets.map((target) => settings.class_names[target]);
    const text = `${name} ${names.length > 1 ? "between" : "of"} ${names.join(" and ")}`;
    settings.objective = { type: types.get(name) ?? name, targets, text, preset: name };
    settings.regularizers = joined(
      settings.regularizers.map((one) =>
        KEEPERS.includes(one.name) ? { ...one, enabled: name !== "extreme" } : one,
      ),
    );
    this.#setStatus();
    settings.status += `: ${text}`;
  }

  /** What stays frozen outside of a span. */
  #without({ start, stop }: { start: number; stop: number }): Frozen[] {
    return this.#settings.frozen.flatMap((band) =>
      [
        { ...band, stop: Math.min(band.stop, start) },
        { ...band, start: Math.max(band.start, stop) },
      ].filter((part) => part.start < part.stop),
    );
  }

  #play(): void {
    this.#settings.playing = true;
    this.#setStatus();
    this.#sendSettings();
    this.#timer ??= setInterval(() => {
      this.#step += 10;
      this.#frame();
    }, 1000 / 30);
  }

  #pause(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#settings.playing = false;
    this.#setStatus();
    this.#sendSettings();
  }

  #setStatus(): void {
    this.#settings.status = this.#settings.playing ? "running" : `paused at step ${this.#step}`;
  }

  #sequence(): Float32Array {
    const { time, channels } = this.scene;
    const all = new Float32Array(time * channels);
    this.#starts.forEach((start, channel) => {
      const dream = dreamAt(start, this.#goals[channel] ?? start, this.#step);
      const still = dreamAt(start, this.#goals[channel] ?? start, 300);
      dream.forEach((value, index) => {
        const isStill = isFrozen(this.#settings.frozen, index, channel);
        const base = isStill ? (still[index] ?? 0) : value;
        all[channel * time + index] = base + (this.#edits[channel]?.[index] ?? 0);
      });
    });
    return all;
  }

  #columns(): string[] {
    return ["score", "grad_norm", ...this.#settings.regularizers.map(({ name }) => name)];
  }

  #row(step: number): number[] {
    const noise = Math.sin(step * 12.9898) * 0.5;
    const terms = this.#settings.regularizers.map(({ name, enabled }, position) => {
      if (!enabled || SILENT.has(name)) return Number.NaN;
      const decay = Math.exp(-step / (90 + 60 * position));
      return (
        (0.3 + 0.7 * (position % 2 ? 1 - decay : decay)) * (SIZES[position % SIZES.length] ?? 1) +
        0.02 * noise
      );
    });
    return [
      8.2 * (1 - Math.exp(-step / 90)) + 0.3 * noise - 1.2,
      0.034 + Math.exp(-step / 80),
      ...terms,
    ];
  }

  #rows(from: number, to: number): [string, Block][] {
    const steps = Int32Array.from({ length: Math.max(0, to - from) }, (_, row) => from + 1 + row);
    const columns = this.#columns();
    const values = Float32Array.from([...steps].flatMap((step) => this.#row(step)));
    return [
      ["steps", { dtype: "int32", shape: [steps.length], values: steps }],
      ["scalars", { dtype: "float32", shape: [steps.length, columns.length], values }],
    ];
  }

  #probabilities(): [string, Block][] {
    if (this.#step === 0) return [];
    const count = this.scene.classes.length;
    const first = 0.95 - 0.6 * Math.exp(-this.#step / 120);
    const rest = (1 - first) / Math.max(1, count - 1);
    const values = Float32Array.from({ length: count }, (_, at) => (at === 1 ? first : rest));
    return [["probabilities", { dtype: "float32", shape: [count], values }]];
  }

  #snapshot(): void {
    const { time, channels } = this.scene;
    const shape = [channels, time];
    const start = new Float32Array(time * channels);
    for (const [channel, values] of this.#starts.entries()) start.set(values, channel * time);
    const blocks: [string, Block][] = [
      ["sequence", { dtype: "float32", shape, values: this.#sequence() }],
      ["start", { dtype: "float32", shape, values: start }],
      ...this.#rows(0, this.#step),
      ...this.#probabilities(),
    ];
    if (this.scene.envelope) blocks.push(["envelope", this.#envelope()]);
    this.#emit(
      { kind: "snapshot", protocol: 1, ...this.#progress(), settings: this.#wire() },
      blocks,
    );
  }

  #envelope(): Block {
    const { time, channels } = this.scene;
    const side = (sign: number) =>
      Array.from({ length: time * channels }, (_, at) => sign * (1.65 + 0.08 * Math.sin(at / 9)));
    const values = Float32Array.from([...side(-1), ...side(1)]);
    return { dtype: "float32", shape: [2, channels, time], values };
  }

  #progress() {
    return {
      step: this.#step,
      steps_per_second: this.#settings.playing ? 312 : 0,
      columns: this.#columns(),
    };
  }

  #frame(): void {
    const { time, channels } = this.scene;
    const rows = this.#rows(this.#reported, this.#step);
    this.#reported = this.#step;
    this.#emit(
      { kind: "frame", ...this.#progress(), sequence_steps: [this.#step], thinned: true },
      [
        ...rows,
        ["sequences", { dtype: "float32", shape: [1, channels, time], values: this.#sequence() }],
        ...this.#probabilities(),
      ],
    );
  }

  #wire(): unknown {
    const frozen = this.#settings.frozen.map((band) => [band.start, band.stop, band.channel, 0]);
    return { ...this.#settings, frozen };
  }

  #sendSettings(): void {
    const settings = this.#wire();
    const isOfOne = this.#settings.objective.targets.length === 1;
    const blocks: [string, Block][] =
      this.scene.envelope && isOfOne ? [["envelope", this.#envelope()]] : [];
    this.#emit({ kind: "settings", step: this.#step, settings }, blocks);
  }

  #emit(message: object, blocks: [string, Block][] = []): void {
    this.#number += 1;
    const { arrays, buffers } = pack(new Map(blocks));
    const content = { ...message, run: this.#run, number: this.#number, arrays };
    for (const listener of this.#listeners) listener(structuredClone(content), buffers);
  }
}
