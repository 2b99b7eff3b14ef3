/** Load the board again and again, and draw the sections that have changed. */

import {fetchBoard, isTab} from "./airflow.js";
import {drawCards} from "./cards.js";
import {ago, count, counted, h, tick, tickMinute} from "./dom.js";
import {drawAttention, drawComing, drawOver, drawSending, drawSyncs} from "./tables.js";
import {followAirflow} from "./theme.js";
import {drawDay} from "./timeline.js";

const SHORTEST_PAUSE = 5_000;
/** A slow answer means much data: the board then asks less often, so that it never keeps the server busy. */
const PAUSE_PER_ANSWER = 20;
const SECTIONS = [
  ["attention", drawAttention, board => board.attention],
  ["on", drawCards, board => [board.on, board.actions]],
  ["sending", drawSending, board => board.sending],
  ["coming", drawComing, board => board.coming],
  ["day", drawDay, board => [board.on, board.over]],
  ["syncs", drawSyncs, board => board.syncs],
  ["over", drawOver, board => board.over],
];

const byId = id => document.getElementById(id);
const drawn = new Map();
let board = null;
let timer = null;

function startOfDay() {
  const day = new Date();
  day.setHours(0, 0, 0, 0);
  // Just after midnight a night match still belongs to the picture.
  return new Date(Math.min(day, Date.now() - 6 * 3600_000));
}

async function load() {
  clearTimeout(timer);
  const asked = performance.now();
  try {
    board = await fetchBoard(startOfDay());
    byId("error").hidden = true;
    byId("freshness").replaceChildren(ago(new Date().toISOString(), "Read "));
    draw();
  } catch (error) {
    byId("error").textContent = error.message;
    byId("error").hidden = false;
  }
  const pause = Math.max(SHORTEST_PAUSE, PAUSE_PER_ANSWER * (performance.now() - asked));
  timer = setTimeout(() => (document.hidden ? null : load()), pause);
}

function draw() {
  const wanted = filtered(board, byId("search").value.trim().toLowerCase());
  const context = {now: new Date(board.now), since: new Date(board.since), isTab: isTab(), all: board, reload: load};
  for (const [name, render, part] of SECTIONS) {
    const key = JSON.stringify(part(wanted));
    if (drawn.get(name)?.key === key) continue;
    const element = render(wanted, context) ?? h("div", {hidden: true});
    element.dataset.section = name;
    const old = drawn.get(name)?.element;
    if (old === undefined) byId("board").append(element);
    else if (old !== element) old.replaceWith(element);
    drawn.set(name, {key, element});
  }
  byId("summary").textContent = summary(board);
  byId("board").setAttribute("aria-busy", "false");
}

function filtered(all, text) {
  if (text === "") return all;
  const fits = one => [one.activity_id, one.dag_id, one.run_id, one.run_by, one.attributes_type, one.vendor]
    .some(value => value?.toLowerCase().includes(text));
  const lists = ["attention", "on", "sending", "coming", "syncs", "over"];
  return {...all, ...Object.fromEntries(lists.map(name => [name, all[name].filter(fits)]))};
}

function summary(all) {
  const people = all.on.reduce((sum, one) => sum + one.people.accepted, 0);
  const parts = [`${counted(all.on.length, "activity").replace("activitys", "activities")} on`];
  if (people) parts.push(`${count(people)} accepted`);
  if (all.sending.length) parts.push(`${count(all.sending.length)} sending`);
  if (!all.is_complete) parts.push("only the newest 50,000 tasks are read");
  return parts.join(" · ");
}

followAirflow();
byId("board").setAttribute("aria-busy", "true");
byId("search").addEventListener("input", () => board && draw());
document.addEventListener("visibilitychange", () => document.hidden || load());
setInterval(() => tick(Date.now()), 1_000);
setInterval(() => tickMinute(new Date()), 60_000);
load();
