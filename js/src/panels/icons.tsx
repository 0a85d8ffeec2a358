/** Line icons on a grid of 16. */

import type { ComponentChildren } from "preact";

function Icon({ children, isSmall = false }: { children: ComponentChildren; isSmall?: boolean }) {
  return (
    <svg
      class={isSmall ? "seqdream-icon is-small" : "seqdream-icon"}
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const PlayIcon = () => (
  <Icon>
    <path class="is-filled" d="M5 3.2v9.6L12.6 8z" />
  </Icon>
);

export const PauseIcon = () => (
  <Icon>
    <path d="M5.5 3.5v9M10.5 3.5v9" />
  </Icon>
);

export const StepIcon = () => (
  <Icon>
    <path d="M3.5 3.5v9L10 8zM12.5 3.5v9" />
  </Icon>
);

export const StepBackIcon = () => (
  <Icon>
    <path d="M12.5 3.5v9L6 8zM3.5 3.5v9" />
  </Icon>
);

export const ResetIcon = () => (
  <Icon>
    <path d="M3 8a5 5 0 1 0 1.6-3.7L3 5.8M3 2.8v3h3" />
  </Icon>
);

export const UndoIcon = () => (
  <Icon>
    <path d="M6 3 3 6l3 3M3.4 6H9a3.7 3.7 0 0 1 0 7.4H6" />
  </Icon>
);

export const RedoIcon = () => (
  <Icon>
    <path d="m10 3 3 3-3 3M12.6 6H7a3.7 3.7 0 0 0 0 7.4h3" />
  </Icon>
);

export const DragIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="2.6" />
    <path d="M8 1.8v3.6M8 10.6v3.6M1.8 8h3.6M10.6 8h3.6" />
  </Icon>
);

export const FreezeIcon = () => (
  <Icon>
    <rect x="3" y="7" width="10" height="7" rx="1.5" />
    <path d="M5.2 7V4.8a2.8 2.8 0 0 1 5.6 0V7" />
  </Icon>
);

export const ExportIcon = () => (
  <Icon>
    <path d="M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13.2h10" />
  </Icon>
);

export const CameraIcon = () => (
  <Icon>
    <path d="M2 5.2h2.7L5.8 3.5h4.4l1.1 1.7H14v7.6H2z" />
    <circle cx="8" cy="8.8" r="2.4" />
  </Icon>
);

export const DrawIcon = () => (
  <Icon>
    <path d="m3 13 .7-3L10.9 2.8a1.2 1.2 0 0 1 1.7 0l.6.6a1.2 1.2 0 0 1 0 1.7L6 12.3zM9.4 4.3l2.3 2.3" />
  </Icon>
);

export const BrushIcon = () => (
  <Icon>
    <path d="M4.5 2.5v11M11.5 2.5v11M3 2.5h3M10 2.5h3M3 13.5h3M10 13.5h3" />
    <path d="M7 9.5 9 6.5" />
  </Icon>
);

export const MagnetIcon = () => (
  <Icon>
    <path d="M3.5 3v5a4.5 4.5 0 0 0 9 0V3h-3v5a1.5 1.5 0 0 1-3 0V3zM3.5 5.5h3M9.5 5.5h3" />
  </Icon>
);

export const WarningIcon = () => (
  <Icon isSmall>
    <path d="M8 2.2 14.6 13.6H1.4zM8 6.6v3.2M8 11.6v.2" />
  </Icon>
);

export const ZoomIcon = () => (
  <Icon>
    <circle cx="7" cy="7" r="4.2" />
    <path d="m10.2 10.2 3.6 3.6M5 7h4M7 5v4" />
  </Icon>
);
