/** A class is found by typing: an editable combobox with a list, as the ARIA authoring practices have it. */

import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";

/** So many options the page keys go. */
const PAGE = 8;

interface Props {
  readonly label: string;
  readonly names: readonly string[];
  readonly chosen: number | undefined;
  readonly onChoose: (index: number) => void;
}

/** Indices of the names that hold all the words typed; those that begin with what was typed come first. */
export function matching(names: readonly string[], typed: string): readonly number[] {
  const text = typed.trim().toLowerCase();
  const parts = text.split(/\s+/);
  const begins: number[] = [];
  const holds: number[] = [];
  names.forEach((name, index) => {
    const lower = name.toLowerCase();
    if (lower.startsWith(text)) begins.push(index);
    else if (parts.every((part) => lower.includes(part))) holds.push(index);
  });
  return [...begins, ...holds];
}

export function Combobox({ label, names, chosen, onChoose }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [typed, setTyped] = useState<string | null>(null);
  const [active, setActive] = useState(0);
  const list = useId();
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const found = useMemo(() => matching(names, typed ?? ""), [names, typed]);
  const name = chosen === undefined ? "" : (names[chosen] ?? "");
  const place = Math.min(active, found.length - 1);
  const idOf = (at: number) => `${list}-${found[at]}`;

  useEffect(() => {
    if (isOpen)
      box.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [isOpen, place, found]);

  const open = () => {
    if (isOpen) return;
    setTyped(null);
    setActive(Math.max(0, chosen ?? 0));
    setOpen(true);
  };
  const close = () => {
    setOpen(false);
    setTyped(null);
  };
  const choose = (at: number) => {
    const index = found[at];
    close();
    input.current?.select();
    if (index !== undefined && index !== chosen) onChoose(index);
  };

  const act = (key: string, alt: boolean): boolean => {
    if (!isOpen) {
      if (key !== "ArrowDown" && key !== "ArrowUp" && key !== "Enter") return false;
      open();
      return true;
    }
    const last = found.length - 1;
    const to = {
      ArrowDown: place >= last ? 0 : place + 1,
      ArrowUp: place <= 0 ? last : place - 1,
      PageDown: Math.min(last, place + PAGE),
      PageUp: Math.min(last, Math.max(0, place - PAGE)),
    }[key];
    if (key === "Escape" || key === "Tab" || (key === "ArrowUp" && alt)) close();
    else if (key === "Enter") {
      if (last >= 0) choose(place);
    } else if (to !== undefined) setActive(to);
    else return false;
    return key !== "Tab";
  };

  return (
    <div
      class="seqdream-combobox"
      ref={box}
      onFocusOut={(event) => {
        if (!box.current?.contains(event.relatedTarget as Node | null)) close();
      }}
    >
      <input
        ref={input}
        type="text"
        role="combobox"
        class="seqdream-select is-wide"
        aria-label={label}
        aria-expanded={isOpen}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && found.length > 0 ? idOf(place) : undefined}
        autocomplete="off"
        spellcheck={false}
        placeholder="choose a class…"
        title={name}
        value={typed ?? name}
        onClick={(event) => {
          if (isOpen) close();
          else {
            open();
            event.currentTarget.select();
          }
        }}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setActive(0);
          setOpen(true);
        }}
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || !act(event.key, event.altKey)) return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      {isOpen && (
        <div class="seqdream-list" id={list} role="listbox" aria-label={label}>
          {found.map((index, at) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the input, which tells the active option
            <div
              key={index}
              id={idOf(at)}
              role="option"
              tabIndex={-1}
              class="seqdream-option"
              aria-selected={at === place}
              data-chosen={index === chosen}
              title={names[index]}
              // Not on click: that would take the focus away first.
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => choose(at)}
            >
              {names[index]}
            </div>
          ))}
          {found.length === 0 && <p class="seqdream-note">no class has “{typed}” in its name</p>}
        </div>
      )}
    </div>
  );
}
