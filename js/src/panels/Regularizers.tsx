/** A row for each regularizer: on or off, how much, and what it does right now. */

import { Fragment } from "preact";
import { useRef } from "preact/hooks";
import { termColour } from "../chart/theme";
import { figure } from "../format";
import { newest } from "../history";
import type { Regularizer } from "../protocol";
import type { View } from "../view";
import { useDraft } from "./draft";
import { Slider } from "./Slider";

/** In this order; others behind. */
const GROUPS = ["penalty", "projection", "gradient", "transform"];

interface Props {
  readonly view: View;
}

export function Regularizers({ view }: Props) {
  const regularizers = view.store.settings.value?.regularizers ?? [];
  // Whoever adds one goes on with its row.
  const added = useRef("");
  if (regularizers.length === 0) return null;
  return (
    <section class="seqdream-panel" aria-label="Regularizers">
      <h3>Regularizers</h3>
      {[...new Set([...GROUPS, ...regularizers.map(({ group }) => group)])].map((group) => {
        const peers = regularizers.filter((one) => one.group === group);
        const offered = peers.filter(({ present }) => !present);
        return (
          peers.length > 0 && (
            <Fragment key={group}>
              {offered.length > 0 ? (
                <Offer view={view} group={group} offered={offered} added={added} />
              ) : (
                <h4>{group}</h4>
              )}
              {peers.map(
                (regularizer) =>
                  regularizer.present && (
                    <Row
                      key={regularizer.name}
                      view={view}
                      regularizer={regularizer}
                      position={regularizers.indexOf(regularizer)}
                      peers={peers}
                      added={added}
                    />
                  ),
              )}
            </Fragment>
          )
        );
      })}
    </section>
  );
}

interface OfferProps extends Props {
  readonly group: string;
  readonly offered: readonly Regularizer[];
  readonly added: { current: string };
}

/** The heading of a group; it opens on what the run does not have yet. */
function Offer({ view, group, offered, added }: OfferProps) {
  return (
    <details class="seqdream-offer">
      <summary>
        <h4>{group}</h4>
        <span class="seqdream-add">add</span>
      </summary>
      <div class="seqdream-pills">
        {offered.map(({ name, label, description }) => (
          <button
            key={name}
            type="button"
            class="seqdream-pill"
            title={description}
            onClick={() => {
              added.current = name;
              const command = { type: "set_regularizer", name, enabled: true } as const;
              void view.store.command({ ...command, parameters: {} });
            }}
          >
            {label}
          </button>
        ))}
      </div>
    </details>
  );
}

interface RowProps extends Props {
  readonly added: { current: string };
  readonly regularizer: Regularizer;
  readonly position: number;
  readonly peers: readonly Regularizer[];
}

function Row({ view, regularizer, position, peers, added }: RowProps) {
  const { name, label, description } = regularizer;
  const { shown: isOn, settle } = useDraft(regularizer.enabled);
  const parameter = regularizer.parameters.find((one) => one.name === regularizer.slider);
  const toggle = () => {
    const enabled = !isOn;
    const command = { type: "set_regularizer", name, enabled, parameters: {} } as const;
    settle(enabled, view.store.command(command));
  };
  return (
    <div class="seqdream-row" data-enabled={isOn}>
      <button
        ref={(toggle) => {
          if (toggle === null || added.current !== name) return;
          added.current = "";
          toggle.focus();
        }}
        type="button"
        role="switch"
        class="seqdream-switch"
        aria-label={label}
        aria-checked={isOn}
        onClick={toggle}
      />
      <span class="seqdream-label" title={description}>
        {label}
      </span>
      <Live view={view} regularizer={regularizer} isOn={isOn} position={position} peers={peers} />
      {parameter !== undefined && (
        <Slider
          key={parameter.name}
          label={`${label} ${parameter.label}`}
          parameter={parameter}
          onChange={(value) => {
            const parameters = { [parameter.name]: value };
            return view.store.command({ type: "set_regularizer", name, enabled: null, parameters });
          }}
        />
      )}
    </div>
  );
}

interface LiveProps extends Omit<RowProps, "added"> {
  readonly isOn: boolean;
}

/** The term's own value, and as a bar its share of the terms of its kind: others have other units. */
function Live({ view, regularizer, isOn, position, peers }: LiveProps) {
  const history = view.store.history.value;
  const size = (name: string) => Math.abs(newest(history, name)) || 0;
  const total = peers.reduce((sum, peer) => sum + (peer.enabled ? size(peer.name) : 0), 0);
  const value = newest(history, regularizer.name);
  const part = isOn && total > 0 ? size(regularizer.name) / total : 0;
  // Some act on the sequence without a value of their own.
  const isMeasured = isOn && Number.isFinite(value);
  const hasBegun = history.steps.length > 0;
  const words = isMeasured ? figure(value) : isOn && hasBegun ? "on" : "–";
  const colour = `var(--sd-${termColour(position)})`;
  return (
    <>
      {isMeasured && (
        <span class="seqdream-share" title="Share of all terms of its kind" aria-hidden="true">
          <span style={{ width: `${100 * part}%`, background: colour }} />
        </span>
      )}
      <span class="seqdream-figure seqdream-term-value" data-name={regularizer.name}>
        {words}
      </span>
    </>
  );
}
