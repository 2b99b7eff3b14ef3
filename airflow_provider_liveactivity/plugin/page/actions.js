/** Ask before an activity is ended or updated, and let Airflow start the DAG that does it. */

import {link, startAction} from "./airflow.js";
import {h} from "./dom.js";

/** Open the form that ends an activity. */
export function openEnd(activity, reload) {
  const stays = h("select", {name: "stays"},
    h("option", {value: ""}, "As iOS does: up to 4 hours"),
    h("option", {value: "PT30M"}, "30 minutes"),
    h("option", {value: "PT0S"}, "Not at all"));
  ask({
    name: "end_now",
    title: "End this activity now?",
    text: "Every phone shows the last state as ended. This cannot be undone.",
    label: "End now",
    kind: "danger",
    activity,
    fields: [
      field("Stays on the lock screen", stays),
      state("Last state", activity, "Leave it as it is to end with the state that the phones show."),
      ...alert(activity, activity.end_alert),
    ],
    form: values => ({...values, dismissal_date: stays.value || null}),
    reload,
  });
}

/** Open the form that updates an activity. */
export function openUpdate(activity, reload) {
  ask({
    name: "update_now",
    title: "Update this activity",
    text: "Every phone shows the new state. A later update of the DAG run replaces it.",
    label: "Send the update",
    kind: "primary",
    activity,
    fields: [state("State", activity, "The whole state, as JSON."), ...alert(activity, null)],
    form: values => values,
    reload,
  });
}

function ask({name, title, text, label, kind, activity, fields, form, reload}) {
  const message = h("p", {class: "message", role: "status"});
  const send = h("button", {class: kind, type: "submit"}, label);
  const cancel = h("button", {class: "plain", type: "button", onclick: () => dialog.close()}, "Cancel");
  const body = h("form", {method: "dialog"},
    h("h2", {id: "dialog-title"}, title), h("p", {class: "id"}, activity.activity_id), h("p", {class: "muted"}, text),
    ...fields, message, h("footer", {}, cancel, send));
  const dialog = h("dialog", {"aria-labelledby": "dialog-title"}, body);
  body.addEventListener("submit", async event => {
    event.preventDefault();
    let conf;
    try {
      conf = form(values(body, activity));
    } catch (error) {
      message.textContent = error.message;
      return;
    }
    send.disabled = true;
    message.textContent = "Airflow starts the DAG…";
    try {
      const run = await startAction(name, conf);
      message.replaceChildren("Airflow has started it: ", link(run.path, "see the run"), ".");
      cancel.textContent = "Close";
      send.hidden = true;
      setTimeout(reload, 3_000);
    } catch (error) {
      message.textContent = error.message;
      send.disabled = false;
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function values(body, activity) {
  const entered = name => body.elements[name]?.value.trim() ?? "";
  const title = entered("title"), words = entered("body");
  const isMoEngage = activity.vendor === "moengage";
  if (isMoEngage && !(title && words)) throw new Error("MoEngage needs the title and the text of an alert.");
  if (Boolean(title) !== Boolean(words)) throw new Error("An alert needs both a title and a text.");
  const alert = title ? {title, body: words} : null;
  return {
    vendor: activity.vendor,
    conn_id: activity.conn_id,
    activity_id: activity.activity_id,
    start_id: activity.start_id,
    app_id: activity.app_id ?? null,
    content_state: parsed(entered("state")),
    alert: alert && !isMoEngage ? {alert} : alert,
  };
}

function parsed(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("The state is not valid JSON.");
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error('The state must be a JSON object, such as {"home": 1}.');
  return value;
}

const field = (label, input, help) => h("label", {}, h("span", {}, label), input, help ? h("small", {class: "muted"}, help) : null);

function state(label, activity, help) {
  const text = JSON.stringify(activity.content_state, null, 2);
  const area = h("textarea", {name: "state", rows: Math.min(10, text.split("\n").length + 1), spellcheck: "false"});
  area.value = text;
  return field(label, area, help);
}

function alert(activity, known) {
  const isRequired = activity.vendor === "moengage";
  const input = (name, value) => {
    const element = h("input", {name, maxlength: 200});
    element.value = value ?? "";
    return element;
  };
  const hint = isRequired ? "MoEngage requires an alert." : "Empty: no alert, the card changes silently.";
  return [field("Alert: title", input("title", known?.title)), field("Alert: text", input("body", known?.body), hint)];
}
