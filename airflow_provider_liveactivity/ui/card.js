/**
 * Draw the lock-screen card of a Live Activity. Use it with card.css; it needs nothing else and loads nothing.
 *
 * An activity is a plain object: vendor, activity_id, attributes_type, attributes, content_state,
 * alert (text or {title, body}, null for a silent update), status (starting, on, stale, ended, dismissed),
 * cards (2 if it was started twice), started_at, updated_at, stale_date, ended_at, dismissal_at (ISO-8601 texts).
 *
 * Ids and contents come from strangers: they enter the page as text nodes only.
 */

const SIDES = [["home", "away"], ["host", "guest"], ["a", "b"], ["1", "2"], ["first", "second"]];
const TEAM_WORDS = new Set(["team", "name", "club", "side", "player", "score", "goals", "points", "runs", "sets"]);
const NOISE = new Set(["airport", "code", "city", "iata", "name", "text", "label", "current", "at", "time"]);
const PHASES = ["phase", "period", "status", "stage", "state", "step", "half", "quarter"];
const STAGES = [/order|placed|received|confirm|accept|pending/i, /prepar|cook|kitchen|pack|baking|processing|ready/i,
  /picked|way|transit|courier|shipp|out for|nearby|driv|rid|left|arriving/i, /delivered|arrived|complete|handed|done|collected/i];
const OVER = /cancel|fail|refus|return/i;
const FLIGHT_PROGRESS = [[/land|arriv|bag/i, 1], [/descen|approach/i, 0.85], [/air|flight|route|cruis/i, 0.5],
  [/depart|take|taxi/i, 0.1], [/board|gate|sched|delay|check|final|cancel/i, 0]];
const ALERT_SECONDS = 4;
const DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;
const ICONS = {
  plane: "M21 15.6v-1.9l-8-5V3.3a1.5 1.5 0 0 0-3 0v5.4l-8 5v1.9l8-2.4v5.2l-2 1.5v1.5l3.5-1 3.5 1v-1.5l-2-1.5v-5.2z",
  check: "M9.2 16.6 4.8 12.2l-1.5 1.5 5.9 5.9L21 7.8l-1.5-1.5z",
  clock: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20m0 18a8 8 0 1 1 0-16 8 8 0 0 1 0 16m.8-13h-1.6v5.6l4.6 2.7.8-1.3-3.8-2.2z",
  warning: "M12 2.5 1 21.5h22zm1 15.5h-2v-2h2zm0-4h-2V9h2z",
};
const shown = new WeakMap();

/** Return the card of an activity. options: now (a moment, default the present), locale (of numbers and times). */
export function renderCard(activity, options = {}) {
  const root = h("article", "la-card");
  fill(root, activity, options);
  root.append(...parts(activity, options));
  return root;
}

/** Bring a card up to date: numbers that change fade over, an update with an alert opens the card for 4 s. */
export function updateCard(root, activity, options = {}) {
  const before = shown.get(root);
  fill(root, activity, options);
  patchChildren(root, parts(activity, options));
  if (before && activity.alert && activity.updated_at !== before.updated_at) openForAlert(root);
}

/** Return which template fits an activity and what it shows: {template: match | flight | delivery | default, …}. */
export function templateOf(activity) {
  const fields = [...flat(activity.content_state), ...flat(activity.attributes)];
  const found = match(fields) ?? flight(fields, activity) ?? delivery(fields) ?? general(activity);
  return found.template === "default" ? found : {...found, rest: fields.filter(f => !f.used).map(f => [f.label, f.value])};
}

/** Return a hue of 0 to 359 for a text: the same for the same text. */
export function hueOf(text) {
  let hash = 2166136261;
  for (const char of String(text)) hash = Math.imul(hash ^ char.codePointAt(0), 16777619);
  return (hash >>> 0) % 360;
}

