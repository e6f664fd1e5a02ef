// The rows below the ruler: one for each P, one for each function of goroutines, which opens to a row for each of them.

const ROW_HEIGHTS = { proc: 26, title: 26, group: 30, goroutine: 22 };

/** The rows and their labels: a tree of which only the visible part is in the page; one label can be tabbed to. */
class LaneRows {
  /** choose(row, isOpened) is called when a row is clicked or Enter is pressed on it. */
  constructor(list, goroutines, procs, choose) {
    Object.assign(this, { list, goroutines, procs, choose });
    this.open = new Set();
    this.labels = new Map();
    this.focused = "";
    this.build();
    list.addEventListener("click", (event) => this.clicked(event));
    list.addEventListener("keydown", (event) => this.pressed(event));
    list.addEventListener("focusin", (event) => {
      this.focused = event.target.dataset.row || this.focused;
    });
  }

  build() {
    const rows = this.procs.map((proc, lane) => ({ kind: "proc", key: `p${lane}`, lane, text: `P ${proc}`, level: 1 }));
    if (this.goroutines.groups.length) rows.push({ kind: "title", key: "title", text: "Goroutines by function" });
    for (const group of this.goroutines.groups) {
      const isOpen = this.open.has(group.number);
      const lives = this.goroutines.byGroup.get(group.number) || [];
      const text = short(group.name) || "other functions";
      rows.push({
        kind: "group",
        key: `f${group.number}`,
        group,
        text,
        note: count(group.lives),
        level: 1,
        isOpen: lives.length ? isOpen : null,
      });
      if (!isOpen) continue;
      for (const life of lives) {
        const id = this.goroutines.id[life];
        rows.push({ kind: "goroutine", key: `l${life}`, life, id, text: `g${id}`, level: 2 });
      }
      const more = group.lives - lives.length;
      if (more > 0) rows.push({ kind: "title", key: `m${group.number}`, text: `${count(more)} more did not fit` });
    }
    this.rows = rows;
    this.tops = new Float64Array(rows.length + 1);
    this.number = new Map(rows.map((row, number) => [row.key, number]));
    rows.forEach((row, number) => (this.tops[number + 1] = this.tops[number] + ROW_HEIGHTS[row.kind]));
    this.height = this.tops[rows.length];
    if (!this.number.has(this.focused)) this.focused = rows.length ? rows[0].key : "";
    for (const [, label] of this.labels) label.remove();
    this.labels.clear();
  }

  /** Return the number of the row at a height. */
  at(y) {
    let low = 0;
    let high = this.rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle] <= y) low = middle;
      else high = middle - 1;
    }
    return y < this.height ? low : -1;
  }

  /** Call visit(row, y) for the rows between two heights. */
  each(top, bottom, visit) {
    for (
      let number = Math.max(0, this.at(Math.max(0, top)));
      number < this.rows.length && this.tops[number] < bottom;
      number++
    ) {
      visit(this.rows[number], this.tops[number] - top);
    }
  }

  /** Put the labels of the visible rows into the page; the focused one stays, wherever it is. */
  show(top, bottom, marked) {
    const wanted = new Set([this.focused]);
    this.each(top - 60, bottom + 60, (row) => wanted.add(row.key));
    for (const [key, label] of this.labels) {
      if (wanted.has(key)) continue;
      label.remove();
      this.labels.delete(key);
    }
    for (const key of wanted) {
      const number = this.number.get(key);
      if (number === undefined) continue;
      if (!this.labels.has(key)) this.labels.set(key, this.label(this.rows[number], number));
      const label = this.labels.get(key);
      label.classList.toggle("marked", marked.has(key));
      if (label.hasAttribute("tabindex")) label.tabIndex = key === this.focused ? 0 : -1;
    }
    this.list.style.height = `${this.height}px`;
  }

  label(row, number) {
    const isItem = row.kind !== "title";
    const item = make(
      "div",
      {
        class: `tl-label ${row.kind}`,
        role: isItem ? "treeitem" : "none",
        tabindex: isItem ? "-1" : null,
        "data-row": row.key,
        "aria-level": row.level,
        "aria-expanded": row.isOpen === null || row.isOpen === undefined ? null : String(row.isOpen),
        title: row.group ? clean(row.group.name) : null,
      },
      make("span", { text: row.text }),
      row.note ? make("small", { text: row.note }) : "",
    );
    item.style.top = `${this.tops[number]}px`;
    item.style.height = `${ROW_HEIGHTS[row.kind]}px`;
    const next = [...this.labels]
      .map(([key, label]) => [this.number.get(key), label])
      .filter(([other]) => other > number);
    const [, after] = next.reduce((best, one) => (best && best[0] < one[0] ? best : one), null) || [];
    this.list.insertBefore(item, after || null);
    return item;
  }

  /** Open or close a group; return whether that changed anything. */
  toggle(row, isOpen = !row.isOpen) {
    if (row.kind !== "group" || row.isOpen === null || row.isOpen === isOpen) return false;
    if (isOpen) this.open.add(row.group.number);
    else this.open.delete(row.group.number);
    this.build();
    return true;
  }

  clicked(event) {
    const key = event.target.closest("[data-row]")?.dataset.row;
    const row = this.rows[this.number.get(key)];
    if (!row || row.kind === "title") return;
    const isFocused = this.list.contains(document.activeElement);
    this.focused = key;
    this.choose(row, this.toggle(row));
    if (isFocused) this.focus(key);
  }

  pressed(event) {
    const number = this.number.get(event.target.dataset?.row);
    const row = this.rows[number];
    if (!row || event.ctrlKey || event.altKey || event.metaKey) return;
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (move) this.step(number, move);
    else if (event.key === "End") this.step(this.rows.length, -1);
    else if (event.key === "ArrowRight" && row.kind === "group") this.choose(row, this.toggle(row, true));
    else if (event.key === "ArrowLeft" && row.kind === "group") this.choose(row, this.toggle(row, false));
    else if (event.key === "ArrowLeft" && row.kind === "goroutine") this.focus(`f${this.goroutines.group[row.life]}`);
    else if (event.key === "Enter" || event.key === " ") this.choose(row, this.toggle(row));
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (!move && event.key !== "End" && row.kind === "group") this.focus(row.key);
  }

  step(number, move) {
    let to = Math.max(0, Math.min(this.rows.length - 1, number + move));
    if (this.rows[to].kind === "title") to += to && move < 0 ? -1 : 1;
    if (this.rows[to]) this.focus(this.rows[to].key);
  }

  /** Focus a label, wherever it is; `reveal` is set by the timeline and scrolls there. */
  focus(key) {
    this.focused = key;
    this.reveal(key);
    this.labels.get(key)?.focus();
  }
}
