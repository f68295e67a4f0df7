// The metrics explorer: pick series, zoom, compare with yesterday, see what happened when.

import "../styles/explore.css";

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { kOffsets, kRanges, moveWindow, type Window, zoomOf } from "../lib/explore";
import { formatMoment, signalInfo } from "../lib/format";
import { Await, others } from "../rooms/shared";
import { now } from "../state/clock";
import { timelineView } from "../state/prefs";
import { Button, Empty, kChartOrTable, PageHead, Section, Segmented } from "../ui/parts";
import { type Happening, readHappenings } from "./marks";
import { SeriesPanel } from "./panel";
import { compare, keyOf, kMostSeries, names, partsOf, picked, range, windowAt, zoom } from "./state";

/** Marks listed below the charts. Chosen. */
const kListed = 20;

/** "CPU" or "CPU of macro:dance". */
export function titleOf(key: string): string {
  const [name, subject] = partsOf(key);
  const { label } = signalInfo(name);
  return subject === "" ? label : `${label} of ${subject}`;
}

function Picker({ known }: { known: readonly string[] }): JSX.Element {
  const free = known.filter((key) => !picked.value.includes(key));
  const full = picked.value.length >= kMostSeries;
  return (
    <div class="field picker">
      <label for="add-series">Add a series</label>
      <select
        id="add-series"
        value=""
        disabled={full || free.length === 0}
        onChange={(event) => {
          const key = event.currentTarget.value;
          if (key !== "") picked.value = [...picked.value, key];
          event.currentTarget.value = "";
        }}
      >
        <option value="">{full ? `At most ${kMostSeries} at a time` : "Choose…"}</option>
        {free.map((key) => (
          <option key={key} value={key}>
            {titleOf(key)}
          </option>
        ))}
      </select>
    </div>
  );
}

const kMoves = [
  { how: "earlier", label: "Earlier", icon: "back" },
  { how: "closer", label: "Closer", icon: "search" },
  { how: "later", label: "Later", icon: "next" },
] as const;

function Controls({ window, onRefresh }: { window: Window; onRefresh: () => void }): JSX.Element {
  return (
    <div class="explore-controls">
      <Segmented
        label="How far back"
        value={zoom.value ? "" : range.value}
        options={kRanges}
        onChange={(value) => {
          zoom.value = null;
          range.value = value;
          onRefresh();
        }}
      />
      <label class="inline-choice">
        <span>Compare with</span>
        <select
          value={String(compare.value)}
          onChange={(event) => {
            compare.value = Number(event.currentTarget.value);
          }}
        >
          {kOffsets.map(({ ms, label }) => (
            <option key={ms} value={String(ms)}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <span class="actions">
        {kMoves.map(({ how, label, icon }) => (
          <Button
            key={how}
            icon={icon}
            onClick={() => {
              zoom.value = moveWindow(window, how, Date.now());
            }}
          >
            {label}
          </Button>
        ))}
      </span>
      {zoom.value && (
        <Button
          icon="refresh"
          onClick={() => {
            zoom.value = null;
            onRefresh();
          }}
        >
          Whole range
        </Button>
      )}
    </div>
  );
}

/** The marks of the charts as a list, with what they lead to. */
function Happened({ items }: { items: readonly Happening[] }): JSX.Element | null {
  if (items.length === 0) return null;
  return (
    <Section title="What happened" id="happened" note="In the time that the charts show, newest first.">
      <ul class="rows">
        {items.slice(0, kListed).map((one) => (
          <li key={`${one.at}${one.href}`}>
            <a class="row" href={one.href}>
              <span class={`inline-word tone-${one.kind === "cancelled" ? "bad" : "info"}`} aria-hidden="true">
                {one.kind === "cancelled" ? "▼" : "■"}
              </span>
              <span class="row-main">
                <span class="row-title">{one.label}</span>{" "}
                <span class="row-text">{one.detail}</span>
              </span>
              <span class="row-text num">{formatMoment(new Date(one.at).toISOString(), now.value)}</span>
            </a>
          </li>
        ))}
      </ul>
      {items.length > kListed && <p class="body-text hint">{others(items.length - kListed, "mark")}</p>}
    </Section>
  );
}

export function ExplorePage(): JSX.Element {
  const [at, setAt] = useState(() => Date.now());
  const refresh = (): void => {
    setAt(Date.now());
    void names.read();
  };
  useEffect(refresh, []);
  const window = windowAt(at);
  const [happenings, setHappenings] = useState<readonly Happening[]>([]);
  useEffect(() => {
    let wanted = true;
    void readHappenings(window).then((found) => wanted && setHappenings(found));
    return () => {
      wanted = false;
    };
  }, [window.from, window.to]);
  return (
    <div class="page">
      <PageHead title="Metrics" lead="Drag over a chart to look closer.">
        <Segmented
          label="How to show it"
          value={timelineView.value}
          options={kChartOrTable}
          onChange={(value) => {
            timelineView.value = value;
          }}
        />
        <Button icon="refresh" onClick={refresh}>
          Read again
        </Button>
      </PageHead>
      <Await of={names} what="the series" scope="metrics:read">
        {(items) => (
          <>
            <Controls window={window} onRefresh={refresh} />
            {picked.value.length === 0 && (
              <Empty icon="chart" title="No series is picked">
                <p>Add one below. A game's and a macro's series come with their first samples.</p>
              </Empty>
            )}
            {picked.value.map((key) => (
              <SeriesPanel
                key={key}
                id={key}
                title={titleOf(key)}
                window={window}
                offsetMs={compare.value}
                happenings={happenings}
                onZoom={(from, to) => {
                  const next = zoomOf(window, from, to);
                  if (next) zoom.value = next;
                }}
                onRemove={() => {
                  picked.value = picked.value.filter((other) => other !== key);
                }}
              />
            ))}
            <Happened items={happenings} />
            <Picker known={items.map(({ name, subject }) => keyOf(name, subject))} />
          </>
        )}
      </Await>
    </div>
  );
}