/** Return words for a name in camelCase or snake_case. */
export function wordsOf(name) {
  const text = split(name).join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const split = name => String(name).replace(/(\p{Ll}|\d)(\p{Lu})/gu, "$1 $2").replace(/(\p{L})(\d)/gu, "$1 $2")
  .split(/[^\p{L}\d]+/u).filter(Boolean).map(word => /^\p{Lu}{2,}$/u.test(word) ? word : word.toLowerCase());
const isObject = value => value !== null && typeof value === "object" && !Array.isArray(value);
const isNumber = value => typeof value === "number" || (typeof value === "string" && /^\d{1,3}$/.test(value));
const isText = value => typeof value === "string" && value !== "" && !DATE.test(value) && !isNumber(value);
function flat(object, prefix = "") {
  return Object.entries(object ?? {}).flatMap(([key, value]) => {
    const name = prefix ? `${prefix} ${key}` : key;
    if (isObject(value) && !prefix) return flat(value, key);
    return [{words: split(name).map(w => w.toLowerCase()), label: wordsOf(name), value, used: false}];
  });
}
function use(...fields) {
  fields.forEach(field => { if (field) field.used = true; });
  return fields[0]?.value;
}
function pair(fields, fits) {
  for (const sides of SIDES) {
    const found = sides.map(side => fields.find(f => !f.used && fits(f.value) && f.words.includes(side)
      && f.words.every(word => word === side || TEAM_WORDS.has(word))));
    if (found[0] && found[1]) return found;
  }
  return null;
}
const bare = field => field.words.filter(word => !NOISE.has(word)).join("");
const one = (fields, names, fits) => names
  .map(name => fields.find(f => !f.used && fits(f.value) && bare(f) === name)).find(Boolean);

function match(fields) {
  const scores = pair(fields, isNumber);
  const names = scores && pair(fields, isText);
  if (!names) return null;
  use(...scores, ...names);
  const sides = names.map((name, i) => ({name: name.value, score: Number(scores[i].value)}));
  const minute = use(one(fields, ["minute", "min", "clock", "matchminute", "gameclock"], v => isNumber(v) || isText(v)));
  return {template: "match", sides, phase: use(one(fields, PHASES, isText)) ?? null,
    minute: minute === undefined ? null : isNumber(minute) ? `${minute}′` : minute};
}

function flight(fields, {attributes_type: type}) {
  const from = one(fields, ["origin", "from", "departure", "dep"], isText);
  const to = one(fields, ["destination", "dest", "to", "arrival", "arr"], isText);
  if (!from || !to) return null;
  const about = [type ?? "", ...fields.flatMap(f => f.words)].join(" ");
  if (!/flight|airline|gate|airport/i.test(about) && ![from, to].every(f => /^[A-Z]{3,4}$/.test(f.value))) return null;
  use(from, to);
  const moment = names => momentOf(use(one(fields, names, v => momentOf(v) !== null)));
  const delay = use(one(fields, ["delay", "delayminutes", "delaymin"], v => typeof v === "number"));
  return {template: "flight", origin: from.value, destination: to.value, delay: delay ?? null,
    status: use(one(fields, PHASES, isText)) ?? null, number: use(one(fields, ["flight", "flightnumber", "number"], isText)) ?? null,
    departs: moment(["departs", "departure", "takeoff", "etd", "std"]), arrives: moment(["arrives", "arrival", "lands", "eta", "sta"])};
}

function delivery(fields) {
  const status = one(fields, PHASES, isText);
  if (!status) return null;
  const minutes = one(fields, ["minutes", "minutesleft", "minutesremaining", "etaminutes", "eta", "remainingminutes"],
    v => isNumber(v) || momentOf(v) !== null);
  const [step, steps] = [["step", "stepnumber", "stageindex"], ["steps", "stepcount", "totalsteps", "stages"]]
    .map(names => one(fields, names, isNumber));
  const stage = STAGES.findLastIndex(words => words.test(status.value));
  if (!minutes && !(step && steps)) return null;
  use(status, minutes);
  if (step && steps) use(step, steps);
  const bar = step && steps ? [Number(step.value), Number(steps.value)] : [stage + 1, STAGES.length];
  return {template: "delivery", status: status.value, minutes: isNumber(minutes?.value) ? Number(minutes.value) : null,
    eta: momentOf(minutes?.value), step: Math.min(bar[0], bar[1]), steps: Math.min(bar[1], 12),
    done: bar[0] >= bar[1], cancelled: OVER.test(status.value)};
}

function general({content_state, attributes}) {
  const entries = [...Object.entries(content_state ?? {}), ...Object.entries(attributes ?? {})];
  const headline = entries.find(([, value]) => isText(value)) ?? null;
  const progress = entries.find(([key, v]) => /progress|percent|completion/i.test(key) && typeof v === "number" && v >= 0 && v <= 100);
  const figures = entries.filter(e => e !== progress && typeof e[1] === "number").slice(0, headline ? 2 : 3);
  return {template: "default", headline, figures, progress: progress ? progress[1] / (progress[1] > 1 ? 100 : 1) : null,
    rest: entries.filter(e => e !== headline && e !== progress && !figures.includes(e))};
}
function momentOf(value) {
  if (typeof value === "string" && DATE.test(value)) return Date.parse(value) || null;
  return typeof value === "number" && value > 1e9 && value < 1e11 ? value * 1000 : null;  // seconds since 1970
}

function h(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}
function icon(name) {
  const [svg, path] = ["svg", "path"].map(tag => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `la-icon la-${name}`);
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function fill(root, activity, options) {
  root.dataset.status = activity.status;
  root.classList.toggle("la-twice", (activity.cards ?? 1) > 1);
  if (!shown.has(root)) root.style.setProperty("--la-hue", hueOf(activity.attributes_type || activity.activity_id));
  root.setAttribute("aria-label", labelOf(activity, options));
  shown.set(root, activity);
}

/** Return one sentence about the card, for a screen reader. */
export function labelOf(activity, options = {}) {
  const view = templateOf(activity), text = {
    match: v => `${v.sides.map(side => `${side.name} ${side.score}`).join(", ")}${v.phase ? `, ${v.phase}` : ""}`,
    flight: v => `${v.number ?? "Flight"} from ${v.origin} to ${v.destination}${v.status ? `, ${v.status}` : ""}`,
    delivery: v => `${v.status}${v.minutes === null || v.done ? "" : `, ${v.minutes} minutes`}`,
    default: v => v.headline ? String(v.headline[1]) : activity.activity_id,
  }[view.template](view);
  const state = stateOf(activity, options)[1] || activity.status;
  return `${appOf(activity)}: ${text}, ${state}${activity.cards > 1 ? `, started twice: ${activity.cards} cards` : ""}`;
}
const appOf = activity => wordsOf(String(activity.attributes_type || "").replace(/(Live)?(Activity)?Attributes$/, "")) || "Live Activity";
const clock = (moment, {locale}) => moment
  ? new Date(moment).toLocaleTimeString(locale, {hour: "2-digit", minute: "2-digit"}) : "";
function stateOf(activity, options) {
  const at = (words, moment) => moment ? `${words} ${clock(moment, options)}` : words;
  return {stale: ["clock", at(activity.stale_date ? "Stale since" : "Stale", activity.stale_date)],
    ended: ["check", at("Ended", activity.ended_at)],
    dismissed: ["check", at("Dismissed", activity.dismissal_at)]}[activity.status] ?? [null, ""];
}
function age({updated_at, started_at}, {now = Date.now(), locale}) {
  const since = updated_at ?? started_at, minutes = since ? Math.floor((new Date(now) - Date.parse(since)) / 60_000) : 0;
  return minutes < 1 ? "now" : minutes < 60 ? `${minutes} min ago` : clock(since, {locale});
}

function valueOf(value, options) {
  if (value === null) return h("span", "la-null", icon("warning"), "null");
  if (typeof value === "number") return h("span", "la-num", value.toLocaleString(options.locale, {maximumFractionDigits: 2}));
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (momentOf(value)) return clock(value, options);
  if (Array.isArray(value)) return value.every(v => !v || typeof v !== "object") ? value.join(", ") : `${value.length} items`;
  return isObject(value) ? Object.entries(value).map(([k, v]) => `${wordsOf(k)} ${isObject(v) ? "{…}" : v}`).join(", ") : String(value);
}

function parts(activity, options) {
  const view = templateOf(activity), [stateIcon, state] = stateOf(activity, options);
  const alert = typeof activity.alert === "string" ? {body: activity.alert} : activity.alert;
  const title = alert?.title && h("strong", "", textOf(alert.title), " ");
  return [
    h("div", "la-app", h("span", "la-mark", appOf(activity).charAt(0)), h("span", "la-name", appOf(activity)),
      h("span", "la-state", stateIcon && icon(stateIcon), state || age(activity, options))),
    activity.cards > 1 ? h("div", "la-warning", icon("warning"), `Started twice: ${activity.cards} cards`) : null,
    h("div", `la-body la-${view.template}`, ...DRAW[view.template](view, options, Boolean(alert))),
    view.template === "default" ? null : facts(view.rest, options, 3),
    alert ? h("p", "la-alert", title, h("span", "", textOf(alert.body))) : null,
  ].filter(Boolean);
}
const textOf = value => typeof value === "object" && value ? JSON.stringify(value) : String(value ?? "");
// What does not fit is counted, never cut silently.
function facts(rest, options, most, kind = "la-row") {
  const shownFacts = rest.length > most ? rest.slice(0, Math.max(most - 1, 0)) : rest, left = rest.length - shownFacts.length;
  const fact = ([key, value]) => h("div", isObject(value) ? "la-nested" : "",
    h("dt", "", wordsOf(key)), h("dd", "", valueOf(value, options)));
  const more = left ? h("div", "la-more", h("dt", "", "and"), h("dd", "", `${left} more`)) : null;
  return rest.length ? h("dl", `la-facts ${kind}`, ...shownFacts.map(fact), more) : null;
}

const DRAW = {
  match({sides, phase, minute}) {
    const side = ({name}) => {
      const words = name.trim().split(/\s+/), letters = words.length > 1 ? words.map(word => Array.from(word)[0]) : Array.from(name.trim());
      const crest = h("span", "la-crest", letters.slice(0, 2).join("").toUpperCase());
      crest.style.setProperty("--la-crest", hueOf(name));
      return h("div", "la-side", crest, h("span", "la-team", name));
    };
    const score = h("div", "la-score", h("b", "la-num", `${sides[0].score}`), h("i", "", "–"), h("b", "la-num", `${sides[1].score}`));
    const pill = minute || phase ? h("span", "la-pill", [minute, phase].filter(Boolean).join(" · ")) : null;
    return [side(sides[0]), h("div", "la-middle", score, pill), side(sides[1])];
  },
  flight({origin, destination, status, delay, number, departs, arrives}, options) {
    const now = new Date(options.now ?? Date.now()).getTime(), timed = departs && arrives && arrives > departs;
    const told = FLIGHT_PROGRESS.find(([words]) => words.test(status ?? ""))?.[1] ?? null;
    const progress = timed && told !== 1 ? Math.min(1, Math.max(0, (now - departs) / (arrives - departs))) : told;
    const route = h("div", `la-route${progress === null ? " la-unknown" : ""}`, h("span", "la-flown"), icon("plane"));
    route.style.setProperty("--la-progress", progress ?? 0.5);
    const end = (code, moment) => h("div", "la-port", h("b", "", code), h("span", "", clock(moment, options)));
    const late = delay === null ? null : h("span", `la-pill ${delay > 0 ? "la-late" : "la-early"}`,
      delay > 0 ? `${delay} min late` : delay < 0 ? `${-delay} min early` : "On time");
    return [end(origin, departs), h("div", "la-way", h("span", "la-number", number ?? ""), route), end(destination, arrives),
      h("div", "la-pills", status ? h("span", "la-pill", status) : null, late)];
  },
  delivery({status, minutes, eta, step, steps, done, cancelled}, options) {
    const figure = done ? h("b", "la-big", icon("check")) : cancelled ? h("b", "la-big", icon("warning"))
      : minutes === null ? h("b", "la-big la-num", clock(eta, options))
        : h("b", "la-big", h("span", "la-num", String(minutes)), h("small", "", "min"));
    const bar = h("div", `la-bar${cancelled ? " la-cancelled" : ""}`,
      ...Array.from({length: steps}, (_, i) => h("span", i < step ? (i === step - 1 && !done ? "la-now" : "la-past") : "")));
    return [h("div", "la-line", h("span", "la-headline", status), figure), bar];
  },
  default({headline, figures, rest, progress}, options, alerted) {
    if (!headline && !figures.length && !rest.length) return [h("div", "la-empty", "The content state is empty")];
    const line = headline ? h("div", "la-headline", String(headline[1])) : null;
    const numbers = figures.map(([key, value]) => h("div", "la-figure", h("b", "", valueOf(value, options)), h("span", "", wordsOf(key))));
    const bar = progress === null ? null : h("div", "la-progress", h("span", ""));
    bar?.style.setProperty("--la-progress", progress);
    return [h("div", "la-line", line, numbers.length ? h("div", "la-figures", ...numbers) : null), bar,
      facts(rest, options, alerted || bar ? 4 : 6, "la-grid")];
  },
};

const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
function patchChildren(old, fresh) {
  const before = [...old.childNodes];
  fresh.forEach((node, i) => i < before.length ? patch(before[i], node) : old.append(node));
  before.slice(fresh.length).forEach(node => node.remove());
}
function patch(old, fresh) {
  if (old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data === fresh.data) return;
    old.data = fresh.data;
    if (old.parentElement.closest(".la-num") && !still())
      old.parentElement.animate([{opacity: 0, transform: "translateY(.3em)"}, {opacity: 1, transform: "none"}], 350);
    return;
  }
  if (old.nodeName === "svg") return old.getAttribute("class") === fresh.getAttribute("class") ? undefined : old.replaceWith(fresh);
  if (old.className !== fresh.className) old.className = fresh.className;
  if (old.style.cssText !== fresh.style.cssText) old.style.cssText = fresh.style.cssText;
  patchChildren(old, [...fresh.childNodes]);
}
function openForAlert(root) {
  root.classList.add("la-alerting");
  if (!still()) root.animate([{opacity: 0.4, transform: "translateY(-2.4em) scale(.36, .24)"}, {}],
    {duration: 600, easing: "cubic-bezier(.2, .9, .25, 1.12)"});
  clearTimeout(Number(root.dataset.timer));
  root.dataset.timer = setTimeout(() => root.classList.remove("la-alerting"), ALERT_SECONDS * 1000);
}
