/** The menu that takes the sequence out of the notebook. */

import { useRef, useState } from "preact/hooks";
import { copied, rasterised, save } from "../files";
import type { Exported, Format } from "../protocol";
import type { View } from "../view";
import { Icon } from "./icons";

interface Props {
  readonly view: View;
}

interface Way {
  readonly label: string;
  readonly hint: string;
  readonly format: Format;
  /** Null where it goes onto the clipboard. */
  readonly content: ((text: string) => Blob | Promise<Blob>) | null;
  readonly suffix: string;
}

const as = (type: string) => (text: string) => new Blob([text], { type });

const WAYS: readonly Way[] = [
  { label: "PNG", hint: "picture", format: "svg", content: rasterised, suffix: "png" },
  { label: "SVG", hint: "picture", format: "svg", content: as("image/svg+xml"), suffix: "svg" },
  { label: "CSV", hint: "table", format: "csv", content: as("text/csv"), suffix: "csv" },
  { label: "NumPy", hint: "to the clipboard", format: "numpy", content: null, suffix: "" },
];

export function Export({ view }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLFieldSetElement>(null);
  const [note, setNote] = useState("");
  const [text, setText] = useState<string | null>(null);
  const isDisabled = view.store.isReadOnly.value;

  const open = () => {
    if (isDisabled || button.current === null) return;
    const { left, bottom } = button.current.getBoundingClientRect();
    setNote("");
    setText(null);
    menu.current?.togglePopover();
    if (menu.current === null) return;
    // In the top layer, so that no edge of the notebook cuts it off.
    const room = document.documentElement.clientWidth - menu.current.offsetWidth - 8;
    menu.current.style.left = `${Math.max(8, Math.min(left, room))}px`;
    menu.current.style.top = `${bottom + 4}px`;
    menu.current.querySelector("button")?.focus();
  };

  const deliver = async ({ content, suffix }: Way, { text, step }: Exported) => {
    if (content !== null) {
      const name = `dream-step-${step}.${suffix}`;
      save(await content(text), name);
      setNote(`saved as ${name}`);
    } else if (await copied(text)) setNote("copied");
    else setText(text);
  };
  const take = async (way: Way) => {
    setNote("…");
    setText(null);
    try {
      const answer = await view.store.exported(way.format, view.channel.value);
      if (answer === null) menu.current?.hidePopover();
      else await deliver(way, answer);
    } catch (error) {
      setNote(error instanceof Error ? error.message : String(error));
    }
  };

  return (
    <>
      <button
        type="button"
        ref={button}
        class="seqdream-button"
        aria-label="Export"
        title="Export: PNG, SVG, CSV, NumPy"
        aria-disabled={isDisabled}
        onClick={open}
      >
        <Icon name="export" />
      </button>
      <fieldset ref={menu} popover="auto" class="seqdream-menu" aria-label="Export">
        {WAYS.map((way) => (
          <button key={way.label} type="button" onClick={() => void take(way)}>
            {way.label} <span>{way.hint}</span>
          </button>
        ))}
        {text !== null && (
          <label>
            The browser keeps the clipboard to itself: copy from here.
            <textarea readOnly rows={4} value={text} ref={(field) => field?.select()} />
          </label>
        )}
        <p role="status">{note}</p>
      </fieldset>
    </>
  );
}
