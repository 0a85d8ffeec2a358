/** The sending side of the wire: hello, commands and their answers, sparse receipts. */

import {
  type BrowserMessage,
  type Command,
  type Exported,
  type Format,
  PROTOCOL,
  type Wish,
} from "./protocol";

export type Outcome = "accepted" | "refused" | "lost";

interface Pending {
  /** Null where it is another wish. */
  readonly command: Command | null;
  readonly settle: (outcome: Outcome) => void;
}

/** A hello goes out at most this often, however many gaps there are. */
const HELLO_INTERVAL = 500;
/** So long the kernel may stay silent before we say so, and ask again. */
const PATIENCE = 5000;
/** A receipt per frame costs the kernel more than the frame. */
const RECEIPT_INTERVAL = 500;

type Timer = ReturnType<typeof setTimeout>;

/** Ids start at random: two pages on one kernel see each other's answers and must not mix them up. */
function randomBase(): number {
  return Math.floor(Math.random() * 2 ** 30);
}

export class Link {
  readonly #send: (message: BrowserMessage) => void;
  readonly #onSilence: () => void;
  readonly #onLoss: () => void;
  readonly #pending = new Map<number, Pending>();
  readonly #asked = new Map<number, (answer: Exported | null) => void>();
  #nextId = randomBase();
  #nextGesture = randomBase();
  #lastHello = Number.NEGATIVE_INFINITY;
  #helloTimer: Timer | null = null;
  #patienceTimer: Timer | null = null;
  #receiptTimer: Timer | null = null;
  #lastReceipt = Number.NEGATIVE_INFINITY;
  #painted = -1;
  #closed = false;

  constructor(send: (message: BrowserMessage) => void, onSilence: () => void, onLoss: () => void) {
    this.#send = send;
    this.#onSilence = onSilence;
    this.#onLoss = onLoss;
  }

  /** Asks for a snapshot; a second wish within half a second waits its turn, and lapses if one comes. */
  hello(): void {
    if (this.#closed || this.#helloTimer !== null) return;
    const rest = this.#lastHello + HELLO_INTERVAL - performance.now();
    if (rest > 0) {
      this.#helloTimer = setTimeout(() => {
        this.#helloTimer = null;
        this.hello();
      }, rest);
      return;
    }
    this.#lastHello = performance.now();
    this.post({ kind: "hello", protocol: PROTOCOL });
  }

  /** Sends a message that the kernel answers in some way, and starts to wait for that. */
  post(message: BrowserMessage): void {
    if (!this.say(message)) return;
    this.#patienceTimer ??= setTimeout(() => {
      this.#patienceTimer = null;
      this.#onSilence();
      this.hello();
    }, PATIENCE);
  }

  /** Sends a message that needs no answer. Hosts throw where the kernel of a widget is gone. */
  say(message: BrowserMessage): boolean {
    if (this.#closed) return false;
    try {
      this.#send(message);
      return true;
    } catch {
      this.#onLoss();
      return false;
    }
  }

  /** Something came: the kernel lives. */
  heard(): void {
    if (this.#patienceTimer !== null) clearTimeout(this.#patienceTimer);
    this.#patienceTimer = null;
  }

  /** A snapshot came: no hello that waits is needed any more. */
  answered(): void {
    if (this.#helloTimer !== null) clearTimeout(this.#helloTimer);
    this.#helloTimer = null;
  }

  newGesture(): number {
    this.#nextGesture += 1;
    return this.#nextGesture;
  }

  command(command: Command): { id: number; outcome: Promise<Outcome> } {
    const { id, outcome } = this.#expect(command);
    this.post({ kind: "command", id, command });
    return { id, outcome };
  }

  /** Asks for what is acknowledged and is no command. */
  wish(wish: Wish): Promise<Outcome> {
    const { id, outcome } = this.#expect(null);
    this.post({ ...wish, id });
    return outcome;
  }

  /** Asks for the sequence now as text; null where it is refused or the kernel is gone. */
  ask(format: Format, channel: number): Promise<Exported | null> {
    this.#nextId += 1;
    const id = this.#nextId;
    const answer = new Promise<Exported | null>((settle) => this.#asked.set(id, settle));
    this.post({ kind: "export", id, format, channel });
    return answer;
  }

  /** Hands over what was asked for; whether it was ours. */
  answer(id: number, answer: Exported | null): boolean {
    const settle = this.#asked.get(id);
    settle?.(answer);
    return this.#asked.delete(id);
  }

  #expect(command: Command | null): { id: number; outcome: Promise<Outcome> } {
    this.#nextId += 1;
    const id = this.#nextId;
    const outcome = new Promise<Outcome>((settle) => {
      this.#pending.set(id, { command, settle });
    });
    return { id, outcome };
  }

  /** Ends the wait for an answer; undefined where it was not ours. */
  settle(id: number, outcome: Outcome): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.settle(outcome);
    return pending;
  }

  settleAll(outcome: Outcome): void {
    for (const id of [...this.#pending.keys()]) this.settle(id, outcome);
    for (const id of [...this.#asked.keys()]) this.answer(id, null);
  }

  /** Reports the newest painted frame, about twice a second. */
  painted(number: number): void {
    if (this.#closed || number <= this.#painted) return;
    this.#painted = number;
    const rest = this.#lastReceipt + RECEIPT_INTERVAL - performance.now();
    // Timers are slow in a hidden tab; what is due goes out at once.
    if (rest <= 0) this.#receipt();
    else this.#receiptTimer ??= setTimeout(() => this.#receipt(), rest);
  }

  /** Numbers start anew. */
  forgetPainted(): void {
    this.#painted = -1;
  }

  #receipt(): void {
    if (this.#receiptTimer !== null) clearTimeout(this.#receiptTimer);
    this.#receiptTimer = null;
    this.#lastReceipt = performance.now();
    if (this.#painted >= 0) this.say({ kind: "receipt", number: this.#painted });
  }

  close(): void {
    this.#closed = true;
    for (const timer of [this.#helloTimer, this.#patienceTimer, this.#receiptTimer]) {
      if (timer !== null) clearTimeout(timer);
    }
    this.settleAll("lost");
  }
}
