/**
 * Draw the requests of the last minutes: one mark for each, or for several if there are too many to see.
 *
 * Colour and shape tell the outcome. Dragging over the track selects a range of time, and so do two sliders.
 */

import {count, h, plural, timeOf} from "./dom.js";

const SPAN_MS = 5 * 60_000;
const DOT = 6;  // pixels of a dot with its gap
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 1e9];  // requests that one mark may stand for
const OUTCOMES = ["accepted", "limited", "rejected", "unknown"];
const SHAPES = {
  accepted: (paint, x, y, r) => paint.arc(x, y, r, 0, 7),
  rejected: (paint, x, y, r) => poly(paint, [[x, y - r], [x + r, y + r], [x - r, y + r]]),
  limited: (paint, x, y, r) => paint.rect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8),
  unknown: (paint, x, y, r) => poly(paint, [[x, y - r * 1.25], [x + r * 1.25, y], [x, y + r * 1.25], [x - r * 1.25, y]]),
};

export class Timeline {
  range = null;
  #bins = new Map();  // start of a second → vendor → outcome → requests
  #taken = 0;
  #colours = null;

  constructor(store, host, legend, chosen) {
    Object.assign(this, {store, host, legend, chosen});
    this.canvas = h("canvas", {role: "img", "aria-label": "Requests over time", onpointerdown: event => this.#drag(event)});
    this.brush = h("div", {class: "brush", hidden: true});
    const slider = (name, value) => h("input", {type: "range", min: 0, max: 300, value, "aria-label": name, class: "slider",
      oninput: () => this.#slide()});
    this.from = slider("Selected requests from, seconds after the left end", 0);
    this.to = slider("Selected requests to, seconds after the left end", 300);
    host.append(this.canvas, this.brush, this.from, this.to);
    new ResizeObserver(() => this.draw()).observe(host);
  }

  recolour() {
    this.#colours = null;
    this.draw();
  }

  /** Clear the selection. */
  clear() {
    this.from.value = 0;
    this.to.value = 300;
    this.#choose(null);
  }

  #count() {
    const {requests} = this.store;
    if (this.requests !== requests) [this.requests, this.#taken, this.#bins] = [requests, 0, new Map()];
    const last = requests.at(-1)?.number ?? 0;
    for (let i = requests.length - 1; i >= 0 && requests[i].number > this.#taken; i -= 1) {
      const {at, vendor, outcome} = requests[i], second = Math.floor(at / 1000);
      if (!this.#bins.has(second)) this.#bins.set(second, {braze: {}, moengage: {}});
      const bin = this.#bins.get(second)[vendor];
      bin[outcome] = (bin[outcome] ?? 0) + 1;
    }
    this.#taken = last;
    const oldest = Math.floor((this.store.now() - SPAN_MS) / 1000) - 60;
    for (const second of this.#bins.keys()) if (second < oldest) this.#bins.delete(second);
  }

  draw() {
    const {host, canvas} = this, ratio = window.devicePixelRatio || 1, width = host.clientWidth, height = host.clientHeight;
    if (!width || !height) return;
    this.#count();
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.#colours ??= readColours(host);
    const paint = canvas.getContext("2d");
    paint.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint.clearRect(0, 0, width, height);
    this.#axis(paint, width, height);
    const lane = (height - 16) / 2, each = Math.max(1, Math.floor((SPAN_MS / 1000) / (width / DOT)));
    const columns = new Map(), totals = {};
    for (const [second, vendors] of this.#bins) {
      const column = Math.floor(second / each);
      for (const [vendor, outcomes] of Object.entries(vendors)) for (const [outcome, number] of Object.entries(outcomes)) {
        const key = `${column} ${vendor}`;
        if (!columns.has(key)) columns.set(key, {});
        columns.get(key)[outcome] = (columns.get(key)[outcome] ?? 0) + number;
        totals[outcome] = (totals[outcome] ?? 0) + number;
      }
    }
    const most = Math.max(OUTCOMES.length, Math.floor(lane / DOT)), all = [...columns.values()].map(Object.values);
    const per = STEPS.find(n => all.every(numbers => numbers.reduce((sum, number) => sum + Math.ceil(number / n), 0) <= most)) ?? STEPS.at(-1);
    for (const [key, outcomes] of columns) {
      const [column, vendor] = key.split(" "), x = this.#x((Number(column) + 0.5) * each * 1000, width);
      if (x < 54) continue;
      let y = (vendor === "braze" ? lane : 2 * lane + 2) - DOT / 2;
      for (const outcome of OUTCOMES) for (let i = 0; i < Math.ceil((outcomes[outcome] ?? 0) / per); i += 1, y -= DOT) {
        paint.beginPath();
        SHAPES[outcome](paint, x, y, DOT * 0.4);
        paint.fillStyle = this.#colours[outcome];
        paint.fill();
      }
    }
    this.#tell(totals, per);
    this.#showBrush(width);
  }

  #axis(paint, width, height) {
    const lane = (height - 16) / 2, now = this.store.now();
    paint.font = `11px ${getComputedStyle(this.host).fontFamily}`;
    paint.textBaseline = "middle";
    paint.fillStyle = paint.strokeStyle = this.#colours.dim;
    for (const [name, y] of [["Braze", lane], ["MoEngage", 2 * lane + 2]]) {
      paint.fillText(name, 0, y - lane / 2);
      paint.globalAlpha = 0.25;
      paint.fillRect(54, y, width - 54, 1);
      paint.globalAlpha = 1;
    }
    paint.textAlign = "center";
    for (let at = Math.ceil((now - SPAN_MS) / 60_000) * 60_000; at < now; at += 60_000) {
      const x = this.#x(at, width);
      if (x < 80 || x > width - 20) continue;
      paint.fillText(timeOf(at).slice(0, 5), x, height - 6);
      paint.globalAlpha = 0.14;
      paint.fillRect(x, 0, 1, height - 14);
      paint.globalAlpha = 1;
    }
    paint.textAlign = "left";
  }

  #x(at, width) {
    return 54 + (at - (this.store.now() - SPAN_MS)) / SPAN_MS * (width - 58);
  }

  #moment(x) {
    return this.store.now() - SPAN_MS + Math.max(0, (x - 54) / (this.host.clientWidth - 58)) * SPAN_MS;
  }

  #drag(event) {
    const left = this.host.getBoundingClientRect().left, begin = this.#moment(event.clientX - left);
    const move = moved => {
      const end = this.#moment(moved.clientX - left);
      if (Math.abs(moved.clientX - event.clientX) > 3) this.#choose([Math.min(begin, end), Math.max(begin, end)]);
    };
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.addEventListener("pointermove", move);
    this.canvas.addEventListener("pointerup", () => this.canvas.removeEventListener("pointermove", move), {once: true});
  }

  #slide() {
    const [from, to] = [this.from, this.to].map(slider => Number(slider.value)).sort((a, b) => a - b);
    const begin = this.store.now() - SPAN_MS;
    this.#choose(from === 0 && to === 300 ? null : [begin + from * 1000, begin + to * 1000]);
  }

  #choose(range) {
    this.range = range;
    this.chosen(range);
    this.draw();
  }

