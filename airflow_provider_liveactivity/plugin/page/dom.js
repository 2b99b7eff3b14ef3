/** Build elements, and put numbers and times into words. Text from users becomes text nodes, never markup. */

const SVG = "http://www.w3.org/2000/svg";

/** Return an element with attributes, listeners (onclick: function) and children; null children are left out. */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Return an SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** Return a whole number with separators. */
export const count = number => new Intl.NumberFormat().format(number ?? 0);

/** Return a number with its noun: "1 update", "2,000 updates". */
export const counted = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

/** Return the time of day, with the date unless it is today. */
export function clock(text, now = new Date()) {
  const at = new Date(text);
  const time = at.toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"});
  if (at.toDateString() === now.toDateString()) return time;
  return `${at.toLocaleDateString([], {weekday: "short", day: "numeric"})} ${time}`;
}

/** Return a length of time in its largest units: "45 s", "12 min", "1 h 5 min". */
export function span(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest ? `${Math.floor(minutes / 60)} h ${rest} min` : `${minutes / 60} h`;
}

/** Return a <time> that says how long ago a moment was; tick() keeps it true. */
export function ago(text, before = "", after = " ago") {
  const element = h("time", {datetime: text, title: new Date(text).toLocaleString(), "data-before": before, "data-after": after});
  say(element, Date.now());
  return element;
}

const drawings = new Map();

/** Return an element whose content a function of the present draws; tickMinute() draws it again. */
export function live(draw) {
  const element = h("span", {class: "live"}, draw(new Date()));
  drawings.set(element, draw);
  return element;
}

/** Bring all times of ago() up to date. */
export function tick(now) {
  for (const element of document.querySelectorAll("time[data-after]")) say(element, now);
}

/** Draw what live() has returned, and forget what has left the page. */
export function tickMinute(now) {
  for (const [element, draw] of drawings) {
    if (element.isConnected) element.replaceChildren(draw(now));
    else drawings.delete(element);
  }
}

function say(element, now) {
  const {before, after} = element.dataset;
  element.textContent = `${before}${span(Math.abs(now - Date.parse(element.dateTime)))}${after}`;
}

/** Return a long id with its middle left out; the whole id is the title. */
export function shortId(id, length = 34) {
  const text = id ?? "–";
  const half = Math.floor((length - 1) / 2);
  const shown = text.length > length ? `${text.slice(0, half)}…${text.slice(-half)}` : text;
  return h("span", {class: "id", title: text}, shown);
}

/** Return a section with a heading, and a number behind it. */
export function section(id, title, number, ...children) {
  const badge = number === null ? null : h("span", {class: "badge"}, count(number));
  return h("section", {id, "aria-labelledby": `${id}-title`}, h("h2", {id: `${id}-title`}, title, badge), ...children);
}

/** Return a sentence for a section with nothing in it: what it means, and what to do. */
export const empty = (...text) => h("p", {class: "empty"}, ...text);
