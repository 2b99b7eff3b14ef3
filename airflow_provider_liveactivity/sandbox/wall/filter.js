/** Decide which phones are shown: by vendor, search, statuses, the selected activity, the selected range of time. */

import {STATUSES} from "./store.js";

const RANKS = {starting: 1, on: 1, stale: 1, ended: 2, dismissed: 3};

/** Order phones for cells: started twice first, then what is on, then what is over; activities take turns. */
export function mixed(phones, store) {
  const turns = new Map(), rank = phone => phone.cards > 1 ? 0 : RANKS[store.statusOf(phone)];
  const order = phones.map(phone => {
    const key = `${phone.activity.n} ${rank(phone)}`, turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    return {phone, rank: rank(phone), turn};
  });
  return order.sort((a, b) => a.rank - b.rank || a.turn - b.turn).map(({phone}) => phone);
}

export class Filter {
  vendor = "";
  search = "";
  statuses = new Set(["on", "stale", "ended"]);
  activity = null;  // the selected one
  range = null;  // [from, to] in milliseconds: only activities with a request in it
  twiceOnly = false;
  #inRange = null;

  /** Choose a range of time; null clears it. */
  brush(range, requests) {
    this.range = range;
    this.#inRange = range && new Set(requests.filter(r => r.at >= range[0] && r.at <= range[1])
      .map(r => `${r.vendor} ${r.activity_id}`));
  }

  /** Return whether an activity passes everything but the search, which may also name its users. */
  passes(activity) {
    return (!this.vendor || activity.vendor === this.vendor)
      && (!this.#inRange || this.#inRange.has(`${activity.vendor} ${activity.activity_id}`));
  }

  /** Return the activities to list, latest change first. */
  activities(store) {
    const words = this.search.toLowerCase();
    return store.activities
      .filter(a => a && this.passes(a) && (!words || a.activity_id.toLowerCase().includes(words) || this.#hasUser(a, words)))
      .sort((a, b) => b.changedAt - a.changedAt || a.n - b.n);
  }

  #hasUser(activity, words) {
    return activity.byUser.has(this.search) || activity.phones.some(phone => phone.user.toLowerCase().includes(words));
  }

  /** Return the phones to show, and how many of each status there are. */
  phones(store) {
    const shown = [], words = this.search.toLowerCase();
    const counts = Object.fromEntries(STATUSES.map(status => [status, 0]));
    let twice = 0;
    for (const activity of store.activities) {
      if (!activity || !this.passes(activity) || (this.activity && this.activity !== activity)) continue;
      const named = !words || activity.activity_id.toLowerCase().includes(words);
      for (const phone of activity.phones) {
        if (!named && !phone.user.toLowerCase().includes(words)) continue;
        const status = store.statusOf(phone), known = status === "starting" ? "on" : status;
        counts[known] += 1;
        twice += phone.cards > 1;
        if (this.twiceOnly && phone.cards < 2) continue;
        if (this.statuses.has(known) || store.isLeaving(phone)) shown.push(phone);
      }
    }
    return {shown, counts, twice};
  }
}
