/** Where the run comes from: what it takes to do it again. */

import { whole } from "../format";
import type { Provenance } from "./recording";
import { type Props, Section } from "./Section";

export function Origin({ player }: Props) {
  const facts = factsOf(player.recording.provenance);
  return (
    <Section name="Provenance" kind="origin">
      <dl class="replay-facts">
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
    </Section>
  );
}

function factsOf(provenance: Provenance): readonly (readonly [string, string])[] {
  const { versions, commands, returns, refusals, dreams } = provenance;
  const { machine, ...packages } = versions;
  const done = [
    counted(commands, "command"),
    ...(returns > 0 ? [counted(returns, "return")] : []),
    ...(refusals > 0 ? [counted(refusals, "refusal")] : []),
  ];
  return [
    ["Seed", String(provenance.seed)],
    ["Start", provenance.start_drawn ? "noise, drawn from the seed" : "given"],
    ["Model", provenance.model],
    ["Data", provenance.data ?? "none"],
    ["Input", provenance.layout],
    ["Log", done.join(", ")],
    [
      "Versions",
      Object.entries(packages)
        .map((pair) => pair.join(" "))
        .join(", "),
    ],
    ["Machine", `${machine ?? "unknown"}, ${provenance.device}, threads: ${provenance.threads}`],
    ...(dreams > 1 ? ([["Dreams", `the first of ${dreams}`]] as const) : []),
    ...(provenance.diverged
      ? ([["Replay", "came to other numbers than its log says"]] as const)
      : []),
  ];
}

function counted(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;
}
