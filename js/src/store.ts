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
import { linkTo, type Outcome } from "./link";
import {
  type Acknowledgement,
  type BrowserMessage,
  type Change,
  type Command,
  type Envelope,
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
} from "./protocol";
import { besideOf } from "./reading/beside";
import { Readout } from "./readout";
import { readSaved } from "./saved";
import { showing } from "./showing";
import { Known } from "./windows";

/** `waiting` for the first word; `silent` where the kernel does not answer, `lost` where it never will; else `live`. */
export type Phase = "waiting" | "silent" | "lost" | "live";

export type Store = ReturnType<typeof storeOf>;

/** `state` is what the notebook has kept. */
export function storeOf(
  send: (message: BrowserMessage) => void,
  state: () => unknown = () => null,
) {
  const link = linkTo(
    send,
    () => miss("silent"),
    () => lose(),
  );
  const phase = signal<Phase>("waiting");
  const settings = signal<Settings | null>(null);
  const readout = new Readout();
  const { step, stepsPerSecond, probabilities, history } = readout;
  const isPlaying = computed(() => settings.value?.playing ?? false);
  const sequence = signal<Sequence | null>(null);
  /** The step of `sequence`: with every frame, where `step` goes at a reader's pace. */
  const sequenceStep = signal(0);
  const start = signal<Sequence | null>(null);
  const envelope = signal<Envelope | null>(null);
  /** Time and values as people know them. */
  const units = computed(() => unitsOf(settings.value));
  const previews = signal<readonly Preview[]>([]);
  /** What the views on this page show of a long sequence. */
  const shown = showing((message) => link.say(message));
  const beside = besideOf((message) => link.post(message));
  /** Why the last command was refused, until one is accepted. */
  const refusal = signal<string | null>(null);
  /** A message this page cannot read, in words. */
  const trouble = signal<string | null>(null);

  /** What the notebook has kept is shown, since no kernel has said anything yet: how much of it there is. */
  const saved = signal<string | null>(null);
  /** Nothing can be done, only read. */
  const isReadOnly = computed(() => phase.value === "lost" || saved.value !== null);

  const known = new Known();
  /** Gestures the kernel has refused: the rest of such a drag is not sent. */
  const refusedGestures = new Set<number>();
  let run = -1;
  let number = -1;

  /** The kernel is gone: what it has left stays to be read. */
  const lose = (): void => {
    batch(() => {
      link.heard();
      link.settleAll("lost");
      previews.value = [];
      readout.flush();
      stepsPerSecond.value = 0;
      const { value } = settings;
      if (value !== null) settings.value = { ...value, playing: false };
      miss("lost");
    });
  };

  const miss = (next: "silent" | "lost"): void => {
    if (phase.value !== "lost") phase.value = next;
    if (settings.value !== null) return;
    try {
      const found = readSaved(state());
      if (found === null) return;
      const { snapshot, kept } = found;
      const { time } = snapshot.sequence;
      saved.value = kept < time ? `${kept} of ${time} samples` : "";
      take(snapshot);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      trouble.value = `The saved state cannot be read: ${error.message}.`;
    }
  };

  /** Draws changes at once, without sending them. */
  const draft = (gesture: number, changes: readonly Change[]): void => {
    if (isRefused(gesture)) return;
    previews.value = drafted(previews.value, gesture, changes);
  };

  const sendChanges = (gesture: number, changes: readonly Change[]): void => {
    if (isRefused(gesture)) return;
    const sent = changes.map((change) => {
      const type = "index" in change ? "move_point" : "edit";
      const { id } = link.command({ type, gesture, ...change } as Command);
      return { gesture, change, id, step: null };
    });
    previews.value = [...withoutDraft(previews.value, gesture), ...sent];
  };

  const isRefused = (gesture: number): boolean => refusedGestures.has(gesture);

  /** Takes one message from the kernel; never throws, because the host could only log it. */
  const receive = (content: unknown, buffers: readonly Bytes[]): void => {
    try {
      apply(decode(content, buffers, known));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      link.heard();
      trouble.value = `The kernel sent a message this page cannot read: ${error.message}.`;
    }
  };

  const apply = (message: KernelMessage): void => {
    link.heard();
    if (message.run < run) return;
    const isNewRun = message.run > run;
    if (!isNewRun && message.number <= number) return;
    if (isNewRun && message.kind !== "snapshot") {
      // Its start and its history are unknown here: a snapshot follows the answer to a reset.
      if (message.kind === "acknowledgement") onAcknowledgement(message);
      else if (message.kind === "export") link.answer(message.id, message);
      else link.hello();
      return;
    }
    batch(() => {
      if (message.kind !== "snapshot" && message.number > number + 1) link.hello();
      run = message.run;
      number = message.number;
      phase.value = "live";
      dispatch(message, isNewRun);
    });
  };

  const dispatch = (message: KernelMessage, isNewRun: boolean): void => {
    beside.take(message, isNewRun);
    switch (message.kind) {
      case "snapshot":
        onSnapshot(message, isNewRun);
        break;
      case "frame":
        onFrame(message);
        break;
      case "window":
        onWindow(message);
        break;
      case "settings":
        onSettings(message);
        break;
      case "acknowledgement":
        onAcknowledgement(message);
        break;
      case "export":
        link.answer(message.id, message);
        break;
      case "refusal":
        onRefusal(message);
        break;
    }
  };

  const onSnapshot = (message: Snapshot, isNewRun: boolean): void => {
    link.answered();
    trouble.value =
      message.protocol === PROTOCOL
        ? null
        : `The kernel speaks protocol ${message.protocol}, this page ${PROTOCOL}: reload the page.`;
    saved.value = null;
    if (isNewRun) link.forgetPainted();
    // What was sent is in the snapshot, or was made void by the reset; a drag that goes on is not.
    previews.value = isNewRun ? [] : previews.value.filter((preview) => preview.id === null);
    take(message);
    shown.heard(message.windows);
  };

  const onWindow = (message: WindowMessage): void => {
    start.value = message.start;
    envelope.value = message.envelope;
    show(message.sequence, message.step);
  };

  const take = (message: Snapshot): void => {
    settings.value = message.settings;
    start.value = message.start;
    envelope.value = message.envelope;
    readout.begin(message);
    show(message.sequence, message.step);
  };

  const show = (now: Sequence, ofStep: number): void => {
    sequence.value = now;
    sequenceStep.value = ofStep;
  };

  const onFrame = (message: Frame): void => {
    const playing = isPlaying.value;
    readout.push(message);
    if (!playing) readout.flush();
    if (message.sequence === null) return;
    shown.heard(message.windows);
    show(message.sequence, message.step);
    previews.value = unconfirmed(previews.value, message.step, playing);
  };

  const onSettings = (message: SettingsMessage): void => {
    settings.value = message.settings;
    envelope.value = message.envelope;
    if (message.settings.playing) return;
    readout.flush();
    stepsPerSecond.value = 0;
  };

  const onAcknowledgement = (message: Acknowledgement): void => {
    previews.value = acknowledged(previews.value, message.id, message.step);
    const pending = link.settle(message.id, "accepted");
    // Letting go is no new wish: the reason why the drag was refused stays.
    if (pending && pending.command?.type !== "release") refusal.value = null;
  };

  const onRefusal = (message: Refusal): void => {
    if (message.id !== null && link.answer(message.id, null)) {
      refusal.value = message.reason;
      return;
    }
    const pending = message.id === null ? null : link.settle(message.id, "refused");
    // Another page on this kernel asked for something else than we did.
    if (pending === undefined) return;
    const command = pending?.command;
    // Nobody misses the hold of what is not held, such as after a refused move or another page's hello.
    if (command?.type === "release") return;
    if (command?.type === "move_point" || command?.type === "edit") {
      refusedGestures.add(command.gesture);
      previews.value = withoutGesture(previews.value, command.gesture);
    }
    refusal.value = message.reason;
  };

  return {
    phase,
    settings,
    step,
    stepsPerSecond,
    probabilities,
    history,
    isPlaying,
    sequence,
    sequenceStep,
    start,
    envelope,
    units,
    previews,
    showing: shown,
    beside,
    refusal,
    trouble,
    saved,
    isReadOnly,
    lose,
    /** The number of the newest message applied: what a view reports as painted. */
    get number() {
      return number;
    },
    hello: link.hello,
    play: () => link.post({ kind: "play" }),
    pause: () => link.post({ kind: "pause" }),
    stepOnce: () => link.post({ kind: "step", count: 1 }),
    command: (command: Command): Promise<Outcome> => link.command(command).outcome,
    /** Undoes or redoes, where there is something. */
    goBack: (kind: Return): void => {
      if (settings.value?.[kind] != null) void link.wish({ kind });
    },
    wish: link.wish,
    /** The sequence now as text, from the kernel: every digit of it. */
    exported: link.ask,
    newGesture: link.newGesture,
    draft,
    sendChanges,
    takeBack: (gesture: number): void => {
      if (!isRefused(gesture)) void link.wish({ kind: "undo" });
    },
    release: (gesture: number): void => void link.command({ type: "release", gesture }),
    isRefused,
    painted: link.painted,
    receive,
    apply,
    close: () => {
      link.close();
      readout.close();
    },
  };
}
