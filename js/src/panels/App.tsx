/** The whole widget. */

import { useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { View } from "../view";
import { Help } from "./Help";
import { ChannelRows, Legend, TimelineLegend } from "./Legend";
import { Regularizers } from "./Regularizers";
import { Shelf } from "./Shelf";
import { Announcer, ErrorBanner, LOSS, SILENCE, StatusLine } from "./StatusLine";
import { Target } from "./Target";
import { Toolbar } from "./Toolbar";
import { Verdict } from "./Verdict";

interface Props {
  readonly view: View;
}

export function App({ view }: Props) {
  const { store } = view;
  const isReady = useComputed(() => store.settings.value !== null && store.sequence.value !== null);
  if (!isReady.value) return <Waiting view={view} />;
  return (
    <>
      <Toolbar view={view} />
      <div class="seqdream-body">
        <Charts view={view} />
        <aside class="seqdream-side" aria-label="Target and regularizers">
          <fieldset class="seqdream-side-scroll" disabled={store.isReadOnly.value}>
            <Target view={view} />
            <Regularizers view={view} />
          </fieldset>
        </aside>
      </div>
      <ErrorBanner view={view} />
      <Verdict view={view} />
      <StatusLine view={view} />
      <Announcer view={view} />
      <Help view={view} />
    </>
  );
}

function Waiting({ view }: Props) {
  const { phase, trouble } = view.store;
  const isSilent = phase.value !== "waiting";
  const words =
    trouble.value ??
    (phase.value === "lost" ? LOSS : isSilent ? SILENCE : "Waiting for the kernel…");
  return (
    <div class="seqdream-waiting" role="status" data-silent={isSilent}>
      <span class="seqdream-pulse" aria-hidden="true" />
      <p>{words}</p>
    </div>
  );
}

function Charts({ view }: Props) {
  const main = useRef<HTMLDivElement>(null);
  const channels = useRef<HTMLDivElement>(null);
  const push = useRef<HTMLDivElement>(null);
  const timeline = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const places = [main.current, channels.current, push.current, timeline.current] as const;
    const [chart, rows, strip, lines] = places;
    if (chart === null || rows === null || strip === null || lines === null) return undefined;
    return view.mount({ chart, channels: rows, push: strip, timeline: lines });
  }, [view]);
  return (
    <section class="seqdream-main" aria-label="Sequence">
      <Legend view={view} />
      <div class="seqdream-chart" ref={main} data-tool={view.tool} />
      <div class="seqdream-rows" style={{ "--sd-rows": `${view.rowsHeight}px` }}>
        <div class="seqdream-channels" ref={channels} />
        {view.rowsHeight > 0 && <ChannelRows view={view} />}
      </div>
      <div
        class="seqdream-push"
        ref={push}
        title="Where the gradient of the last step pushes: up or down, as high as the square root of how hard"
      />
      <TimelineLegend view={view} />
      <div class="seqdream-stage">
        <div class="seqdream-timeline" ref={timeline} />
        <Invitation view={view} />
      </div>
      <Shelf view={view} />
    </section>
  );
}

/** Before the first step: what to do first. */
function Invitation({ view }: Props) {
  const { sequenceStep, isPlaying, isReadOnly } = view.store;
  const isNew = useComputed(
    () => sequenceStep.value === 0 && !isPlaying.value && !isReadOnly.value,
  );
  if (!isNew.value) return null;
  return (
    <p class="seqdream-invitation">
      <b>Press ▶ or Space</b>
      <span>to dream from this start.</span>
      <span>Drag a point first, or while it dreams.</span>
      <span>
        <kbd>?</kbd> shows every tool.
      </span>
    </p>
  );
}
