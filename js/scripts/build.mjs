// Builds the widget into the Python package, or (--dev) the page that runs it without a kernel.
import { cpSync, mkdirSync, readFileSync } from "node:fs";
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

/**
 * uPlot hangs helpers on its constructor (bars, splines, joins, dates) that nothing here uses, and that no
 * bundler can therefore drop. Without those assignments esbuild drops them: 6 kB less in every notebook.
 */
const slimPlot = {
  name: "slim-uplot",
  setup({ onLoad }) {
    onLoad({ filter: /uPlot\.esm\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const from = source.indexOf("\nuPlot.assign = assign;");
      const to = source.indexOf("\nexport { uPlot as default };");
      if (from < 0 || to < from)
        throw new Error("uPlot's module has changed: see slimPlot in build.mjs");
      return { contents: source.slice(0, from) + source.slice(to) };
    });
  },
};

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
  plugins: [slimPlot],
};

// The host loads one script and one style sheet, both called `widget`.
if (!dev)
  options.entryPoints = [
    { in: "src/index.ts", out: "widget" },
    { in: "src/theme.css", out: "widget" },
  ];

mkdirSync(outdir, { recursive: true });
if (watch) {
  const watcher = await context(options);
  await watcher.watch();
} else {
  await build(options);
  if (dev) {
    cpSync(join(root, "dev", "index.html"), join(outdir, "index.html"));
    console.log(`open ${join(outdir, "index.html")}`);
  }
}
