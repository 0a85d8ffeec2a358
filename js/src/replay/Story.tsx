/** What was done, and when. */

import { whole } from "../format";
import { shapeOf } from "./marks";
import { type Props, Section } from "./Section";

export function Story({ player }: Props) {
  const { recording, past } = player;
  const { chapters, omitted } = recording;
  return (
    <Section name="What was done" kind="story">
      {omitted > 0 && <p class="replay-quiet">{whole(omitted)} earlier commands are not listed.</p>}
      {chapters.length === 0 && omitted === 0 && (
        <p class="replay-quiet">Nothing: the gradient went alone.</p>
      )}
      <ol class="replay-list">
        {chapters.map((chapter, at) => (
          <li key={at}>
            <button
              type="button"
              class="replay-chapter"
              data-past={at < past.value}
              aria-current={at === past.value - 1 ? "step" : undefined}
              onClick={() => player.visit(chapter)}
            >
              <svg class="replay-shape" viewBox="-6 -6 12 12" aria-hidden="true">
                <path class={`replay-mark is-${chapter.kind}`} d={shapeOf(chapter.kind)} />
              </svg>
              <span class="replay-when">{whole(chapter.step)}</span>
              <span class="replay-words">{chapter.words}</span>
            </button>
          </li>
        ))}
      </ol>
    </Section>
  );
}
