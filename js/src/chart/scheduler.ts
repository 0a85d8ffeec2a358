/** Draws when asked and never otherwise: many wishes, one animation frame. */

export interface Scheduler {
  request(): void;
  cancel(): void;
}

export function scheduled(draw: () => void): Scheduler {
  let handle: number | null = null;
  const run = () => {
    handle = null;
    draw();
  };
  return {
    request: () => {
      handle ??= requestAnimationFrame(run);
    },
    cancel: () => {
      if (handle !== null) cancelAnimationFrame(handle);
      handle = null;
    },
  };
}
