/**
 * Draw one tile per phone on a canvas: thousands in one picture. An update runs through it as a wave.
 *
 * Colour and shape tell the state: a full tile is on, a hollow one is stale, a small one has ended, a dot is
 * dismissed, a cross was started twice.
 */

import {labelOf} from "./card.js";
import {h, plural, say} from "./dom.js";

const SIZES = [28, 22, 18, 15, 12, 10, 8, 6];
const WAVE_MS = 900, WAVE_SPREAD = 700, WAVE_STEPS = 8;
const LABEL = 22;

export class Mosaic {
  #items = [];
  #places = [];
  #active = 0;
  #running = false;

  constructor(store, choose, hover) {
    this.store = store;
    this.choose = choose;
    this.hover = hover;
    this.canvas = h("canvas", {"aria-hidden": "true"});
    this.option = h("div", {class: "hidden", role: "option", id: "tile", "aria-selected": "true"});
    this.spacer = h("div", {class: "space"});
    this.element = h("div", {class: "mosaic", role: "listbox", tabindex: 0, "aria-label": "Phones, one tile each",
      "aria-activedescendant": "tile", onkeydown: event => this.#key(event), onscroll: () => this.draw(),
      onpointermove: event => this.#point(event), onpointerleave: () => this.hover(null), onblur: () => this.hover(null),
      onclick: event => this.#click(event)}, this.canvas, this.spacer, this.option);
    this.colours = null;
    new ResizeObserver(() => this.show(this.#items)).observe(this.element);
  }

  /** Show phones. */
  show(items) {
    this.#items = items;
    this.#active = Math.min(this.#active, Math.max(0, items.length - 1));
    this.#layOut();
    this.#tell();
    this.draw();
  }

  get inSight() {
    const top = this.element.scrollTop - this.size, bottom = top + this.element.clientHeight + this.size;
    return this.#places.reduce((sum, [, y]) => sum + (y > top && y < bottom), 0);
  }

  /** Read the colours again, after a change of the theme. */
  recolour() {
    this.colours = null;
    this.draw();
  }

  // Each activity is a block with its name where there is room, or all are one stream of tiles.
  #layOut() {
    const width = this.element.clientWidth - 32, height = this.element.clientHeight - 16;
    if (width <= 0) return;
    const groups = new Set(this.#items.map(phone => phone.activity)).size;
    const fits = (size, labelled) => this.#place(width, size, labelled) <= height;
    const labelled = groups <= 60;
    this.size = SIZES.find(size => fits(size, labelled));
    this.labelled = labelled && this.size !== undefined && this.size >= 8;
    if (!this.labelled) this.size = SIZES.find(size => fits(size, false)) ?? SIZES.at(-1);
    this.height = this.#place(width, this.size, this.labelled);
    this.spacer.style.height = `${this.height + 16}px`;
  }

  #place(width, size, labelled) {
    const columns = Math.max(1, Math.floor(width / size)), places = [], labels = [];
    let x = 0, y = 8, activity = null;
    for (const phone of this.#items) {
      if (labelled && phone.activity !== activity) {
        if (activity) y += x ? size + 6 : 6;
        labels.push([phone.activity, y]);
        y += LABEL;
        x = 0;
      } else if (x === columns) {
        x = 0;
        y += size;
      }
      activity = phone.activity;
      places.push([16 + x * size, y]);
      x += 1;
      if (x === columns && labelled) {
        x = 0;
        y += size;
      }
    }
    this.#places = places;
    this.labels = labels;
    return y + size;
  }

  /** Draw the tiles in sight; goes on by itself while a wave runs. */
  draw() {
    const box = this.element, ratio = window.devicePixelRatio || 1, canvas = this.canvas;
    if (!box.clientWidth || !this.size) return;
    const [width, height] = [box.clientWidth, box.clientHeight];
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    const paint = canvas.getContext("2d"), top = box.scrollTop, now = performance.now();
    paint.setTransform(ratio, 0, 0, ratio, 0, -top * ratio);
    paint.clearRect(0, top, width, height);
    this.colours ??= readColours(box);
    this.#drawLabels(paint, top, height, width);
    const waving = this.#drawTiles(paint, top, top + height, now);
    if (this.#items.length && document.activeElement === box) this.#drawCursor(paint);
    if (waving) this.#keepGoing();
  }

  #keepGoing() {
    if (this.#running) return;
    this.#running = true;
    requestAnimationFrame(() => {
      this.#running = false;
      this.draw();
    });
  }

  #drawLabels(paint, top, height, width) {
    if (!this.labelled) return;
    paint.font = `600 12px ${getComputedStyle(this.element).fontFamily}`;
    paint.textBaseline = "top";
    paint.fillStyle = this.colours.label;
    for (const [activity, y] of this.labels) if (y > top - LABEL && y < top + height)
      paint.fillText(`${activity.activity_id}  ·  ${plural(activity.phones.length, "phone")}`, 16, y + 4, width - 32);
  }

  // Tiles of one colour are painted together: a change of colour costs more than a tile.
  #drawTiles(paint, top, bottom, now) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches, buckets = new Map(), size = this.size;
    let waving = false;
    for (let i = 0; i < this.#items.length; i += 1) {
      const [x, y] = this.#places[i];
      if (y + size < top || y > bottom) continue;
      const phone = this.#items[i], status = phone.cards > 1 ? "twice" : this.store.statusOf(phone);
      const since = now - phone.activity.waveAt;
      let glow = 0;
      if (since < WAVE_MS + WAVE_SPREAD && !still) {
        waving = true;
        const own = since - ((x + y) % 997) / 997 * WAVE_SPREAD;
        if (own > 0 && own < WAVE_MS) glow = Math.ceil(WAVE_STEPS * (1 - own / WAVE_MS));
      }
      const key = `${status} ${glow}`;
      if (!buckets.has(key)) buckets.set(key, []);
      buckets.get(key).push(x, y);
    }
    for (const [key, tiles] of buckets) {
      const [status, glow] = key.split(" ");
      paint.fillStyle = this.colours.mix(status, Number(glow) / WAVE_STEPS);
      SHAPES[status](paint, tiles, size);
    }
    return waving;
  }

  #drawCursor(paint) {
    const [x, y] = this.#places[this.#active];
    paint.strokeStyle = this.colours.label;
    paint.lineWidth = 2;
    paint.strokeRect(x - 1, y - 1, this.size, this.size);
  }

  #at(event) {
    const box = this.element.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top + this.element.scrollTop;
    return this.#places.findIndex(([left, top]) => x >= left && x < left + this.size && y >= top && y < top + this.size);
  }

