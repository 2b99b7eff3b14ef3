/**
 * A list box of thousands of cells, of which only those in sight are elements.
 *
 * A kind says how cells look: {width, height, gap, make(item), update(element, item), name(item)}.
 */

import {h, mark} from "./dom.js";

const OVERSCAN = 1;  // rows above and below that are kept ready

export class Grid {
  #items = [];
  #cells = new Map();
  #kind = null;
  #columns = 1;
  #active = 0;

  constructor(label, choose) {
    this.choose = choose;
    this.space = h("div", {class: "space"});
    this.element = h("div", {class: "grid", role: "listbox", tabindex: 0, "aria-label": label,
      onscroll: () => this.draw(), onkeydown: event => this.#key(event), onclick: event => this.#click(event)}, this.space);
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  /** Show items of a kind; another kind makes all cells anew. */
  show(items, kind) {
    if (kind !== this.#kind) {
      this.#kind = kind;
      for (const cell of this.#cells.values()) cell.remove();
      this.#cells.clear();
      this.element.dataset.kind = kind.id;
    }
    this.#items = items;
    this.#active = Math.min(this.#active, Math.max(0, items.length - 1));
    this.draw();
  }

  /** Return how many items are in sight. */
  get inSight() {
    const box = this.element, step = this.#kind.height + this.#kind.gap;
    const first = Math.floor(box.scrollTop / step), last = Math.ceil((box.scrollTop + box.clientHeight) / step);
    return Math.min(this.#items.length, last * this.#columns) - Math.min(this.#items.length, first * this.#columns);
  }

  /** Bring the elements up to date with what is in sight. */
  draw() {
    const kind = this.#kind, box = this.element;
    if (!kind || !box.clientWidth) return;
    const width = box.clientWidth, step = kind.height + kind.gap;
    this.#columns = kind.width ? Math.max(1, Math.floor((width - kind.gap) / (kind.width + kind.gap))) : 1;
    const rows = Math.ceil(this.#items.length / this.#columns);
    const height = `${rows * step + kind.gap}px`;
    if (this.space.style.height !== height) this.space.style.height = height;
    const first = Math.max(0, Math.floor(box.scrollTop / step) - OVERSCAN);
    const last = Math.min(rows, Math.ceil((box.scrollTop + box.clientHeight) / step) + OVERSCAN);
    const seen = new Set(this.#items.slice(first * this.#columns, last * this.#columns));
    for (const [item, cell] of this.#cells) if (!seen.has(item)) {
      cell.remove();
      this.#cells.delete(item);
    }
    const cellWidth = kind.width || width, used = Math.min(this.#columns, Math.max(this.#items.length, 1));
    const left = kind.width ? Math.max(kind.gap, (width - used * (cellWidth + kind.gap) + kind.gap) / 2) : 0;
    let index = first * this.#columns;
    for (const item of seen) {
      let cell = this.#cells.get(item);
      if (!cell) {
        cell = kind.make(item);
        cell.classList.add("cell");
        cell.setAttribute("role", "option");
        this.#cells.set(item, cell);
        this.space.append(cell);
      }
      this.#place(cell, item, index, left + (index % this.#columns) * (cellWidth + kind.gap),
        kind.gap + Math.floor(index / this.#columns) * step, cellWidth);
      kind.update(cell, item);
      index += 1;
    }
    const active = this.#cells.get(this.#items[this.#active]);
    if (active) mark(this.element, "aria-activedescendant", active.id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  #place(cell, item, index, x, y, width) {
    const place = `${x} ${y} ${width}`;
    if (cell.place !== place) {
      cell.place = place;
      cell.style.transform = `translate(${x}px, ${y}px)`;
      cell.style.width = `${width}px`;
    }
    const id = `${this.#kind.id}-${index}`;
    if (cell.id !== id) {
      cell.id = id;
      cell.setAttribute("aria-posinset", index + 1);
    }
    mark(cell, "aria-setsize", this.#items.length);
    mark(cell, "aria-selected", item === this.selected);
    if (cell.classList.contains("active") !== (index === this.#active)) cell.classList.toggle("active");
    cell.index = index;
  }

  #click(event) {
    const cell = event.target.closest(".cell");
    if (cell) this.#choose(cell.index);
  }

  #key(event) {
    const page = this.#columns * Math.max(1, Math.floor(this.element.clientHeight / (this.#kind.height + this.#kind.gap)));
    const steps = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.#columns, ArrowUp: -this.#columns, PageDown: page, PageUp: -page,
      Home: -this.#active, End: this.#items.length - 1 - this.#active};
    if (event.key === "Enter" || event.key === " ") this.#choose(this.#active);
    else if (event.key in steps) this.#move(this.#active + steps[event.key]);
    else return;
    event.preventDefault();
  }

  #move(index) {
    this.#active = Math.min(Math.max(0, index), this.#items.length - 1);
    const step = this.#kind.height + this.#kind.gap, top = Math.floor(this.#active / this.#columns) * step;
    const box = this.element;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + step > box.scrollTop + box.clientHeight) box.scrollTop = top + step + this.#kind.gap - box.clientHeight;
    this.draw();
  }

  #choose(index) {
    if (!this.#items[index]) return;
    this.#active = index;
    this.selected = this.#items[index];
    this.choose(this.selected);
    this.draw();
  }
}
