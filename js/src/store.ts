/** What the browser knows of one dream, kept by the rules of `docs/protocol.md`. One store a model. */

import { batch, computed, signal } from "@preact/signals";
import { type Bytes, ProtocolError } from "./arrays";
import { unitsOf } from "./chart/units";
import { decode } from "./decode";
import {
  acknowledged,
  drafted,
  type Preview,
  unconfirmed,
  withoutDraft,
  withoutGesture,
} from "./edit/previews";
import { type Link, linkTo, type Outcome } from "./link";
import {
  type Acknowledgement,
  type BrowserMessage,
  type Change,
  type Command,
  type Envelope,
  type Exported,
  type Format,
  type Frame,
  type KernelMessage,
  PROTOCOL,
  type Refusal,
  type Return,
  type Sequence,
  type Settings,
  type SettingsMessage,
  type Snapshot,
  type WindowMessage,
  type Wish,
} from "./protocol";
import { besideOf } from "./reading/beside";
import { Readout } from "./readout";
import { readSaved } from "./saved";
import { showing } from "./showing";
import { Known } from "./windows";

/** `waiting` for the first word; `silent` where the kernel does not answer, `lost` where it never will; else `live`. */
export type Phase = "waiting" | "silent" | "lost" | "live";

export class Store {
  readonly phase = signal<Phase>("waiting");
  readonly settings = signal<Settings | null>(null);
  readonly #readout = new Readout();
  readonly step = this.#readout.step;
  readonly stepsPerSecond = this.#readout.stepsPerSecond;
  readonly probabilities = this.#readout.probabilities;
  readonly history = this.#readout.history;
  readonly isPlaying = computed(() => this.settings.value?.playing ?? false);
  readonly sequence = signal<Sequence | null>(null);
  /** The step of `sequence`: with every frame, where `step` goes at a reader's pace. */
  readonly sequenceStep = signal(0);
  readonly start = signal<Sequence | null>(null);
  readonly envelope = signal<Envelope | null>(null);
  /** Time and values as people know them. */
  readonly units = computed(() => unitsOf(this.settings.value));
  readonly previews = signal<readonly Preview[]>([]);
  /** What the views on this page show of a long sequence. */
  readonly showing = showing((message) => this.#link.say(message));
  readonly beside = besideOf((message) => this.#link.post(message));
  /** Why the last command was refused, until one is accepted. */
  readonly refusal = signal<string | null>(null);
  /** A message this page cannot read, in words. */
  readonly trouble = signal<string | null>(null);

  /** What the notebook has kept is shown, since no kernel has said anything yet: how much of it there is. */
  readonly saved = signal<string | null>(null);
  /** Nothing can be done, only read. */
  readonly isReadOnly = computed(() => this.phase.value === "lost" || this.saved.value !== null);

  readonly #link: Link;
  readonly #known = new Known();
  readonly #readSaved: () => unknown;
  /** Gestures the kernel has refused: the rest of such a drag is not sent. */
  readonly #refusedGestures = new Set<number>();
  #run = -1;
  #number = -1;

  constructor(send: (message: BrowserMessage) => void, saved: () => unknown = () => null) {
    this.#readSaved = saved;
    this.#link = linkTo(
      send,
      () => this.#miss("silent"),
      () => this.lose(),
    );
  }

  /** The kernel is gone: what it has left stays to be read. */
  lose(): void {
    batch(() => {
      this.#link.heard();
      this.#link.settleAll("lost");
      this.previews.value = [];
      this.#readout.flush();
      this.stepsPerSecond.value = 0;
      const { value } = this.settings;
      if (value !== null) this.settings.value = { ...value, playing: false };
      this.#miss("lost");
    });
  }

  #miss(phase: "silent" | "lost"): void {
    if (this.phase.value !== "lost") this.phase.value = phase;
    if (this.settings.value !== null) return;
    try {
      const found = readSaved(this.#readSaved());
      if (found === null) return;
      const { snapshot, kept } = found;
      const { time } = snapshot.sequence;
      this.saved.value = kept < time ? `${kept} of ${time} samples` : "";
      this.#take(snapshot);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.trouble.value = `The saved state cannot be read: ${error.message}.`;
    }
  }

  /** The number of the newest message applied: what a view reports as painted. */
  get number(): number {
    return this.#number;
  }

  hello(): void {
    this.#link.hello();
  }

  play(): void {
    this.#link.post({ kind: "play" });
  }

  pause(): void {
    this.#link.post({ kind: "pause" });
  }

  stepOnce(): void {
    this.#link.post({ kind: "step", count: 1 });
  }

  command(command: Command): Promise<Outcome> {
    return this.#link.command(command).outcome;
  }

  /** Undoes or redoes, where there is something. */
  goBack(kind: Return): void {
    if (this.settings.value?.[kind] != null) void this.#link.wish({ kind });
  }

  wish(wish: Wish): Promise<Outcome> {
    return this.#link.wish(wish);
  }

  /** The sequence now as text, from the kernel: every digit of it. */
  exported(format: Format, channel: number): Promise<Exported | null> {
    return this.#link.ask(format, channel);
  }

  newGesture(): number {
    return this.#link.newGesture();
  }

  /** Draws changes at once, without sending them. */
  draft(gesture: number, changes: readonly Change[]): void {
    if (this.isRefused(gesture)) return;
    this.previews.value = drafted(this.previews.value, gesture, changes);
  }

  sendChanges(gesture: number, changes: readonly Change[]): void {
    if (this.isRefused(gesture)) return;
    const sent = changes.map((change) => {
      const type = "index" in change ? "move_point" : "edit";
      const { id } = this.#link.command({ type, gesture, ...change } as Command);
      return { gesture, change, id, step: null };
    });
    this.previews.value = [...withoutDraft(this.previews.value, gesture), ...sent];
  }

  takeBack(gesture: number): void {
    if (!this.isRefused(gesture)) void this.wish({ kind: "undo" });
  }

  release(gesture: number): void {
    void this.command({ type: "release", gesture });
  }

  isRefused(gesture: number): boolean {
    return this.#refusedGestures.has(gesture);
  }

  painted(number: number): void {
    this.#link.painted(number);
  }

  close(): void {
    this.#link.close();
    this.#readout.close();
  }

  /** Takes one message from the kernel; never throws, because the host could only log it. */
  receive(content: unknown, buffers: readonly Bytes[]): void {
    try {
      this.apply(decode(content, buffers, this.#known));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#link.heard();
      this.trouble.value = `The kernel sent a message this page cannot read: ${error.message}.`;
    }
  }

  apply(message: KernelMessage): void {
    this.#link.heard();
    if (message.run < this.#run) return;
    const isNewRun = message.run > this.#run;
    if (!isNewRun && message.number <= this.#number) return;
    if (isNewRun && message.kind !== "snapshot") {
      // Its start and its history are unknown here: a snapshot follows the answer to a reset.
      if (message.kind === "acknowledgement") this.#onAcknowledgement(message);
      else if (message.kind === "export") this.#link.answer(message.id, message);
      else this.#link.hello();
      return;
    }
    batch(() => {
      if (message.kind !== "snapshot" && message.number > this.#number + 1) this.#link.hello();
      this.#run = message.run;
      this.#number = message.number;
      this.phase.value = "live";
      this.#dispatch(message, isNewRun);
    });
  }

  #dispatch(message: KernelMessage, isNewRun: boolean): void {
    this.beside.take(message, isNewRun);
    switch (message.kind) {
      case "snapshot":
        this.#onSnapshot(message, isNewRun);
        break;
      case "frame":
        this.#onFrame(message);
        break;
      case "window":
        this.#onWindow(message);
        break;
      case "settings":
        this.#onSettings(message);
        break;
      case "acknowledgement":
        this.#onAcknowledgement(message);
        break;
      case "export":
        this.#link.answer(message.id, message);
        break;
      case "refusal":
        this.#onRefusal(message);
        break;
    }
  }

  #onSnapshot(message: Snapshot, isNewRun: boolean): void {
    this.#link.answered();
    this.trouble.value =
      message.protocol === PROTOCOL
        ? null
        : `The kernel speaks protocol ${message.protocol}, this page ${PROTOCOL}: reload the page.`;
    this.saved.value = null;
    if (isNewRun) this.#link.forgetPainted();
    // What was sent is in the snapshot, or was made void by the reset; a drag that goes on is not.
    this.previews.value = isNewRun
      ? []
      : this.previews.value.filter((preview) => preview.id === null);
    this.#take(message);
    this.showing.heard(message.windows);
  }

  #onWindow(message: WindowMessage): void {
    this.start.value = message.start;
    this.envelope.value = message.envelope;
    this.#show(message.sequence, message.step);
  }

  #take(message: Snapshot): void {
    this.settings.value = message.settings;
    this.start.value = message.start;
    this.envelope.value = message.envelope;
    this.#readout.begin(message);
    this.#show(message.sequence, message.step);
  }

  #show(sequence: Sequence, step: number): void {
    this.sequence.value = sequence;
    this.sequenceStep.value = step;
  }

  #onFrame(message: Frame): void {
    const playing = this.isPlaying.value;
    this.#readout.push(message);
    if (!playing) this.#readout.flush();
    if (message.sequence === null) return;
    this.showing.heard(message.windows);
    this.#show(message.sequence, message.step);
    this.previews.value = unconfirmed(this.previews.value, message.step, playing);
  }