  #point(event) {
    const index = this.#at(event);
    this.hover(index < 0 ? null : this.#items[index], event.clientX, event.clientY);
  }

  #click(event) {
    const index = this.#at(event);
    if (index < 0) return;
    this.#active = index;
    this.#tell();
    this.choose(this.#items[index]);
  }

  #key(event) {
    const columns = Math.max(1, Math.floor((this.element.clientWidth - 32) / this.size));
    const steps = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -this.#active,
      End: this.#items.length - 1 - this.#active, PageDown: columns * 10, PageUp: -columns * 10};
    if (event.key === "Enter" || event.key === " ") this.choose(this.#items[this.#active]);
    else if (event.key in steps) {
      this.#active = Math.min(Math.max(0, this.#active + steps[event.key]), this.#items.length - 1);
      this.#tell();
      const [x, y] = this.#places[this.#active], box = this.element, place = box.getBoundingClientRect();
      if (y < box.scrollTop) box.scrollTop = y - 8;
      else if (y + this.size > box.scrollTop + box.clientHeight) box.scrollTop = y + this.size + 8 - box.clientHeight;
      this.hover(this.#items[this.#active], place.left + x, place.top + y - box.scrollTop);
      this.draw();
    } else return;
    event.preventDefault();
  }

  #tell() {
    const phone = this.#items[this.#active];
    say(this.option, phone ? `${phone.user}. ${labelOf(this.store.cardOf(phone), {locale: "en-GB"})}` : "No phone");
  }
}

function tiles(inset, draw) {
  return (paint, places, size) => {
    const gap = size > 10 ? 2 : 1, edge = Math.max(2, Math.round((size - gap) * (1 - inset))), shift = (size - gap - edge) / 2;
    for (let i = 0; i < places.length; i += 2) draw(paint, places[i] + shift, places[i + 1] + shift, edge);
  };
}

const SHAPES = {
  on: tiles(0, (paint, x, y, edge) => paint.fillRect(x, y, edge, edge)),
  starting: tiles(0.3, (paint, x, y, edge) => paint.fillRect(x, y, edge, edge)),
  stale: tiles(0, (paint, x, y, edge) => {
    const line = Math.max(1, edge / 5);
    paint.fillRect(x, y, edge, line);
    paint.fillRect(x, y + edge - line, edge, line);
    paint.fillRect(x, y, line, edge);
    paint.fillRect(x + edge - line, y, line, edge);
  }),
  ended: tiles(0.35, (paint, x, y, edge) => paint.fillRect(x, y, edge, edge)),
  dismissed: tiles(0.7, (paint, x, y, edge) => paint.fillRect(x, y, edge, edge)),
  twice: tiles(0, (paint, x, y, edge) => {
    paint.fillRect(x + edge * 0.36, y, edge * 0.28, edge);
    paint.fillRect(x, y + edge * 0.36, edge, edge * 0.28);
    paint.globalAlpha = 0.45;
    paint.fillRect(x, y, edge, edge);
    paint.globalAlpha = 1;
  }),
};

function readColours(element) {
  const probe = h("span", {class: "hidden"}), paint = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  element.append(probe);
  const read = name => {
    probe.style.color = `var(--tile-${name}, var(--${name}))`;
    paint.fillStyle = getComputedStyle(probe).color;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const base = Object.fromEntries(["on", "stale", "ended", "dismissed", "twice", "wave", "ink"].map(name => [name, read(name)]));
  base.starting = base.on;
  probe.remove();
  const mixed = new Map();
  const mix = (status, glow) => {
    const key = `${status} ${glow}`;
    if (!mixed.has(key))
      mixed.set(key, `rgb(${base[status].map((part, i) => Math.round(part + (base.wave[i] - part) * glow)).join(" ")})`);
    return mixed.get(key);
  };
  return {label: `rgb(${base.ink.join(" ")})`, mix};
}
