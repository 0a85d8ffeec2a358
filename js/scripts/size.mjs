// Script and style are state of every widget instance, saved with every notebook: they have to stay small.
// So do those of a page of a run: they take room from its sequences.
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// The widget's bundle is its script, with all libraries: at most 120 kB.
const LIMITS = {
  "widget.js": 120_000,
  "widget.css": 26_000,
  "replay.js": 70_000,
  "replay.css": 30_000,
  "gallery.js": 14_000,
  "gallery.css": 10_000,
};
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

for (const [name, limit] of Object.entries(LIMITS)) {
  const { size } = statSync(join(root, "seqdream_widget", "static", name));
  console.log(`${name}: ${size} of ${limit} bytes`);
  if (size > limit) {
    console.error(`${name} is too large: take something out, or load less of a library.`);
    process.exitCode = 1;
  }
}
