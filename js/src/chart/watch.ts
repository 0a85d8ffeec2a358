/** Tells when a place changes its size, and when it comes into sight or leaves it. */
export function watchBox(
  places: readonly [HTMLElement, ...HTMLElement[]],
  onSize: () => void,
  onSight: (isVisible: boolean) => void,
  signal: AbortSignal,
): void {
  const sizes = new ResizeObserver(() => {
    // A detached or folded cell has no size: the last picture stays until it has one again.
    if (places[0].clientWidth > 0) onSize();
  });
  for (const place of places) sizes.observe(place);
  const sight = new IntersectionObserver((entries) => {
    const last = entries.at(-1);
    if (last !== undefined) onSight(last.isIntersecting);
  });
  sight.observe(places[0]);
  signal.addEventListener("abort", () => {
    sizes.disconnect();
    sight.disconnect();
  });
}
