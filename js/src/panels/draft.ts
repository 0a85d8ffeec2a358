/** A control shows what a person chose at once, and the kernel's word as soon as it has it. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Outcome } from "../link";

/** After the kernel has accepted, its settings follow, on a busy machine within this time. */
const SETTLE = 2000;
/** Without any answer the choice is taken back: the kernel's word stands. */
const GIVE_UP = 5000;

export interface Draft<T> {
  readonly shown: T;
  /** Shows a value for as long as it is held. */
  hold(value: T): void;
  /** Shows a value until its command has been answered. */
  settle(value: T, outcome: Promise<Outcome>): void;
}

export function useDraft<T>(settled: T): Draft<T> {
  const [draft, setDraft] = useState<{ readonly value: T } | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const turn = useRef(0);
  const isAccepted = useRef(false);
  useEffect(() => () => clearTimeout(timer.current), []);
  // What is settled anew is what was accepted.
  useEffect(() => {
    if (isAccepted.current) setDraft(null);
  }, [settled]);

  const hold = (value: T) => {
    turn.current += 1;
    isAccepted.current = false;
    clearTimeout(timer.current);
    setDraft({ value });
  };
  const dropAfter = (delay: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setDraft(null), delay);
  };
  const settle = (value: T, outcome: Promise<Outcome>) => {
    hold(value);
    dropAfter(GIVE_UP);
    const mine = turn.current;
    void outcome.then((answer) => {
      if (turn.current !== mine) return;
      isAccepted.current = answer === "accepted";
      dropAfter(isAccepted.current ? SETTLE : 0);
    });
  };
  return { shown: draft === null ? settled : draft.value, hold, settle };
}
