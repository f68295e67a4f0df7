// The metrics explorer: pick series, zoom, compare with yesterday, see what happened when.

import "../styles/explore.css";

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { kRanges, zoomOf } from "../lib/explore";
import { signalInfo } from "../lib/format";
import { Await } from "../rooms/shared";
import { timelineView } from "../state/prefs";
import { Button, Empty, kChartOrTable, PageHead, Segmented } from "../ui/parts";
import { SeriesPanel } from "./panel";
import { compare, keyOf, kMostSeries, names, partsOf, picked, range, windowAt, zoom } from "./state";

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

function Controls({ onRefresh }: { onRefresh: () => void }): JSX.Element {
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
      <label class="check-row">
        <input
          type="checkbox"
          checked={compare.value}
          onChange={(event) => {
            compare.value = event.currentTarget.checked;
          }}
        />
        <span>Compare with the day before</span>
      </label>
      {zoom.value && (
        <Button
          icon="back"
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

export function ExplorePage(): JSX.Element {
  const [at, setAt] = useState(() => Date.now());
  const refresh = (): void => {
    setAt(Date.now());
    void names.read();
  };
  useEffect(refresh, []);
  const window = windowAt(at);
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
            <Controls onRefresh={refresh} />
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
                withBefore={compare.value}
                onZoom={(from, to) => {
                  const next = zoomOf(window, from, to);
                  if (next) zoom.value = next;
                }}
                onRemove={() => {
                  picked.value = picked.value.filter((other) => other !== key);
                }}
              />
            ))}
            <Picker known={items.map(({ name, subject }) => keyOf(name, subject))} />
          </>
        )}
      </Await>
    </div>
  );
}
