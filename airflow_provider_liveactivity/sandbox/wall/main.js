/** Put the parts of the wall together. */

import {activityCells} from "./activities.js";
import {byId, choice, count, h, perFrame, plural, say, throttle} from "./dom.js";
import {Feed} from "./feed.js";
import {Filter, mixed} from "./filter.js";
import {Grid} from "./grid.js";
import {Inspector} from "./inspector.js";
import {Mosaic} from "./mosaic.js";
import {faultDrawer, showQuotas} from "./panels.js";
import {cells} from "./phone.js";
import {renderCard} from "./card.js";
import {STATUSES, Store} from "./store.js";
import {followTheme} from "./theme.js";
import {Timeline} from "./timeline.js";

const ONLY = location.pathname.startsWith("/activities/") ? decodeURIComponent(location.pathname.slice("/activities/".length)) : null;
const PHONE_MOST = 24, CARD_MOST = 300;  // phones up to which a level is chosen by itself
const NAMES = {on: "● On", stale: "◌ Stale", ended: "✓ Ended", dismissed: "○ Dismissed"};

const store = new Store(), filter = new Filter(), kinds = cells(store), listKind = activityCells(store);
let zoom = "", level = "", items = [], structure = -1;

const inspector = new Inspector(store, byId("inspector"), () => {
  grid.selected = null;
  refresh();
});
const grid = new Grid("Phones", phone => inspector.showPhone(phone));
const mosaic = new Mosaic(store, phone => inspector.showPhone(phone), hover);
const list = new Grid("Activities", activity => {
  filter.activity = filter.activity === activity ? null : activity;
  list.selected = filter.activity;
  recount();
});
const tip = h("div", {id: "tip", hidden: true});
const timeline = new Timeline(store, byId("track"), byId("legend"), range => {
  filter.brush(range, store.requests);
  byId("brush-clear").hidden = !range;
  recount();
});
const showFaults = faultDrawer(byId("faults"), byId("faults-button"));
byId("stage").append(grid.element, mosaic.element, tip);
byId("activity-list").append(list.element);

/** Decide again which phones are shown, and at which level of zoom. */
function recount() {
  structure = store.structure;
  const {shown, counts, twice} = filter.phones(store);
  items = shown;
  level = zoom || (items.length <= PHONE_MOST ? "phone" : items.length <= CARD_MOST ? "card" : "mosaic");
  grid.element.hidden = level === "mosaic";
  mosaic.element.hidden = level !== "mosaic";
  if (level === "mosaic") mosaic.show(items);
  else grid.show(mixed(items, store), level === "phone" ? kinds.phone(byId("stage"), items.length) : kinds.card);
  showStatuses(counts);
  say(byId("twice"), `⚠ ${plural(twice, "phone")} started twice`);
  byId("twice").hidden = !twice && !filter.twiceOnly;
  byId("twice").setAttribute("aria-pressed", String(filter.twiceOnly));
  showActivities();
  showEmpty();
  showDrawn();
}

const countSoon = throttle(recount, 300);
const refresh = perFrame(() => {
  if (level === "mosaic") mosaic.draw();
  else grid.draw();
  inspector.refresh();
});
const showActivities = throttle(() => {
  const found = filter.activities(store);
  list.show(found, listKind);
  say(byId("activities-count"), count(found.length));
}, 500);
const drawTimeline = throttle(() => timeline.draw(), 200);

function take(events) {
  for (const event of events) {
    if (event.reset) {
      filter.activity = null;
      inspector.close();
      structure = -1;
    }
    store.apply(event);
  }
  if (structure !== store.structure) countSoon();
  refresh();
  showActivities();
  drawTimeline();
  showQuotas(byId("quotas"), store.quotas, store.now());
  showFaults(store.faults);
}

function showStatuses(counts) {
  const host = byId("statuses");
  if (!host.childElementCount) host.append(...STATUSES.map(status => h("button", {type: "button", class: `status ${status}`,
    data: {value: status}, onclick: () => {
      if (!filter.statuses.delete(status)) filter.statuses.add(status);
      recount();
    }})));
  for (const button of host.children) {
    say(button, `${NAMES[button.dataset.value]} ${count(counts[button.dataset.value])}`);
    button.setAttribute("aria-pressed", String(filter.statuses.has(button.dataset.value)));
    button.hidden = !counts[button.dataset.value] && button.dataset.value !== "on";
  }
}

