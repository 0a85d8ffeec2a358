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
/**
 * A receipt per frame costs the kernel more than the frame: each passes through server, kernel and back as two changes
 * of its status. Twice a second tells soon that a page cannot follow; one that was shown so many frames since the last
 * receipt can.
 */
const RECEIPT_INTERVAL = 500;
const STEADY_INTERVAL = 1500;
const STEADY_FRAMES = 10;

type Timer = ReturnType<typeof setTimeout>;

/** Ids start at random: two pages on one kernel see each other's answers and must not mix them up. */
function numbers(): () => number {
  let last = Math.floor(Math.random() * 2 ** 30);
  return () => {
    last += 1;
    return last;
  };
}

export type Link = ReturnType<typeof linkTo>;

/** `send` may throw: hosts do where the kernel of a widget is gone. */
export function linkTo(
  send: (message: BrowserMessage) => void,
  onSilence: () => void,
  onLoss: () => void,
) {
  const pending = new Map<number, Pending>();
  const asked = new Map<number, (answer: Exported | null) => void>();
  const nextId = numbers();
  let lastHello = Number.NEGATIVE_INFINITY;
  let lastReceipt = Number.NEGATIVE_INFINITY;
  let helloTimer: Timer | undefined;
  let patienceTimer: Timer | undefined;
  let receiptTimer: Timer | undefined;
  let newest = -1;
  let sinceReceipt = 0;
  let isClosed = false;

  /** Sends a message that needs no answer. */
  const say = (message: BrowserMessage): boolean => {
    if (isClosed) return false;
    try {
      send(message);
      return true;
    } catch {
      onLoss();
      return false;
    }
  };

  /** Sends a message that the kernel answers in some way, and starts to wait for that. */
  const post = (message: BrowserMessage): void => {
    if (!say(message)) return;
    patienceTimer ??= setTimeout(() => {
      patienceTimer = undefined;
      onSilence();
      hello();
    }, PATIENCE);
  };

  /** Asks for a snapshot; a second wish within half a second waits its turn, and lapses if one comes. */
  const hello = (): void => {
    if (isClosed || helloTimer !== undefined) return;
    const rest = lastHello + HELLO_INTERVAL - performance.now();
    if (rest > 0) {
      helloTimer = setTimeout(() => {
        helloTimer = undefined;
        hello();
      }, rest);
      return;
    }
    lastHello = performance.now();
    post({ kind: "hello", protocol: PROTOCOL });
  };

  const expect = (command: Command | null): { id: number; outcome: Promise<Outcome> } => {
    const id = nextId();
    const outcome = new Promise<Outcome>((settle) => {
      pending.set(id, { command, settle });
    });
    return { id, outcome };
  };

  /** Hands over what was asked for; whether it was ours. */
  const answer = (id: number, found: Exported | null): boolean => {
    asked.get(id)?.(found);
    return asked.delete(id);
  };

  /** Ends the wait for an answer; undefined where it was not ours. */
  const settle = (id: number, outcome: Outcome): Pending | undefined => {
    const found = pending.get(id);
    pending.delete(id);
    found?.settle(outcome);
    return found;
  };

  const settleAll = (outcome: Outcome): void => {
    for (const id of [...pending.keys()]) settle(id, outcome);
    for (const id of [...asked.keys()]) answer(id, null);
  };

  const cancelReceipt = (): void => {
    clearTimeout(receiptTimer);
    receiptTimer = undefined;
  };

  const receipt = (): void => {
    cancelReceipt();
    sinceReceipt = 0;
    lastReceipt = performance.now();
    if (newest >= 0) say({ kind: "receipt", number: newest });
  };

  return {
    hello,
    post,
    say,
    answer,
    settle,
    settleAll,
    newGesture: numbers(),

    /** Something came: the kernel lives. */
    heard: (): void => {
      clearTimeout(patienceTimer);
      patienceTimer = undefined;
    },

    /** A snapshot came: no hello that waits is needed any more. */
    answered: (): void => {
      clearTimeout(helloTimer);
      helloTimer = undefined;
    },

    command: (command: Command): { id: number; outcome: Promise<Outcome> } => {
      const { id, outcome } = expect(command);
      post({ kind: "command", id, command });
      return { id, outcome };
    },

    /** Asks for what is acknowledged and is no command. */
    wish: (wish: Wish): Promise<Outcome> => {
      const { id, outcome } = expect(null);
      post({ ...wish, id });
      return outcome;
    },

    /** Asks for the sequence now as text; null where it is refused or the kernel is gone. */
    ask: (format: Format, channel: number): Promise<Exported | null> => {
      const id = nextId();
      const found = new Promise<Exported | null>((hear) => asked.set(id, hear));
      post({ kind: "export", id, format, channel });
      return found;
    },

    /** Reports the newest painted frame: twice a second, and rarer where frames come as fast as they should. */
    painted: (number: number): void => {
      if (isClosed || number <= newest) return;
      newest = number;
      sinceReceipt += 1;
      const isSteady = sinceReceipt >= STEADY_FRAMES;
      const rest =
        lastReceipt + (isSteady ? STEADY_INTERVAL : RECEIPT_INTERVAL) - performance.now();
      // Timers are slow in a hidden tab; what is due goes out at once.
      if (rest <= 0) receipt();
      else {
        if (sinceReceipt === STEADY_FRAMES) cancelReceipt();
        receiptTimer ??= setTimeout(receipt, rest);
      }
    },

    /** Numbers start anew. */
    forgetPainted: (): void => {
      newest = -1;
    },

    close: (): void => {
      isClosed = true;
      for (const timer of [helloTimer, patienceTimer, receiptTimer]) clearTimeout(timer);
      settleAll("lost");
    },
  };
}
