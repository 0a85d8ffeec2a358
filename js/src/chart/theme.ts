/** Colours of the canvas, read from the same CSS variables that paint everything else. */

const NAMES = [
  "base",
  "surface",
  "ink",
  "muted",
  "grid",
  "dream",
  "ghost",
  "band",
  "hatch",
  "frozen",
  "edit",
  "real",
  "kept",
  "up",
  "down",
  "term-0",
  "term-1",
  "term-2",
  "term-3",
  "term-4",
] as const;

export type ColourName = (typeof NAMES)[number];
export type Colours = Readonly<Record<ColourName, string>>;

export const TERM_COLOURS = 5;

/** The colour (and after one round of colours the dash) of the n-th regularizer, in chart and panel. */
export function termColour(position: number): ColourName {
  return `term-${position % TERM_COLOURS}` as ColourName;
}

export function termDash(position: number): number[] {
  return [[], [6, 3], [2, 3]][Math.floor(position / TERM_COLOURS) % 3] ?? [];
}

/** Red, green, blue and opacity, each 0 … 1, of a colour as `getComputedStyle` writes it. */
export function components(colour: string): [number, number, number, number] | null {
  const numbers = colour.match(/-?\d*\.?\d+(?:e-?\d+)?%?/gi)?.map(Number.parseFloat) ?? [];
  const scale = colour.startsWith("color(") ? 1 : 255;
  const [red, green, blue, alpha = 1] = numbers;
  if (red === undefined || green === undefined || blue === undefined) return null;
  return [red / scale, green / scale, blue / scale, alpha];
}

export function isDark(colour: string): boolean | null {
  const parts = components(colour);
  if (parts === null || parts[3] < 0.5) return null;
  const [red, green, blue] = parts;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.5;
}

function parentAcrossShadow(element: Element): Element | null {
  const parent = element.parentNode;
  return parent instanceof ShadowRoot ? parent.host : (parent as Element | null);
}

/** Whether the page around the widget is dark: the nearest painted background decides. */
function isOnDark(root: HTMLElement): boolean {
  for (let at: Element | null = root; at instanceof Element; at = parentAcrossShadow(at)) {
    const dark = isDark(getComputedStyle(at).backgroundColor);
    // The widget's own surface counts only where the host names it; else it follows from the answer.
    if (dark !== null && (at !== root || hostNamesSurface(root))) return dark;
  }
  const scheme = getComputedStyle(document.documentElement).colorScheme;
  return scheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches;
}

function hostNamesSurface(root: HTMLElement): boolean {
  const style = getComputedStyle(root);
  return ["--jp-layout-color0", "--vscode-editor-background"].some(
    (name) => style.getPropertyValue(name).trim() !== "",
  );
}

export interface Theme {
  readonly colours: Colours;
  readonly font: string;
  /** Looks again; true where something changed. */
  refresh(): boolean;
  /** Calls back when all has to be painted anew: the host switches its theme, or a browser gives back a blank canvas. */
  watch(onChange: () => void, signal: AbortSignal): void;
}

export function themeOf(root: HTMLElement): Theme {
  const probe = document.createElement("span");
  let colours: Colours | null = null;
  probe.hidden = true;
  root.append(probe);

  // A custom property reads back as it was written; as a colour it reads back resolved.
  const read = (): Colours => {
    const entries = NAMES.map((name) => {
      probe.style.color = `var(--sd-${name})`;
      return [name, getComputedStyle(probe).color] as const;
    });
    return Object.fromEntries(entries) as Record<ColourName, string>;
  };
  const refresh = (): boolean => {
    // Outside a page nothing has a colour.
    if (!root.isConnected) return false;
    const before = colours;
    root.dataset.theme = isOnDark(root) ? "dark" : "light";
    const now = read();
    colours = now;
    return before === null || NAMES.some((name) => before[name] !== now[name]);
  };

  return {
    get colours() {
      colours ??= read();
      return colours;
    },
    get font() {
      return `11px ${getComputedStyle(root).fontFamily}`;
    },
    refresh,
    watch: (onChange, signal) => {
      const look = () => refresh() && onChange();
      // Hosts set the attribute first and load the style sheet after it.
      const soon = () => {
        look();
        for (const delay of [60, 400, 1200]) setTimeout(() => signal.aborted || look(), delay);
      };
      const observer = new MutationObserver(soon);
      for (const element of [document.documentElement, document.body])
        observer.observe(element, { attributes: true });
      root.addEventListener("contextrestored", onChange, { capture: true, signal });
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", soon, { signal });
      signal.addEventListener("abort", () => observer.disconnect());
    },
  };
}
