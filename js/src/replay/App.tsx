/** The whole page. */

import { useEffect, useRef } from "preact/hooks";
import { termColour, termDash } from "../chart/theme";
import { save } from "../files";
import { whole } from "../format";
import { AreaKey, LineKey } from "../panels/Legend";
import { Origin } from "./Origin";
import type { Player } from "./player";
import { Reading } from "./Reading";
import { Rows } from "./Rows";
import { columnLabel, type Props } from "./Section";
import { Story } from "./Story";
import type { Stage } from "./stage";
import { Transport } from "./Transport";
import { sequenceTable } from "./table";
import { Verdict } from "./Verdict";

interface AppProps extends Props {
  readonly stage: Stage;
}

export function App({ player, stage }: AppProps) {
  const { recording } = player;
  return (
    <>
      <header class="replay-header">
        <div>
          <h1>{recording.title}</h1>
          <p>{extent(player)}</p>
        </div>
        <p class="replay-keys">
          <kbd>Space</kbd> plays, <kbd>←</kbd> <kbd>→</kbd> step, <kbd>[</kbd> <kbd>]</kbd> go to
          what was done
        </p>
      </header>
      <main>
        <div class="replay-body">
          <Charts player={player} stage={stage} />
          <Reading player={player} stage={stage} />
        </div>
        <div class="replay-columns">
          <Story player={player} />
          <Verdict player={player} />
          <Origin player={player} />
        </div>
        <Rows player={player} />
      </main>
    </>
  );
}

export function Unreadable({ reason }: { readonly reason: string }) {
  return (
    <p class="replay-unreadable" role="alert">
      This page cannot be read: {reason}. Make it anew with <code>to_html</code>.
    </p>
  );
}

/** How long the run is, and how much of it the page has. */
function extent({ recording }: Player): string {
  const { step, sequenceSteps, steps } = recording;
  const count = new Set([...sequenceSteps, step]).size;
  const words = [`${whole(step)} ${step === 1 ? "step" : "steps"}`];
  words.push(
    count > step
      ? "the sequence of every step"
      : `the sequences of ${whole(count)} of them, evenly, and the last exactly`,
  );
  if (steps.length < step) words.push(`the numbers of ${whole(steps.length)}`);
  return words.join(" · ");
}

function Charts({ player, stage }: AppProps) {
  const main = useRef<HTMLDivElement>(null);
  const timeline = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (main.current === null || timeline.current === null) return undefined;
    return stage.mount(main.current, timeline.current);
  }, [stage]);
  return (
    <section class="seqdream-main" aria-label="Sequence">
      <SequenceLegend player={player} />
      <div class="seqdream-chart" ref={main} />
      <Transport player={player} />
      <TimelineLegend player={player} stage={stage} />
      <div class="seqdream-timeline" ref={timeline} />
    </section>
  );
}

function SequenceLegend({ player }: Props) {
  const { step, sequenceStep, envelope, settings, recording } = player;
  const isThinned = sequenceStep.value !== step.value;
  return (
    <div class="seqdream-legend">
      <ul>
        <LineKey
          name={isThinned ? `sequence after step ${whole(sequenceStep.value)}` : "dream"}
          colour="dream"
          width={2.5}
        />
        <LineKey name="start" colour="ghost" width={1.5} />
        {envelope.value !== null && <AreaKey name="class 5–95 %" kind="band" />}
        {settings.value.frozen.length > 0 && <AreaKey name="frozen" kind="frozen" />}
        {recording.chapters.some(({ samples }) => samples) && (
          <AreaKey name="set by hand" kind="touched" />
        )}
      </ul>
      <Channels player={player} />
      <button
        type="button"
        class="replay-link"
        onClick={() =>
          save(
            new Blob([sequenceTable(player)], { type: "text/csv" }),
            `sequence-step-${sequenceStep.value}.csv`,
          )
        }
      >
        save sequence as CSV
      </button>
    </div>
  );
}

function Channels({ player }: Props) {
  const { channelNames } = player.recording;
  if (channelNames.length < 2) return null;
  return (
    <label class="seqdream-channel">
      Channel
      <select
        class="seqdream-select"
        value={player.channel.value}
        onChange={(event) => {
          player.channel.value = Number(event.currentTarget.value);
        }}
      >
        {channelNames.map((name, channel) => (
          <option key={name} value={channel}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function TimelineLegend({ player, stage }: AppProps) {
  const { alone, recording } = player;
  const { value } = alone;
  const label = (name: string) => recording.terms.find((term) => term.name === name)?.label ?? name;
  if (value !== null) {
    return (
      <div class="seqdream-legend is-timeline">
        <ul>
          <LineKey name={columnLabel(value) ?? label(value)} colour="dream" width={2} />
        </ul>
        <button
          type="button"
          class="replay-link"
          onClick={() => {
            alone.value = null;
          }}
        >
          show all terms
        </button>
      </div>
    );
  }
  return (
    <div class="seqdream-legend is-timeline">
      <ul>
        <LineKey name="score" colour="dream" width={2} />
        {stage.terms().map(({ name, position }) => (
          <LineKey
            key={name}
            name={label(name)}
            colour={termColour(position)}
            width={1.5}
            dash={termDash(position)}
          />
        ))}
      </ul>
      {stage.terms().length > 0 && <span class="seqdream-note">each term to its own maximum</span>}
    </div>
  );
}