/** Say how many phones there are, and how many of them are not in the picture. */
function showDrawn() {
  const all = store.activities.reduce((sum, activity) => sum + (activity?.counts.phones ?? 0), 0);
  const parts = [plural(all, "phone")];
  if (all > store.phones) parts.push(`${count(all - store.phones)} not loaded: the wall takes ${count(store.maxPhones)}`);
  if (store.phones > items.length) parts.push(`${count(store.phones - items.length)} filtered out`);
  const away = items.length - (level === "mosaic" ? mosaic.inSight : grid.inSight);
  if (away > 0) parts.push(`${count(away)} out of sight`);
  say(byId("drawn"), parts.join(" · "));
}

function showEmpty() {
  const box = byId("empty");
  box.hidden = items.length > 0;
  if (box.hidden) return;
  const nothing = store.phones === 0;
  say(box.querySelector("h2"), nothing ? "No phone shows a Live Activity yet" : "No phone matches");
  say(box.querySelector("p"), nothing ? "Point a connection of Airflow at this sandbox, and start an activity. This is one for Braze:"
    : "Change the search, the vendor, the status or the selected range of time.");
  const connection = {conn_type: "braze", host: location.origin, password: "sandbox-braze-key", extra: {app_id: "sandbox-app"}};
  const pre = box.querySelector("pre");
  pre.hidden = !nothing;
  say(pre, `export AIRFLOW_CONN_BRAZE_DEFAULT='${JSON.stringify(connection, null, 1).replace(/\n\s*/g, " ")}'`);
}

function hover(phone, x, y) {
  tip.hidden = !phone;
  if (!phone) return;
  const now = store.now();
  if (tip.phone !== phone || tip.card !== store.cardOf(phone)) {
    tip.phone = phone;
    tip.card = store.cardOf(phone);
    tip.replaceChildren(renderCard(tip.card, {now, locale: "en-GB"}), h("div", {class: "who"}, phone.user));
  }
  const box = byId("stage").getBoundingClientRect();
  tip.style.left = `${Math.max(8, Math.min(x - box.left + 14, box.width - 340))}px`;
  tip.style.top = `${Math.max(8, y - box.top + 14 + 190 > box.height ? y - box.top - 200 : y - box.top + 14)}px`;
}

choice(byId("vendors"), value => {
  filter.vendor = value;
  recount();
});
choice(byId("zoom"), value => {
  zoom = value;
  recount();
});
byId("search").addEventListener("input", throttle(() => {
  filter.search = byId("search").value.trim();
  recount();
}, 150));
byId("twice").addEventListener("click", () => {
  filter.twiceOnly = !filter.twiceOnly;
  recount();
});
byId("brush-clear").addEventListener("click", () => timeline.clear());
byId("brush-list").addEventListener("click", () => {
  const [from, to] = filter.range ?? [-Infinity, Infinity];
  const chosen = store.requests.filter(r => r.at >= from && r.at <= to && (!filter.vendor || r.vendor === filter.vendor)
    && (!filter.activity || r.activity_id === filter.activity.activity_id));
  inspector.showRequests(chosen, filter.range ? "Selected requests" : "Latest requests");
});
byId("activities-button").addEventListener("click", () => {
  const open = document.body.classList.toggle("show-activities");
  byId("activities-button").setAttribute("aria-expanded", String(open));
});
followTheme(byId("theme"), () => {
  mosaic.recolour();
  timeline.recolour();
});
for (const element of [grid.element, mosaic.element]) element.addEventListener("scroll", throttle(showDrawn, 200));
setInterval(() => {  // ages, the running time line, cards that leave
  if (document.hidden) return;
  if (store.activities.length) countSoon();
  drawTimeline();
}, 1000);

if (ONLY !== null) {
  byId("all").hidden = false;
  document.title = `${ONLY} · Live Activity sandbox`;
}
const feed = new Feed(`/sandbox/events${ONLY === null ? "" : `?${new URLSearchParams({activity_id: ONLY})}`}`, take, (state, requests) => {
  byId("live").dataset.state = state;
  byId("live").setAttribute("aria-pressed", String(state === "live"));
  say(byId("live-text"), {live: "Live", paused: requests ? `Paused, ${plural(requests, "request")} waiting` : "Paused", lost: "No answer"}[state]);
});
byId("live").addEventListener("click", () => feed.pause(!feed.paused));
recount();