  #onSettings(message: SettingsMessage): void {
    this.settings.value = message.settings;
    this.envelope.value = message.envelope;
    if (message.settings.playing) return;
    this.#readout.flush();
    this.stepsPerSecond.value = 0;
  }

  #onAcknowledgement(message: Acknowledgement): void {
    this.previews.value = acknowledged(this.previews.value, message.id, message.step);
    const pending = this.#link.settle(message.id, "accepted");
    // Letting go is no new wish: the reason why the drag was refused stays.
    if (pending && pending.command?.type !== "release") this.refusal.value = null;
  }

  #onRefusal(message: Refusal): void {
    if (message.id !== null && this.#link.answer(message.id, null)) {
      this.refusal.value = message.reason;
      return;
    }
    const pending = message.id === null ? null : this.#link.settle(message.id, "refused");
    // Another page on this kernel asked for something else than we did.
    if (pending === undefined) return;
    const command = pending?.command;
    // Nobody misses the hold of what is not held, such as after a refused move or another page's hello.
    if (command?.type === "release") return;
    if (command?.type === "move_point" || command?.type === "edit") {
      this.#refusedGestures.add(command.gesture);
      this.previews.value = withoutGesture(this.previews.value, command.gesture);
    }
    this.refusal.value = message.reason;
  }
}
