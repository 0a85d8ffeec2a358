/** What a mock kernel runs, and what can be set there. */

import type { Settings } from "../src/protocol";

export interface Scene {
  readonly time: number;
  readonly channels: number;
  readonly classes: readonly string[];
  readonly step: number;
  readonly playing: boolean;
  readonly error: string | null;
  readonly envelope: boolean;
  readonly frozen: boolean;
  readonly refuses: boolean;
  readonly rate: number | null;
}

interface Term {
  readonly name: string;
  readonly group: string;
  readonly value: number;
  readonly present: boolean;
  readonly enabled: boolean;
}

const OWN: readonly [name: string, group: string, enabled: boolean, value: number][] = [
  ["l2", "penalty", true, 0.001],
  ["total_variation", "penalty", true, 0.02],
  ["spectral_prior", "penalty", true, 0.3],
  ["exponential_smoothing", "projection", true, 0.3],
  ["gaussian_blur", "projection", false, 0.1],
];

const OFFERED: readonly [group: string, names: string][] = [
  ["penalty", "roughness data_envelope range l1 curvature high_frequency"],
  ["projection", "moving_average standardize clip_small_norm clip_small_contribution clamp"],
  ["projection", "random_reinitialization"],
  ["gradient", "normalize_gradient clip_gradient blur_gradient"],
  ["transform", "jitter scale warp noise dropout"],
];

const TERMS: readonly Term[] = [
  ...OWN.map(([name, group, enabled, value]) => ({ name, group, value, present: true, enabled })),
  ...OFFERED.flatMap(([group, names]) =>
    names.split(" ").map((name) => ({ name, group, value: 0.1, present: false, enabled: false })),
  ),
];

export const KEEPERS = ["spectral_prior", "roughness", "data_envelope", "standardize"];

/** Terms that change the sequence and have no value of their own. */
export const SILENT = new Set(
  TERMS.flatMap(({ name, group }) => (group === "penalty" ? [] : [name])),
);

function labelled(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
}

function regularizers(): Settings["regularizers"] {
  return TERMS.map(({ value, ...term }) => ({
    ...term,
    label: labelled(term.name),
    description: `What ${labelled(term.name)} does to the sequence.`,
    slider: "weight",
    parameters: [
      {
        name: "weight",
        label: "weight",
        value,
        low: 1e-4,
        high: 10,
        scale: "log",
        integer: false,
        unit: "",
      },
    ],
  }));
}

/** What is switched on joins the run, behind what it has. */
export function joined(all: Settings["regularizers"]): Settings["regularizers"] {
  const now = all.map((one) => ({ ...one, present: one.present || one.enabled }));
  return [...now.filter(({ present }) => present), ...now.filter(({ present }) => !present)];
}

function presets(hasData: boolean): Settings["presets"] {
  return ["centered", "rim", "border", "extreme"].map((name) => ({
    name,
    label: name,
    description: `Dream what is ${name}.`,
    classes: name === "border" ? 2 : 1,
    unavailable:
      hasData || name === "extreme" ? null : "It goes by real data and this run has none.",
  }));
}

export function settingsOf(scene: Scene): Settings {
  const channels = Array.from({ length: scene.channels }, (_, channel) => channel);
  return {
    playing: false,
    status: `paused at step ${scene.step}`,
    error: scene.error,
    undo: null,
    deeds: [],
    redo: null,
    class_names: scene.classes,
    objective: {
      type: "logit",
      targets: [Math.min(1, scene.classes.length - 1)],
      text: "",
      preset: null,
    },
    objective_types: [
      { type: "logit", label: "logit" },
      { type: "margin", label: "margin" },
      { type: "probability", label: "probability" },
      { type: "prototype", label: "prototype" },
      { type: "rim", label: "rim" },
    ],
    presets: presets(scene.envelope),
    learning_rate: 0.05,
    channel_names: channels.map((channel) => `channel ${channel}`),
    sample_rate: scene.rate,
    units: scene.rate === null ? [] : channels.map(() => "bar"),
    scale: scene.rate === null ? [] : channels.map(() => [3, 0.5]),
    frozen: scene.frozen ? [{ start: 140, stop: 205, channel: null, dream: 0 }] : [],
    regularizers: regularizers(),
  };
}
