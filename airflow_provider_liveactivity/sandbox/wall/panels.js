/** Quota bars, and the drawer that switches faults on and off. */

import {api, count, h, say} from "./dom.js";

const FAULTS = {
  429: "Too many requests", 500: "Server error", 502: "Bad gateway", 503: "Unavailable", 504: "Gateway time-out",
  "500_after": "Server error, although carried out", "503_after": "Unavailable, although carried out",
  "504_after": "Gateway time-out, although carried out", drop_before: "Connection closed", drop_after: "Connection closed, although carried out",
  hang: "No answer", hang_after: "No answer, although carried out", html: "A proxy's HTML page",
};

/** Show what is left of each quota. */
export function showQuotas(host, quotas, now) {
  if (host.childElementCount !== quotas.length + 1) host.replaceChildren(h("div", {class: "title"}, h("h2", {}, "Quota left")),
    ...quotas.map(quota => h("div", {class: "quota"}, h("span", {class: "name"}, ""), h("span", {class: "left"}, ""),
      h("meter", {min: 0, max: 1, low: 0.1, optimum: 1, "aria-label": `${quota.vendor} ${quota.name}`}))));
  quotas.forEach((quota, i) => {
    const row = host.children[i + 1], meter = row.querySelector("meter"), share = quota.limit ? quota.remaining / quota.limit : 0;
    const period = {60: "min", 3600: "h"}[quota.seconds] ?? `${quota.seconds} s`;
    say(row.querySelector(".name"), `${quota.vendor === "braze" ? "Braze" : "MoEngage"} ${quota.name} / ${period}`);
    const wait = Math.max(0, Math.round(quota.reset - now / 1000));
    const reset = share < 0.5 ? ` · ${wait < 90 ? `${wait} s` : `${Math.round(wait / 60)} min`}` : "";
    say(row.querySelector(".left"), `${count(quota.remaining)} of ${count(quota.limit)}${reset}${quota.enforced ? "" : " · not enforced"}`);
    meter.value = share;
    row.classList.toggle("low", share < 0.1);
  });
}

/** Make the drawer; the returned function shows which faults are planned. */
export function faultDrawer(host, button) {
  const times = h("select", {"aria-label": "Requests that a fault hits"},
    ...[["all requests, until switched off", ""], ["the next request", "1"], ["the next 10 requests", "10"]]
      .map(([name, value]) => h("option", {value}, name)));
  const path = h("select", {"aria-label": "Requests to"},
    ...[["every endpoint", ""], ["Braze start", "/messages/live_activity/start"], ["Braze update and end", "/messages/live_activity/update"],
      ["MoEngage broadcast start", "/v1.0/live-activity/broadcast/start"], ["MoEngage broadcast update", "/v1.0/live-activity/broadcast/update"],
      ["MoEngage broadcast end", "/v1.0/live-activity/broadcast/end"], ["MoEngage single users", "/v1.0/alerts/send"]]
      .map(([name, value]) => h("option", {value}, name)));
  const problem = h("p", {class: "note", role: "alert"});
  const change = async (name, on) => {
    try {
      if (!on) await api("DELETE", `/faults?fault=${name}`);
      else await api("POST", "/faults", {fault: name, times: Number(times.value) || null, path: path.value || null});
      say(problem, "");
    } catch (error) {
      say(problem, "The sandbox does not answer.");
    }
  };
  const switches = Object.entries(FAULTS).map(([name, words]) => h("button", {type: "button", role: "switch", "aria-checked": "false",
    data: {name}, onclick: event => change(name, event.currentTarget.getAttribute("aria-checked") === "false")},
  h("code", {}, name), h("span", {}, words), h("span", {class: "planned"})));
  const close = h("button", {type: "button", "aria-label": "Close the faults", onclick: () => toggle(false)}, "✕");
  host.append(h("div", {class: "title"}, h("h2", {}, "Faults"), close), h("div", {class: "line"}, "Hit ", times, " to ", path),
    h("div", {class: "switches"}, ...switches), problem);
  const toggle = open => {
    host.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (!open) button.focus();
  };
  button.addEventListener("click", () => toggle(host.hidden));
  host.addEventListener("keydown", event => event.key === "Escape" && toggle(false));
  return faults => {
    const text = JSON.stringify(faults);
    if (host.told === text) return;
    host.told = text;
    for (const one of switches) {
      const planned = faults.filter(fault => fault.fault === one.dataset.name);
      one.setAttribute("aria-checked", String(planned.length > 0));
      say(one.querySelector(".planned"), planned.map(fault => `${fault.times === null ? "all" : `next ${fault.times}`}`
        + (fault.path ? ` · ${fault.path.split("/").slice(-2).join("/")}` : "")).join(", "));
    }
    say(button, faults.length ? `Faults: ${faults.length} on` : "Faults");
    button.classList.toggle("on", faults.length > 0);
  };
}
