/**
 * Keep what the sandbox has sent: activities, their phones, requests.
 *
 * All phones of a start show the same, so an update is applied to starts, and a phone's card is looked up
 * when it is drawn. Nothing here touches the page.
 */

const KEPT_MS = 15 * 60_000;
const KEPT_REQUESTS = 60_000;
const DISSOLVE_MS = 1500;  // how long a dismissed card stays to be seen leaving
const STARTING_MS = 1200;

export const STATUSES = ["on", "stale", "ended", "dismissed"];

/** Return how a request ended: accepted, limited (429), rejected, or unknown (5xx or no answer). */
export function outcomeOf({status}) {
  if (status === null || status >= 500) return "unknown";
  if (status === 429) return "limited";
  return status >= 200 && status < 300 ? "accepted" : "rejected";
}

export class Store {
  constructor() {
    this.clear();
  }

  clear() {
    this.activities = [];
    this.tallies = new Map();
    this.requests = [];
    this.requestsLeftOut = 0;
    this.quotas = [];
    this.faults = [];
    this.phones = 0;
    this.loadedAt = performance.now();
    this.structure = 0;  // grows when phones come or change their status
    this.offset = 0;  // the sandbox's clock minus this one
  }

  /** Take over one event of the sandbox. */
  apply(event) {
    if (event.reset) this.clear();
    this.offset = Date.parse(event.now) - Date.now();
    this.quotas = event.quotas;
    this.faults = event.faults;
    this.maxPhones = event.max_phones;
    const now = performance.now();
    for (const change of event.activities) this.#change(change, now);
    this.#take(event.requests);
    this.requestsLeftOut += event.requests_left_out;
  }

  /** Return the present moment of the sandbox in milliseconds. */
  now() {
    return Date.now() + this.offset;
  }

  #change(change, now) {
    const activity = this.activities[change.n] ??= {
      n: change.n, vendor: change.vendor, activity_id: change.activity_id, attributes: [],
      starts: [], phones: [], byUser: new Map(), views: [], counts: {phones: 0, on: 0, stale: 0, ended: 0, dismissed: 0},
      changedAt: 0, waveAt: -Infinity, tally: this.tallyOf(change.vendor, change.activity_id)};
    activity.attributes.push(...change.attributes ?? []);
    for (const [n, attributes, at] of change.starts ?? [])
      activity.starts[n] = {at, attributes: activity.attributes[attributes], view: null, card: null, twins: null,
        dismissedAt: -Infinity, bornAt: now - this.loadedAt > 500 ? now : -Infinity};
    for (const [n, users] of change.phones ?? []) this.#addPhones(activity, n, users);
    if (change.counts) activity.counts = change.counts;
    if (change.twice) activity.twice = change.twice;
    if (change.twice) for (const [user, cards] of Object.entries(change.twice)) {
      const phone = activity.byUser.get(user);
      if (phone) phone.cards = cards;
    }
    if (change.views) this.#show(activity, change.views, now);
    activity.changedAt = now;
  }

  #addPhones(activity, start, users) {
    for (const user of users) {
      const known = activity.byUser.get(user);
      if (known) {
        known.start = start;
        continue;
      }
      const phone = {user, activity, start, cards: 1};
      activity.byUser.set(user, phone);
      activity.phones.push(phone);
      this.phones += 1;
    }
    this.structure += 1;
  }

  #show(activity, views, now) {
    const updated = views.at(-1)?.updated_at;
    if (activity.views.length && updated !== activity.views.at(-1).updated_at) activity.waveAt = now;
    activity.views = views;
    for (const view of views) for (const [first, end] of view.starts) for (let n = first; n < end; n += 1) {
      const start = activity.starts[n];
      if (!start) continue;
      if (start.view?.status !== view.status) {
        this.structure += 1;
        if (view.status === "dismissed" && start.view) start.dismissedAt = now;
      }
      start.view = view;
      start.card = start.twins = null;
    }
  }

  #take(requests) {
    for (const request of requests) {
      request.at = Date.parse(request.received_at);
      request.outcome = outcomeOf(request);
      this.requests.push(request);
      if (!request.activity_id) continue;
      const tally = this.tallyOf(request.vendor, request.activity_id);
      tally.verb = request.verb;
      tally.times.push(request.at);
    }
    const oldest = this.now() - KEPT_MS;
    let gone = Math.max(0, this.requests.length - KEPT_REQUESTS);
    while (gone < this.requests.length && this.requests[gone].at < oldest) gone += 1;
    if (gone > 1000 || (gone && gone === this.requests.length)) this.requests.splice(0, gone);
  }

  /** Return the requests of an activity: {verb, times}. A request may be told of before its activity. */
  tallyOf(vendor, activityId) {
    const key = `${vendor} ${activityId}`;
    if (!this.tallies.has(key)) this.tallies.set(key, {verb: "", times: []});
    return this.tallies.get(key);
  }

  /** Return the status of a phone: starting, on, stale, ended or dismissed. */
  statusOf(phone) {
    const start = phone.activity.starts[phone.start], status = start.view?.status ?? "on";
    return status === "on" && performance.now() - start.bornAt < STARTING_MS ? "starting" : status;
  }

  /** Return whether the card of a phone is just dissolving. */
  isLeaving(phone) {
    return performance.now() - phone.activity.starts[phone.start].dismissedAt < DISSOLVE_MS;
  }

  /** Return what renderCard takes; the same object as long as nothing changes. */
  cardOf(phone) {
    const {activity} = phone, start = activity.starts[phone.start];
    if (phone.cards > 1) {
      start.twins ??= new Map();
      if (!start.twins.has(phone.cards)) start.twins.set(phone.cards, {...this.#card(activity, start), cards: phone.cards});
      return start.twins.get(phone.cards);
    }
    return start.card ??= this.#card(activity, start);
  }

  #card(activity, start) {
    const view = start.view ?? {status: "on", content_state: {}, alert: null};
    return {...view, vendor: activity.vendor, activity_id: activity.activity_id, attributes_type: start.attributes?.type,
      attributes: start.attributes?.attributes, cards: 1, started_at: start.at,
      status: view.status === "on" && performance.now() - start.bornAt < STARTING_MS ? "starting" : view.status};
  }
}
