/** A memory of one thing: says whether what it is told now differs from what it was told last. */
export function changes(): (...parts: readonly unknown[]) => boolean {
  let last: readonly unknown[] = [];
  return (...parts) => {
    const isSame = parts.length === last.length && parts.every((part, at) => part === last[at]);
    last = parts;
    return !isSame;
  };
}
