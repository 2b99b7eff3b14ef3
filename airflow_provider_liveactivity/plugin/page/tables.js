/** Draw the sections that are lists: what needs attention, sends, what comes, syncs, and what is over. */

import {link} from "./airflow.js";
import {links, vendor} from "./cards.js";
import {ago, clock, count, empty, h, live, section, shortId, span} from "./dom.js";

const SHOWN = 100;
const PROBLEMS_SHOWN = 12;
const WORDS = {
  overdue: "Overdue", task: "Failed", unknown: "Unknown", rejected: "Rejected", bad_rows: "Bad rows", failed: "Requests failed",
};
const NO_PROGRESS = "No progress yet: the first figures come after 5 seconds, and need Airflow 3.3";
const ONE_OF_A_KIND = new Set(["overdue", "task"]);

/** Return what should be zero and is not; nothing if all is well. */
export function drawAttention({attention}) {
  if (attention.length === 0) return null;
  const rows = attention.map(one => h("li", {class: one.kind},
    h("strong", {}, WORDS[one.kind] ?? one.kind),
    h("span", {class: "what"}, one.activity_id ? shortId(one.activity_id, 48) : one.task_id, " · ",
      ONE_OF_A_KIND.has(one.kind) ? null : `${count(one.count)} `, one.text),
    one.at ? h("span", {class: "muted"}, ago(one.at, "", " late")) : h("span", {class: "muted"}, one.dag_id),
    link(one.links.task ?? one.links.run, "Open the task")));
  return section("attention", "Needs attention", attention.length, h("ul", {class: "attention"}, limited(rows, PROBLEMS_SHOWN)));
}

/** Return the sends under way. */
export function drawSending({sending}) {
  if (sending.length === 0) return null;
  return section("sending", "Sending", sending.length, h("div", {class: "sends"}, sending.map(send)));
}

function send(one) {
  const {sent, total, percent, people_per_second: speed, seconds_left: left, quota_left: quota, unknown} = one.progress;
  const parts = [
    sent === undefined ? NO_PROGRESS : `${count(sent)}${total ? ` of ${count(total)}` : ""} sent`,
    speed ? `${count(speed)} recipients/s` : null,
    left ? `about ${span(left * 1000)} left` : null,
    quota === undefined ? null : `${count(quota)} requests left in the quota`,
    unknown ? h("span", {class: "flag"}, `${count(unknown)} unknown`) : null,
  ].filter(Boolean);
  return h("article", {class: "send"},
    h("header", {},
      vendor(one.vendor),
      h("h3", {}, one.verb, " ", shortId(one.activity_id ?? one.task_id)),
      one.state === "deferred" ? h("span", {class: "flag"}, "waits for the quota") : null,
      links(one)),
    h("progress", {max: 100, value: percent, "aria-label": `Sending ${one.activity_id ?? one.task_id}`}),
    h("p", {class: "muted"}, parts.flatMap((part, index) => (index ? [" · ", part] : [part]))));
}

/** Return the starts and ends of the next 24 hours. */
export function drawComing({coming}, {now, isTab}) {
  const what = {start: "Start, waiting in its run", end: "End", run: "Scheduled DAG run"};
  const rows = coming.map(one => h("tr", {},
    h("td", {class: "number"}, one.at ? clock(one.at, now) : "soon"),
    h("td", {class: "muted"}, one.at ? live(present => span(Date.parse(one.at) - present)) : ""),
    h("td", {}, what[one.what]),
    h("td", {}, one.activity_id ? shortId(one.activity_id) : h("span", {class: "id"}, one.dag_id)),
    h("td", {}, one.links.task || one.links.run ? links(one) : null)));
  if (rows.length === 0 && isTab) return null;
  const content = rows.length ? table(["At", "In", "What", "Activity or DAG", "Links"], rows) :
    empty("Nothing is due in the next 24 hours. Ends with an end time, and DAGs with a schedule, appear here.");
  return section("coming", "Coming up", coming.length, content);
}

/** Return the newest run of each sync. */
export function drawSyncs({syncs}) {
  if (syncs.length === 0) return null;
  const names = ["rows", "started", "updated", "ended", "unchanged", "missing", "expired", "requests"];
  const rows = syncs.map(one => h("tr", {},
    h("td", {}, vendor(one.vendor)), h("td", {}, h("span", {class: "id"}, one.dag_id)),
    h("td", {}, one.state ?? "waits", one.ended_at ? h("span", {class: "muted"}, " ", ago(one.ended_at)) : null),
    names.map(name => h("td", {class: "number"}, name in one.counts ? count(one.counts[name]) : "–")),
    h("td", {}, Object.entries(one.problems).map(([name, number]) => flag(one, number, name.replace("_", " ")))),
    h("td", {}, links(one))));
  return section("syncs", "Syncs", syncs.length, table(["Vendor", "DAG", "State", ...names, "Problems", "Links"], rows));
}

/** Return the activities that are over. */
export function drawOver({over}, {now, isTab}) {
  const rows = over.map(one => h("tr", {},
    h("td", {}, vendor(one.vendor)), h("td", {}, shortId(one.activity_id)),
    h("td", {class: "number"}, one.started_at ? clock(one.started_at, now) : "–"),
    h("td", {class: "number"}, one.ended_at ? clock(one.ended_at, now) : h("span", {class: "muted"}, "not by a task of this period")),
    h("td", {class: "number"}, one.started_at && one.ended_at ? span(Date.parse(one.ended_at) - Date.parse(one.started_at)) : "–"),
    h("td", {class: "number"}, count(one.updates)),
    h("td", {class: "number"}, count(one.people.accepted)),
    h("td", {}, ["unknown", "rejected"].filter(name => one.people[name]).map(name => flag(one, one.people[name], name))),
    h("td", {}, links(one))));
  const heads = ["Vendor", "Activity", "Started", "Ended", "Lasted", "Updates", "Accepted", "Problems", "Links"];
  const content = rows.length ? table(heads, limited(rows)) : empty("No activity has ended today.");
  if (rows.length === 0 && isTab) return null;
  return section("over", isTab ? "Over" : "Over today", over.length, content);
}

const flag = (one, number, name) => h("span", {class: "flag"}, link(one.links.task ?? one.links.run, `${count(number)} ${name}`));

function table(heads, rows) {
  const cells = heads.map(head => h("th", {scope: "col"}, head.charAt(0).toUpperCase() + head.slice(1)));
  return h("div", {class: "scroll", tabindex: 0, role: "group", "aria-label": "Table, scrolls sideways"},
    h("table", {}, h("thead", {}, h("tr", {}, cells)), h("tbody", {}, rows)));
}

/** Return the first rows, and a row that shows the others: nothing is cut without being counted. */
function limited(rows, length = SHOWN) {
  if (rows.length <= length) return rows;
  const hidden = rows.slice(length), isTable = hidden[0].tagName === "TR";
  const show = () => last.replaceWith(...hidden);
  const button = h("button", {class: "more", type: "button", onclick: show}, `Show ${count(hidden.length)} more`);
  const last = isTable ? h("tr", {}, h("td", {colspan: 9}, button)) : h("li", {}, button);
  return [...rows.slice(0, length), last];
}
