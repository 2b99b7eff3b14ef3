/** Draw the day: a lane for each activity, with its start, its updates, its end, and how far the end is due. */

import {clock, count, counted, h, live, section, svg} from "./dom.js";

const LANE = 22, TOP = 26, LABEL = 190, RIGHT = 14, PAGE = 30, HOUR = 3600_000;
let shown = PAGE;

/** Return the section; nothing without activities. */
export function drawDay(board) {
  const lanes = [...board.on, ...board.over].filter(one => one.started_at !== null)
    .sort((a, b) => a.started_at.localeCompare(b.started_at)).reverse();
  if (lanes.length === 0) return null;
  const holder = h("div", {class: "scroll day", tabindex: 0, role: "group", "aria-label": "Time line, scrolls sideways"});
  const button = h("button", {class: "more", type: "button"});
  const draw = () => {
    const width = Math.max(640, holder.clientWidth || 960);
    holder.replaceChildren(live(now => picture(lanes.slice(0, shown), width, now)));
    button.hidden = lanes.length <= shown;
    button.textContent = `Show ${count(lanes.length - shown)} more of ${counted(lanes.length, "lane")}`;
  };
  button.addEventListener("click", () => {
    shown += 10 * PAGE;
    draw();
  });
  new ResizeObserver(draw).observe(holder);
  return section("day", "Time line of the day", null, legend(), holder, button);
}

function legend() {
  const mark = (name, text) => h("span", {}, svg("svg", {width: 18, height: 12, "aria-hidden": true}, ...sample(name)), text);
  return h("p", {class: "legend muted"},
    mark("on", "on"), mark("update", "update"), mark("end", "end"), mark("due", "until its end"), mark("late", "overdue"));
}

function sample(name) {
  if (name === "update") return [svg("path", {class: "update", d: "M9 1V11"})];
  if (name === "end") return [svg("path", {class: "end", d: "M9 1V11"}), svg("circle", {class: "end", cx: 9, cy: 6, r: 3})];
  return [svg("rect", {class: name, x: 0, y: 2, width: 18, height: 8, rx: 3})];
}

function picture(lanes, width, now) {
  const starts = lanes.map(one => Date.parse(one.started_at));
  const ends = lanes.map(one => Math.max(Date.parse(one.end_time ?? 0) || 0, Date.parse(one.ended_at ?? 0) || 0));
  const from = Math.floor(Math.min(...starts, now - HOUR) / HOUR) * HOUR;
  const to = Math.min(Math.max(...ends, now.getTime() + HOUR / 2), now.getTime() + 8 * HOUR);
  const label = width < 760 ? 120 : LABEL;
  const x = at => label + (Math.max(from, Math.min(to, at)) - from) / (to - from) * (width - label - RIGHT);
  const height = TOP + lanes.length * LANE + 6;
  return svg("svg", {class: "lanes", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words(lanes)},
    grid(from, to, x, height), lanes.map((one, index) => lane(one, TOP + index * LANE, x, now, label)),
    svg("path", {class: "now", d: `M${x(now)} ${TOP - 8}V${height}`}),
    svg("text", {class: "now", x: x(now), y: 12, "text-anchor": "middle"}, "now"));
}

function words(lanes) {
  const late = lanes.filter(one => one.is_overdue).length;
  return `Time line of ${counted(lanes.length, "lane")}, ${count(late)} overdue. The tables have the same moments.`;
}

function grid(from, to, x, height) {
  const step = Math.max(1, Math.ceil((to - from) / HOUR / 10)) * HOUR;
  const lines = [];
  for (let at = from; at <= to; at += step) {
    lines.push(svg("path", {class: "hour", d: `M${x(at)} ${TOP - 6}V${height}`}),
      svg("text", {class: "hour", x: x(at) + 3, y: 12}, clock(at, new Date(at))));
  }
  return lines;
}

function lane(one, y, x, now, label) {
  const start = Date.parse(one.started_at);
  const over = one.status === "ended" || one.status === "dismissed";
  const last = one.ended_at ?? (over ? one.lives_until ?? one.updated_at : null);
  const until = Math.min(last ? Date.parse(last) : now.getTime(), now.getTime());
  const due = one.end_time ? Date.parse(one.end_time) : null;
  const bar = (name, a, b) => svg("rect", {class: name, x: x(a), y: y + 5, width: Math.max(2, x(b) - x(a)), height: LANE - 10, rx: 3});
  const marks = one.events.filter(([, verb]) => verb !== "start").map(([at, verb]) => mark(verb, x(Date.parse(at)), y));
  const chars = Math.floor(label / 7);
  const name = one.activity_id.length > chars ? `${one.activity_id.slice(0, chars - 8)}…${one.activity_id.slice(-6)}` : one.activity_id;
  return svg("g", {class: "lane"},
    svg("title", {}, `${one.activity_id}: ${clock(one.started_at, now)} to ${last ? clock(last, now) : "now"}, ${counted(one.updates, "update")}`),
    svg("text", {class: one.is_overdue ? "label bad" : "label", x: 4, y: y + 15}, name),
    !over && due !== null && due > now ? bar("due", now.getTime(), due) : null,
    bar(over ? "over" : "on", start, until),
    one.is_overdue ? bar("late", due, now.getTime()) : null,
    ...marks);
}

function mark(verb, x, y) {
  const middle = y + LANE / 2;
  if (verb === "update") return svg("path", {class: "update", d: `M${x} ${y + 4}V${y + LANE - 4}`});
  return svg("g", {class: "end"},
    svg("path", {class: "end", d: `M${x} ${y + 3}V${y + LANE - 3}`}), svg("circle", {class: "end", cx: x, cy: middle, r: 3}));
}
