/** The list of activities: vendor, id, phones, last verb, and the requests of the last two minutes. */

import {wordsOf} from "./card.js";
import {count, h, mark, middle, say} from "./dom.js";
import {paper} from "./wallpaper.js";

const BARS = 24, BAR_MS = 5000, HEIGHT = 22;

/** Return the kind of cell that shows an activity. */
export function activityCells(store) {
  return {id: "activity", width: 0, height: 58, gap: 4, make, update: (cell, activity) => update(store, cell, activity)};
}

function make(activity) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), path = document.createElementNS(svg.namespaceURI, "path");
  svg.setAttribute("viewBox", `0 0 ${BARS * 3} ${HEIGHT}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(path);
  const cell = h("div", {class: "activity", data: {vendor: activity.vendor}},
    h("span", {class: "mark", title: activity.vendor}, activity.vendor === "braze" ? "B" : "M"),
    h("span", {class: "id", title: activity.activity_id}, middle(activity.activity_id, 23)), svg,
    h("span", {class: "facts"}));
  return paper(cell, activity);
}

function update(store, cell, activity) {
  const {counts, tally} = activity, parts = [`${count(counts.on)} on`];
  if (counts.stale) parts.push(`${count(counts.stale)} stale`);
  if (counts.ended) parts.push(`${count(counts.ended)} ended`);
  if (counts.dismissed) parts.push(`${count(counts.dismissed)} gone`);
  if (tally.verb) parts.push(tally.verb);
  const text = parts.join(" · ");
  say(cell.querySelector(".facts"), text);
  cell.classList.toggle("alarmed", Boolean(counts.started_twice));
  mark(cell, "aria-label", `${wordsOf(activity.vendor)}, ${activity.activity_id}, ${text}`
    + (counts.started_twice ? `, ${counts.started_twice} started twice` : ""));
  mark(cell.querySelector("path"), "d", sparkline(tally.times, store.now()));
}

function sparkline(times, now) {
  const first = Math.floor(now / BAR_MS) - BARS + 1, bars = new Array(BARS).fill(0);
  let i = times.length - 1;
  for (; i >= 0; i -= 1) {
    const bar = Math.floor(times[i] / BAR_MS) - first;
    if (bar < 0) break;
    bars[Math.min(bar, BARS - 1)] += 1;
  }
  if (i > 1000) times.splice(0, i);  // older than what is drawn
  const most = Math.max(3, ...bars);
  return bars.map((number, n) => {
    const height = number ? Math.max(2, number / most * HEIGHT) : 1;
    return `M${n * 3} ${HEIGHT - height}h2v${height}h-2z`;
  }).join("");
}
