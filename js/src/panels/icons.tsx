/** Line icons on a grid of 16. */

/** A padlock, which the chart draws as well. */
export const LOCK = "M3 7h10v7H3zM5.2 7V4.8a2.8 2.8 0 0 1 5.6 0V7";

const PATHS = {
  play: "M5 3.2v9.6L12.6 8z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  step: "M3.5 3.5v9L10 8zM12.5 3.5v9",
  back: "M12.5 3.5v9L6 8zM3.5 3.5v9",
  reset: "M3 8a5 5 0 1 0 1.6-3.7L3 5.8M3 2.8v3h3",
  undo: "M6 3 3 6l3 3M3.4 6H9a3.7 3.7 0 0 1 0 7.4H6",
  redo: "m10 3 3 3-3 3M12.6 6H7a3.7 3.7 0 0 0 0 7.4h3",
  drag: "M5.4 8a2.6 2.6 0 1 0 5.2 0a2.6 2.6 0 1 0-5.2 0M8 1.8v3.6M8 10.6v3.6M1.8 8h3.6M10.6 8h3.6",
  freeze: LOCK,
  export: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13.2h10",
  camera:
    "M2 5.2h2.7L5.8 3.5h4.4l1.1 1.7H14v7.6H2zM5.6 8.8a2.4 2.4 0 1 0 4.8 0a2.4 2.4 0 1 0-4.8 0",
  draw: "m3 13 .7-3L10.9 2.8a1.2 1.2 0 0 1 1.7 0l.6.6a1.2 1.2 0 0 1 0 1.7L6 12.3zM9.4 4.3l2.3 2.3",
  brush: "M4.5 2.5v11M11.5 2.5v11M3 2.5h3M10 2.5h3M3 13.5h3M10 13.5h3M7 9.5 9 6.5",
  magnet: "M3.5 3v5a4.5 4.5 0 0 0 9 0V3h-3v5a1.5 1.5 0 0 1-3 0V3zM3.5 5.5h3M9.5 5.5h3",
  warning: "M8 2.2 14.6 13.6H1.4zM8 6.6v3.2M8 11.6v.2",
  zoom: "M2.8 7a4.2 4.2 0 1 0 8.4 0a4.2 4.2 0 1 0-8.4 0m7.4 3.2 3.6 3.6M5 7h4M7 5v4",
};

export function Icon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg class={`seqdream-icon is-${name}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
