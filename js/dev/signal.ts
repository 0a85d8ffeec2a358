/** Synthetic sequences that look like what an engine sensor records. */

/** Numbers from 0 to 1 that are the same every time. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function wave(time: number, seed: number): Float32Array {
  const roll = dice(seed);
  const parts = Array.from({ length: 6 }, () => ({
    rate: 8 + 22 * roll(),
    phase: 2 * Math.PI * roll(),
    size: 0.35 + 0.4 * roll(),
  }));
  return Float32Array.from({ length: time }, (_, index) => {
    const at = index / Math.max(time, 50);
    return parts.reduce(
      (sum, { rate, phase, size }) => sum + size * Math.sin(2 * Math.PI * rate * at + phase),
      0,
    );
  });
}

/** The dream at a step: from the start towards a goal, with a breath of movement. */
export function dreamAt(start: Float32Array, goal: Float32Array, step: number): Float32Array {
  const progress = 1 - Math.exp(-step / 160);
  return start.map((value, index) => {
    const target = goal[index] ?? 0;
    const breath = 0.06 * Math.sin(step / 9 + index / 17);
    return value + (target - value) * progress + breath;
  });
}
