/** The cells of the wall: a whole phone, or the card alone. */

import {labelOf, renderCard, templateOf, updateCard, wordsOf} from "./card.js";
import {h, say} from "./dom.js";
import {paper} from "./wallpaper.js";

const LOCALE = "en-GB";
const GAP = 20;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

/** Return the kinds of cells for a store: phone, in a size for the stage and the number of phones, and card. */
export function cells(store) {
  const phones = new Map();
  const phone = zoom => ({id: "phone", width: 220 * zoom, height: 470 * zoom, gap: GAP, make: item => makePhone(store, item, zoom),
    update: (cell, item) => updateCell(store, cell, item)});
  return {
    phone(stage, number) {
      const zoom = zoomFor(stage, number);
      if (!phones.has(zoom)) phones.set(zoom, phone(zoom));
      return phones.get(zoom);
    },
    card: {id: "card", width: 324, height: 186, gap: 16, make: phone => makeCard(store, phone),
      update: (cell, phone) => updateCell(store, cell, phone)},
  };
}

// Phones shrink until one row is in sight, and grow where one row is all there is.
function zoomFor({clientWidth: width, clientHeight: height}, number) {
  const inRow = Math.max(1, Math.floor((width - GAP) / (0.88 * 220 + GAP)));
  const fit = (height - 2 * GAP) / 470, wide = ((width - GAP) / Math.min(number, inRow) - GAP) / 220;
  const zoom = Math.min(fit, wide, number <= inRow ? 1.4 : 1);
  return Math.max(0.7, Math.floor(zoom * 100) / 100);
}

function makeCard(store, phone) {
  const cell = h("div", {class: "card-cell"}, h("div", {class: "who"}));
  const wallpaper = h("div", {class: "paper"}, h("div", {class: "flash"}));
  cell.prepend(wallpaper);
  return dress(store, cell, phone, wallpaper);
}

function makePhone(store, phone, zoom) {
  const island = h("div", {class: "island"}, h("span", {class: "island-lead"}), h("span", {class: "island-trail"}));
  const screen = h("div", {class: "screen"}, h("div", {class: "flash"}), island, h("div", {class: "date"}), h("div", {class: "clock"}), h("div", {class: "slot"}),
    h("div", {class: "bar"}));
  const frame = h("div", {class: "frame"}, h("div", {class: "phone"}, screen), h("div", {class: "who"}));
  frame.style.zoom = zoom;
  return dress(store, h("div", {class: "phone-cell"}, frame), phone, screen.querySelector(".slot"));
}

function dress(store, cell, phone, slot) {
  paper(cell, phone.activity);
  const card = store.cardOf(phone), now = store.now();
  cell.card = renderCard(card, {now, locale: LOCALE});
  cell.card.removeAttribute("aria-label");  // the cell has it
  slot.append(cell.card);
  return cell;
}

function updateCell(store, cell, phone) {
  const card = store.cardOf(phone), now = store.now(), minute = Math.floor(now / 60_000);
  if (card === cell.shown && minute === cell.minute) return;
  const fresh = cell.shown === undefined;
  if (!fresh) updateCard(cell.card, card, {now, locale: LOCALE});
  cell.card.removeAttribute("aria-label");
  if (!fresh && card.updated_at !== cell.shown.updated_at) light(cell, card.alert);
  cell.shown = card;
  cell.minute = minute;
  cell.dataset.status = card.status;
  cell.setAttribute("aria-label", `${phone.user}. ${labelOf(card, {now, locale: LOCALE})}`);
  say(cell.querySelector(".who"), phone.user);
  const clock = cell.querySelector(".clock");
  if (!clock) return;
  say(clock, new Date(now).toLocaleTimeString(LOCALE, {hour: "2-digit", minute: "2-digit"}));
  say(cell.querySelector(".date"), new Date(now).toLocaleDateString(LOCALE, {weekday: "long", day: "numeric", month: "long"}));
  const [lead, trail] = card.status === "dismissed" ? ["", ""] : islandOf(card);
  say(cell.querySelector(".island-lead"), lead);
  say(cell.querySelector(".island-trail"), trail);
  cell.querySelector(".island").classList.toggle("off", !trail);
}

/** Let a phone light up: long and bright for an alert, briefly for a silent update. */
function light(cell, alert) {
  if (STILL.matches) return;
  cell.querySelector(".flash").animate([{opacity: alert ? 0.5 : 0.22}, {opacity: 0}], {duration: alert ? 1500 : 500, easing: "ease-out"});
}

/** Return what the Dynamic Island shows on the left and on the right. */
function islandOf(card) {
  const view = templateOf(card), short = text => Array.from(String(text)).slice(0, 3).join("").toUpperCase();
  switch (view.template) {
    case "match": return [short(view.sides[0].name), `${view.sides[0].score}–${view.sides[1].score}`];
    case "flight": return [short(view.destination), view.delay ? `+${view.delay}` : "✈"];
    case "delivery": return [short(card.attributes_type || "order"), view.minutes === null || view.done ? "✓" : `${view.minutes}′`];
    default: return [short(wordsOf(card.attributes_type || "LA")), view.figures.length ? String(view.figures[0][1]).slice(0, 6) : "•"];
  }
}