  #showBrush(width) {
    this.brush.hidden = !this.range;
    if (!this.range) return;
    const [left, right] = this.range.map(at => Math.max(54, this.#x(at, width)));
    this.brush.style.left = `${left}px`;
    this.brush.style.width = `${Math.max(1, right - left)}px`;
  }

  #tell(totals, per) {
    const text = JSON.stringify([totals, per, this.store.requestsLeftOut]);
    if (text === this.told) return;
    this.told = text;
    const marks = {accepted: "●", limited: "■", rejected: "▲", unknown: "◆"};
    const words = {accepted: "accepted", limited: "over the limit", rejected: "rejected", unknown: "unknown"};
    this.legend.replaceChildren(
      ...OUTCOMES.filter(outcome => totals[outcome] || outcome === "accepted").map(outcome => h("span", {class: `key ${outcome}`},
        h("i", {"aria-hidden": "true"}, marks[outcome]), ` ${count(totals[outcome] ?? 0)}`, h("span", {class: "words"}, ` ${words[outcome]}`))),
      per > 1 ? h("span", {class: "key"}, `each mark: up to ${per}`) : "",
      this.store.requestsLeftOut ? h("span", {class: "key"}, `${plural(this.store.requestsLeftOut, "older request")} not drawn`) : "");
  }
}

function poly(paint, points) {
  points.forEach(([x, y], i) => i ? paint.lineTo(x, y) : paint.moveTo(x, y));
  paint.closePath();
}

function readColours(element) {
  const style = getComputedStyle(element), probe = h("span", {class: "hidden"});
  element.append(probe);
  const read = name => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {dim: style.color, ...Object.fromEntries(OUTCOMES.map(name => [name, read(name)]))};
  probe.remove();
  return colours;
}
