/** Draw "On now": the card of each activity, the time to its end, its counts, its links and its buttons. */

import {openEnd, openUpdate} from "./actions.js";
import {link} from "./airflow.js";
import {renderCard, updateCard} from "./card.js";
import {ago, clock, count, counted, empty, h, live, section, shortId, span, svg} from "./dom.js";

const PAGE = 30;
const tiles = new Map();
let shown = PAGE;
let root = null;

/** Return the section; tiles of activities that are still on are kept, so that their cards can move. */
export function drawCards(board, context) {
  const on = [...board.on].sort(byUrgency);
  const grid = h("div", {class: "grid"}, on.slice(0, shown).map(one => tile(one, board.actions, context)));
  const keys = new Set(on.map(one => one.key));
  for (const key of tiles.keys()) if (!keys.has(key)) tiles.delete(key);
  const hint = on.length ? missingActions(board.actions) : null;
  const content = on.length ? grid : nothing(context);
  const next = section("on", "On now", on.length, hint, content, more(on, board, context));
  if (root?.isConnected) root.replaceWith(next);
  root = next;
  return next;
}

function more(on, board, context) {
  const left = on.length - shown;
  if (left <= 0) return null;
  const show = () => {
    shown += 10 * PAGE;
    drawCards(board, context);
  };
  return h("button", {class: "more", onclick: show}, `Show ${count(Math.min(left, 10 * PAGE))} more of ${count(on.length)}`);
}

function nothing({isTab}) {
  if (isTab) return empty("This DAG run has no activity on.");
  return empty("No activity is on. It appears here as soon as a start sends its first request: trigger a DAG with a ",
    h("code", {}, "BrazeLiveActivity"), " or ", h("code", {}, "MoEngageBroadcastLiveActivity"), ", or ",
    link("dags", "choose a DAG"), ".");
}

function missingActions(actions) {
  if (actions.end_now === "ready") return null;
  const why = {
    missing: "To end activities from here, add the DAG live_activity_end_now to your DAGs folder: "
      + "two lines of the page “The board” in the provider's docs. If the DAG exists, you do not have the right to read it.",
    paused: "To end activities from here, unpause the DAG live_activity_end_now.",
  };
  return h("p", {class: "hint"}, why[actions.end_now]);
}

function byUrgency(a, b) {
  return urgency(b) - urgency(a) || String(a.end_time ?? "~").localeCompare(String(b.end_time ?? "~"));
}

const urgency = one => (one.is_overdue ? 4 : 0) + (one.people.unknown || one.people.rejected ? 2 : 0) + (one.status === "starting" ? 1 : 0);

function tile(activity, actions, context) {
  const known = tiles.get(activity.key);
  const card = known ?? h("div", {class: "wallpaper"}, renderCard(activity, {now: context.now}));
  if (known) updateCard(card.firstElementChild, activity, {now: context.now});
  tiles.set(activity.key, card);
  const id = `tile-${[...tiles.keys()].indexOf(activity.key)}`;
  return h("article", {class: activity.is_overdue ? "tile bad" : "tile", "aria-labelledby": id},
    h("header", {}, h("div", {class: "name"}, vendor(activity.vendor), h("h3", {id}, shortId(activity.activity_id))), live(now => ring(activity, now))),
    card,
    people(activity),
    h("p", {class: "muted"}, details(activity)),
    h("footer", {}, links(activity), buttons(activity, actions, context)));
}

const NAMES = {braze: "Braze", moengage: "MoEngage"};

/** Return the mark of a vendor. */
export const vendor = name => h("span", {class: `vendor ${name === "braze" ? "braze" : "moengage"}`}, NAMES[name] ?? name ?? "");

function ring(activity, now) {
  const end = activity.end_time ?? activity.lives_until;
  if (end === null) return "";
  const start = Date.parse(activity.started_at ?? now), until = Date.parse(end), left = until - now;
  const share = Math.max(0, Math.min(1, left / Math.max(1, until - start)));
  const words = activity.is_overdue ? `${span(-left)} late` : span(left);
  const title = `${activity.end_time ? "Ends" : "iOS ends it"} at ${clock(end, now)}`;
  const circle = (name, dash) => svg("circle", {class: name, cx: 22, cy: 22, r: 19, "stroke-dasharray": dash});
  return h("div", {class: "ring", role: "img", "aria-label": activity.is_overdue ? `Overdue, ${words}` : `${title}, in ${words}`, title},
    svg("svg", {viewBox: "0 0 44 44", width: 44, height: 44, "aria-hidden": true},
      circle("whole", null), circle(activity.is_overdue ? "late" : "left", `${share * 119.4} 119.4`)),
    h("span", {"aria-hidden": true}, words.replace(" min", "m").replace(" h", "h").replace(" late", "")));
}

function people(activity) {
  const {accepted, unknown, rejected, recipients} = activity.people;
  if (activity.status === "starting" && !recipients) return h("p", {class: "people"}, "The start is being sent");
  return h("p", {class: "people"},
    h("b", {}, count(accepted)), " accepted",
    problem(unknown, "unknown", activity), problem(rejected, "rejected", activity));
}

function problem(number, name, activity) {
  if (!number) return h("span", {class: "zero"}, `0 ${name}`);
  const text = `${count(number)} ${name}`;
  return h("span", {class: "flag"}, activity.links.task ? link(activity.links.task, text) : text);
}

function details(activity) {
  const parts = [];
  if (activity.updated_at) parts.push(h("span", {}, ago(activity.updated_at, activity.updates ? "updated " : "sent ")));
  if (activity.updates) parts.push(h("span", {}, counted(activity.updates, "update")));
  parts.push(h("span", {}, activity.dag_id, activity.run_by ? ` by ${activity.run_by}` : ""));
  return parts.flatMap((part, index) => (index ? [" · ", part] : [part]));
}

/** Return the links of an activity or a task. */
export function links({links: found}) {
  const labels = [["run", "Run"], ["task", "Task log"], ["vendor", "Vendor"], ["sandbox", "Sandbox"]];
  return h("div", {class: "links"}, labels.filter(([name]) => found[name]).map(([name, label]) => link(found[name], label)));
}

function buttons(activity, actions, context) {
  if (!activity.can_act) return activity.why_not ? h("small", {class: "muted"}, activity.why_not) : null;
  const button = (name, label, open, kind) => h("button", {
    class: kind,
    disabled: actions[name] !== "ready",
    title: actions[name] === "ready" ? null : `The DAG live_activity_${name} is ${actions[name]}`,
    onclick: () => open(activity, context.reload),
  }, label);
  return h("div", {class: "buttons"}, button("update_now", "Update…", openUpdate, "plain"), button("end_now", "End now", openEnd, "danger"));
}
