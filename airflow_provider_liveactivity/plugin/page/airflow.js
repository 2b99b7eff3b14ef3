/** Talk to the Airflow around the page: its data, its pages, its API. */

import {h} from "./dom.js";

/** The path of Airflow itself: this page is one folder below it. */
const ROOT = new URL("../", document.baseURI);
const ACTION_DAGS = {end_now: "live_activity_end_now", update_now: "live_activity_update_now"};

/** What the address asks for. Airflow 3.1 writes a run id as it is, and its + is no space. */
const asked = new URLSearchParams(location.search.replaceAll("+", "%2B"));

/** Return the board's data since a moment; of one DAG run on the tab of a run. */
export async function fetchBoard(since) {
  const query = new URLSearchParams({since: since.toISOString()});
  for (const name of ["dag_id", "run_id"]) if (asked.has(name)) query.set(name, asked.get(name));
  return await answer(await fetch(`api/board?${query}`));
}

/** Whether the page is the tab of one DAG run. */
export const isTab = () => asked.has("run_id");

/** Start the DAG behind a button with a filled form, as the person who is logged in, and return its run. */
export async function startAction(name, form) {
  const dagId = ACTION_DAGS[name];
  const response = await fetch(new URL(`api/v2/dags/${dagId}/dagRuns`, ROOT), {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({logical_date: null, conf: form, note: `Started from the board, for ${form.activity_id}.`.slice(0, 1000)}),
  });
  const run = await answer(response);
  return {...run, path: `dags/${dagId}/runs/${encodeURIComponent(run.dag_run_id)}`};
}

async function answer(response) {
  if (response.ok) return await response.json();
  const text = await response.text();
  const words = {401: "Your session has ended. Log in again.", 403: "You do not have the right to do this. Ask an administrator of Airflow."};
  throw new Error(words[response.status] ?? `Airflow answered ${response.status}: ${detail(text)}`);
}

function detail(text) {
  try {
    const found = JSON.parse(text).detail;
    return typeof found === "string" ? found : JSON.stringify(found);
  } catch {
    return text.slice(0, 300);
  }
}

/** Return a link to a page of Airflow, or to another site, which opens in a tab of its own. */
export function link(target, ...label) {
  const url = new URL(target, ROOT);
  const isOutside = url.origin !== location.origin;
  const follow = event => {
    if (window.parent === window) return;
    event.preventDefault();
    openInAirflow(url, isOutside || event.ctrlKey || event.metaKey || event.button === 1);
  };
  const rel = isOutside ? "noreferrer" : null;
  return h("a", {href: url.href, rel, target: isOutside ? "_blank" : null, onclick: follow, onauxclick: follow}, ...label);
}

/** Airflow's frame may neither open tabs nor leave its page by itself, so a link in Airflow's own page does. */
function openInAirflow(url, inNewTab) {
  const outer = window.parent.document;
  const anchor = outer.createElement("a");
  anchor.href = url.href;
  if (inNewTab) Object.assign(anchor, {target: "_blank", rel: "noreferrer"});
  outer.body.append(anchor);
  anchor.click();
  anchor.remove();
}
