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

/** What uPlot asks its options about, answered at build time: no legend, no cursor, no dates, no scatter plot. */
const ANSWERS = {
  showLegend: ["const showLegend = legend.show;", false],
  showCursor: ["const showCursor =                cursor.show;", false],
  isTime: [/let isTime = (sc|mode == 1 && scales\[s\.scale\])\.time;/g, false],
  mode: ["const mode = self.mode;", 1],
};

/** From a line up to another: the helpers (bars, splines, joins) uPlot hangs on its constructor, and its calendar. */
const UNUSED = [
  ["\nuPlot.assign = assign;", "\nexport { uPlot as default };"],
  ["const [ timeIncrsMs,", "// base 2"],
  ["const _tzDate  =", "const activeIdxs ="],
];

/** No bundler can see that nothing here uses those. Told so, esbuild drops 12 kB from every notebook. */
const slimPlot = {
  name: "slim-uplot",
  setup({ onLoad }) {
    onLoad({ filter: /uPlot\.esm\.js$/ }, ({ path }) => {
      let source = readFileSync(path, "utf8");
      const expect = (isThere, what) => {
        if (!isThere) throw new Error(`uPlot's module has changed: no ${what}; see slimPlot`);
      };
      for (const [from, to] of UNUSED) {
        const [start, end] = [source.indexOf(from), source.indexOf(to)];
        expect(start >= 0 && end > start, from);
        source = source.slice(0, start) + source.slice(end);
      }
      for (const [name, [declaration, answer]] of Object.entries(ANSWERS)) {
        const rest = source.replaceAll(declaration, "");
        expect(rest !== source, declaration);
        source = `const ${name} = ${answer};\n${rest}`;
      }
      return { contents: source };
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
