/** The inspector: one phone with all it saw, the requests of a range, or one request. */

import {renderCard, updateCard} from "./card.js";
import {api, count, h, plural, timeOf} from "./dom.js";
import {paper} from "./wallpaper.js";

const MOST = 100;
const MISSED = "Pushes of this activity that did not reach this card, because it had ended, or was more than eight hours old "
  + "and its token had expired. The vendor accepts such pushes, and the phone shows nothing of them.";

export class Inspector {
  #shown = null;  // {phone} or {request}

  constructor(store, element, closed) {
    Object.assign(this, {store, element, closed});
    element.addEventListener("keydown", event => {
      if (event.key === "Escape") this.close();
    });
  }

  close() {
    this.#shown = null;
    this.element.hidden = true;
    this.closed();
  }

  /** Bring an open inspector up to date with the events. */
  refresh() {
    const {phone, card, updated} = this.#shown ?? {};
    if (!phone) return;
    const now = this.store.cardOf(phone);
    if (now === this.#shown.data) return;
    this.#shown.data = now;
    updateCard(card, now, {now: this.store.now(), locale: "en-GB"});
    if (now.updated_at !== updated) this.showPhone(phone, false);
  }

  /** Show a phone, with the pushes that it got and missed. */
  async showPhone(phone, focus = true) {
    const data = this.store.cardOf(phone), card = renderCard(data, {now: this.store.now(), locale: "en-GB"});
    const shown = this.#shown = {phone, card, data, updated: data.updated_at};
    const saw = h("ol", {class: "saw"}), state = h("div", {class: "rows"});
    this.#open(phone.user, [paper(h("div", {class: "paper"}, card), phone.activity), state,
      h("h3", {}, "What this phone saw"), saw, ...json("Content state", data.content_state), ...json("Attributes", data.attributes)], focus);
    const query = new URLSearchParams({vendor: data.vendor, activity_id: data.activity_id, user: phone.user});
    try {
      const history = await api("GET", `/history?${query}`);
      if (this.#shown !== shown) return;
      state.replaceChildren(rows({Vendor: data.vendor, Activity: data.activity_id, Status: data.status, Updates: count(history.updates),
        "Stale date": timeOf(data.stale_date), Dismissal: timeOf(data.dismissal_at)}), missed(history.missed));
      saw.replaceChildren(...history.events.map(step), history.total > history.events.length
        ? h("li", {class: "note"}, `and ${plural(history.total - history.events.length, "earlier event")}`) : "");
    } catch (error) {
      state.replaceChildren(h("p", {class: "note"}, "The sandbox does not answer."));
    }
  }

  /** List requests, latest first. */
  showRequests(requests, title) {
    this.#shown = {};
    const latest = requests.slice(-MOST).reverse();
    this.#open(title, [h("ul", {class: "requests"}, ...latest.map(request => h("li", {},
      h("button", {type: "button", onclick: () => this.showRequest(request)},
        h("span", {class: `key ${request.outcome}`}, h("i", {"aria-hidden": "true"}, MARKS[request.outcome]), ` ${request.status ?? "no answer"}`),
        h("span", {class: "verb"}, `${request.vendor} ${request.verb}`), h("span", {class: "id"}, request.activity_id ?? request.path),
        h("time", {}, timeOf(request.at)))))),
    requests.length > MOST ? h("p", {class: "note"}, `and ${plural(requests.length - MOST, "earlier request")}`) : null,
    requests.length ? null : h("p", {class: "note"}, "No request in this range.")], true);
  }

  /** Show one request with its body, and headers without keys. */
  async showRequest(request) {
    const shown = this.#shown = {request};
    const rest = h("div", {});
    this.#open(`Request ${count(request.number)}`, [rows({Vendor: request.vendor, Verb: request.verb, Path: request.path,
      Activity: request.activity_id, Received: timeOf(request.at), Status: request.status ?? "no answer", Outcome: request.outcome,
      Fault: request.fault, "Carried out": request.carried_out ? "yes" : "no", Phones: request.recipients}), rest], true);
    try {
      const full = await api("GET", `/requests/${request.number}`);
      if (this.#shown === shown) rest.replaceChildren(...full.body === null && !Object.keys(full.headers).length
        ? [h("p", {class: "note"}, "The body is no longer stored: the sandbox keeps the latest ones (setting keep_requests).")]
        : [...json("Body", full.body), ...json("Headers", full.headers)]);
    } catch (error) {
      rest.replaceChildren(h("p", {class: "note"}, "The sandbox has forgotten this request."));
    }
  }

  #open(title, children, focus) {
    const close = h("button", {type: "button", "aria-label": "Close the inspector", onclick: () => this.close()}, "✕");
    const scroll = focus ? 0 : this.element.scrollTop;
    this.element.hidden = false;
    this.element.replaceChildren(h("div", {class: "title"}, h("h2", {tabindex: -1}, title), close), ...children.filter(Boolean));
    this.element.scrollTop = scroll;
    if (focus) this.element.querySelector("h2").focus({preventScroll: true});
  }
}

const MARKS = {accepted: "●", limited: "■", rejected: "▲", unknown: "◆"};

function rows(values) {
  return h("dl", {}, ...Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))));
}

function missed(number) {
  return h("details", {class: number ? "missed some" : "missed"}, h("summary", {}, `${count(number)} missed`), h("p", {}, MISSED));
}

function step(event) {
  const alert = typeof event.alert === "string" ? {body: event.alert} : event.alert ?? {};
  const words = [alert.title, alert.body].filter(text => typeof text === "string").join(": ");
  return h("li", {class: event.missed ? "missed" : event.verb},
    h("time", {}, timeOf(event.at)), h("b", {}, event.missed ? `${event.verb}, missed` : event.verb), h("span", {}, words || "silent"));
}

function json(title, value) {
  return [h("h3", {}, title), h("pre", {tabindex: 0, "aria-label": title},
    typeof value === "string" ? value : JSON.stringify(value ?? null, null, 2))];
}
