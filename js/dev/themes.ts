/** What JupyterLab's own two themes set, as far as the widget reads it. */
const FONT =
  "system-ui, -apple-system, blinkmacsystemfont, 'Segoe UI', helvetica, arial, sans-serif";

export const THEMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  light: {
    "--jp-layout-color0": "white",
    "--jp-layout-color1": "white",
    "--jp-layout-color2": "#eee",
    "--jp-border-color2": "#e0e0e0",
    "--jp-brand-color1": "#1976d2",
    "--jp-ui-font-color0": "rgba(0, 0, 0, 1)",
    "--jp-ui-font-color1": "rgba(0, 0, 0, 0.87)",
    "--jp-ui-font-color2": "rgba(0, 0, 0, 0.54)",
    "--jp-ui-font-color3": "rgba(0, 0, 0, 0.38)",
    "--jp-ui-font-family": FONT,
  },
  dark: {
    "--jp-layout-color0": "#111",
    "--jp-layout-color1": "#212121",
    "--jp-layout-color2": "#424242",
    "--jp-border-color2": "#616161",
    "--jp-brand-color1": "#2196f3",
    "--jp-ui-font-color0": "rgba(255, 255, 255, 1)",
    "--jp-ui-font-color1": "rgba(255, 255, 255, 0.87)",
    "--jp-ui-font-color2": "rgba(255, 255, 255, 0.54)",
    "--jp-ui-font-color3": "rgba(255, 255, 255, 0.38)",
    "--jp-ui-font-family": FONT,
  },
  none: {},
};

export function setTheme(name: string): void {
  const { style, dataset } = document.body;
  for (const variable of Object.keys(THEMES.light ?? {})) style.removeProperty(variable);
  for (const [variable, value] of Object.entries(THEMES[name] ?? {})) {
    style.setProperty(variable, value);
  }
  dataset.jpThemeLight = String(name === "light");
}
