// Builds the widget into the Python package, or (--dev) the page that runs it without a kernel.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";
import { minify } from "terser";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const watch = process.argv.includes("--watch");
const dev = process.argv.includes("--dev");
const outdir = dev
  ? join(tmpdir(), "seqdream-dev")
  : join(dirname(root), "seqdream_widget", "static");

const NAMES = "scripts/names.js";
const options = {
  absWorkingDir: root,
  outdir,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: !dev,
  sourcemap: watch ? "inline" : false,
  legalComments: "none",
  jsx: "transform",
  jsxFactory: "h",
  jsxFragment: "Fragment",
  // TypeScript's own configuration would have it otherwise.
  tsconfigRaw: {},
  inject: [NAMES, "scripts/elements.js"],
  logLevel: "info",
};

/** A script and a style sheet of one name: what a host loads of a widget, and what `to_html` writes into its pages. */
const bundle = (name, script, style) => ({
  ...options,
  entryPoints: [
    { in: script, out: name },
    { in: style, out: name },
  ],
});
const widget = bundle("widget", "src/index.ts", "src/theme.css");
// No elements are made there.
const gallery = {
  ...bundle("gallery", "src/gallery/index.ts", "src/gallery/gallery.css"),
  inject: [NAMES],
};
// A page needs no module.
const replay = {
  ...bundle("replay", "src/replay/index.ts", "src/replay/replay.css"),
  format: "iife",
};

/** Takes out what esbuild, which is quick, leaves in. */
async function tighten(name, isModule) {
  const path = join(outdir, `${name}.js`);
  const { code } = await minify(readFileSync(path, "utf8"), {
    module: isModule,
    ecma: 2020,
    compress: { passes: 3 },
  });
  writeFileSync(path, code);
}

mkdirSync(outdir, { recursive: true });
if (watch) {
  for (const one of [widget, gallery]) await (await context(one)).watch();
} else if (dev) {
  await build({ ...options, entryPoints: { dev: "dev/dev.ts", widget: "src/theme.css" } });
  cpSync(join(root, "dev", "index.html"), join(outdir, "index.html"));
  console.log(`open ${join(outdir, "index.html")}`);
} else {
  await Promise.all([widget, gallery, replay].map((one) => build(one)));
  await Promise.all([tighten("widget", true), tighten("gallery", true), tighten("replay", false)]);
}
