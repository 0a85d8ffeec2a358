// Builds the widget into the Python package, or (--dev) the page that runs it without a kernel.
import { cpSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const watch = process.argv.includes("--watch");
const dev = process.argv.includes("--dev");
const outdir = dev
  ? join(tmpdir(), "seqdream-dev")
  : join(dirname(root), "seqdream_widget", "static");

const options = {
  absWorkingDir: root,
  entryPoints: dev
    ? { dev: "dev/dev.ts", widget: "src/theme.css" }
    : { widget: "src/index.ts", "widget-style": "src/theme.css" },
  outdir,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: !dev,
  sourcemap: watch ? "inline" : false,
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "info",
};

// The host loads one script and one style sheet of a widget, both of one name.
if (!dev)
  options.entryPoints = [
    { in: "src/index.ts", out: "widget" },
    { in: "src/theme.css", out: "widget" },
    { in: "src/gallery/index.ts", out: "gallery" },
    { in: "src/gallery/gallery.css", out: "gallery" },
  ];

/** What `to_html` writes into its pages: one script that needs no module, and one style sheet. */
const page = {
  ...options,
  format: "iife",
  entryPoints: [
    { in: "src/replay/index.ts", out: "replay" },
    { in: "src/replay/replay.css", out: "replay" },
  ],
};

mkdirSync(outdir, { recursive: true });
if (watch) {
  const watcher = await context(options);
  await watcher.watch();
} else {
  await build(options);
  if (!dev) await build(page);
  if (dev) {
    cpSync(join(root, "dev", "index.html"), join(outdir, "index.html"));
    console.log(`open ${join(outdir, "index.html")}`);
  }
}
