// The timeline: what is shown of it, and drawing it when something has changed.

const SHORTEST_VIEW = 50;
const MAP_HEIGHT = 34;
const PINNED = { states: 50, heap: 34, collector: 22 };
const MOST_MARKS = 2000;

class Timeline {
  /** data: summary, goroutines, calls (stacks) and trace (its number). lanes: the stream. */
  constructor(panel, data, lanes) {
    Object.assign(this, data, {
      panel,
      selected: null,
      range: null,
      chosen: "",
      pointer: null,
      dirty: false,
    });
    this.base = this.picture = this.pictureOf(lanes);
    const address = document.documentElement.dataset.windows;
    this.windows = address ? new FinerWindows(this, address) : null;
    this.search = new TimelineSearch(this);
    this.table = new RangeTable(this);
    this.whole = Math.max(1, this.summary.header.duration_ns);
    this.view = { from: 0, to: this.whole, scale: 1, width: 1 };
    this.brush = new LaneBrush();
    this.marks = marksOf(this.trace);
    this.elements();
    this.rows = new LaneRows(this.list, this.goroutines, this.base.lanes.procs, (row, isOpened) =>
      this.choseRow(row, isOpened),
    );
    this.rows.reveal = (key) => this.reveal(key);
    this.look(...this.first());
    this.side.replaceChildren(...panelOf(this));
    new ResizeObserver(() => this.changed()).observe(this.scroll);
    this.scroll.addEventListener("scroll", () => this.changed());
    document.addEventListener("themechange", () => this.changed());
  }

  /** Make what the panel consists of. */
  elements() {
    const canvas = (name, label) => make("canvas", { class: `tl-${name}`, role: "img", "aria-label": label });
    this.map = canvas("map", "The whole trace: the share of the Ps that is busy, and the visible range.");
    this.top = canvas("top", "States of goroutines over time, heap and garbage collection in the visible range.");
    this.lanesCanvas = canvas("lanes", "What ran on each P in the visible range.");
    this.list = make("div", { class: "tl-list", role: "tree", "aria-label": "Lanes" });
    this.body = make("div", { class: "tl-body" }, this.list, this.lanesCanvas);
    this.scroll = make("div", { class: "tl-scroll" }, this.body);
    this.where = make("output", { class: "tl-where" });
    this.hover = make("p", { class: "tl-hover", "aria-hidden": "true" });
    this.side = make("aside", { class: "tl-side", "aria-label": "Selection" });
    this.tools = make("div", { class: "tl-tools" });
    this.tableBox = make("div", { class: "tl-table", hidden: true });
    this.pins = make("div", { class: "tl-pins", "aria-hidden": "true" });
    const frame = make(
      "div",
      { class: "tl-frame" },
      make("div", { class: "tl-row" }, make("div", { class: "tl-corner" }, this.where), this.map),
      make("div", { class: "tl-row" }, this.pins, this.top),
      this.scroll,
      this.hover,
    );
    this.root = make(
      "div",
      { class: "tl" },
      this.tools,
      make("div", { class: "tl-main" }, frame, this.side),
      this.tableBox,
    );
    this.panel.replaceChildren(this.root);
    this.pinned = Object.keys(PINNED).filter((name) => name !== "heap" || this.summary.blocks.get("heap")?.count("at"));
    const names = {
      states: ["Goroutines", "running · system calls · runnable"],
      heap: ["Heap", "and goal"],
      collector: ["GC and stops", ""],
    };
    this.notes = {};
    let y = RULER;
    for (const name of this.pinned) {
      const label = make(
        "div",
        { class: "tl-pin" },
        make("span", { text: names[name][0] }),
        (this.notes[name] = make("small", { text: names[name][1] })),
      );
      label.style.top = `${y}px`;
      label.style.height = `${PINNED[name]}px`;
      this.pins.append(label);
      y += PINNED[name];
    }
    this.topHeight = y;
    this.pins.style.height = `${y}px`;
  }

  /** Return what is shown first: the whole trace, or the part that has lanes. */
  first() {
    const { from, to } = this.base.lanes;
    return from > 0 || to < this.whole ? [from, to] : [0, this.whole];
  }

  /** Show a range of time: within the trace, and not shorter than `SHORTEST_VIEW` ns. */
  look(from, to) {
    const span = Math.min(this.whole, Math.max(SHORTEST_VIEW, to - from));
    const middle = (from + to) / 2;
    const start = Math.max(0, Math.min(this.whole - span, to - from === span ? from : middle - span / 2));
    this.view = { ...this.view, from: start, to: start + span };
    this.changed();
  }

  /** Zoom by a factor, so that the time at a pixel stays where it is. */
  zoom(factor, x = this.pointer ?? this.view.width / 2) {
    const span = Math.min(this.whole, Math.max(SHORTEST_VIEW, (this.view.to - this.view.from) * factor));
    const time = this.time(x);
    const start = Math.max(0, Math.min(this.whole - span, time - (x / this.view.width) * span));
    this.look(start, start + span);
  }

  pan(share) {
    const span = this.view.to - this.view.from;
    const start = Math.max(0, Math.min(this.whole - span, this.view.from + share * span));
    this.look(start, start + span);
  }

  /** Show a range with some room around it, or only move there if it is visible at the present zoom. */
  center(from, to, isFit = false) {
    const span = this.view.to - this.view.from;
    if (isFit) this.look(from - (to - from) * 0.15, to + (to - from) * 0.15);
    else if (to - from > span) this.look(from - (to - from) * 0.15, to + (to - from) * 0.15);
    else if (from < this.view.from || to > this.view.to) this.look((from + to - span) / 2, (from + to + span) / 2);
    this.changed();
  }

  time(x) {
    return this.view.from + x * this.view.scale;
  }

  x(time) {
    return (time - this.view.from) / this.view.scale;
  }

  /** Draw with the next frame. */
  changed() {
    if (this.dirty) return;
    this.dirty = true;
    requestAnimationFrame(() => {
      this.dirty = false;
      if (!this.panel.hidden && this.scroll.clientWidth) this.draw();
    });
  }

  draw() {
    const width = Math.max(1, this.scroll.clientWidth - this.list.offsetWidth);
    const height = this.scroll.clientHeight;
    const view = (this.view = { ...this.view, width, scale: (this.view.to - this.view.from) / width });
    this.windows?.look(view);
    this.drawTop(view);
    drawMap(fitted(this.map, width, MAP_HEIGHT), view, this.summary, this.marks, this.chosen, width, MAP_HEIGHT);
    const context = fitted(this.lanesCanvas, width, height);
    const scrolled = this.scroll.scrollTop;
    drawOverlay(context, view, this.summary, height);
    this.brush.begin(context, this.picture, view);
    this.rows.each(scrolled, scrolled + height, (row, y) => this.drawRow(context, row, y));
    this.body.style.height = `${Math.max(height, this.rows.height)}px`;
    this.rows.show(scrolled, scrolled + height, this.markedRows());
    drawOutside(this, context, height);
    drawSelection(this, context, height);
    this.where.value = `${duration(Math.round(view.to - view.from))} of ${duration(this.whole)}`;
    Object.assign(this.root.dataset, { from: view.from, to: view.to, shown: this.brush.shown });
    this.settle();
  }

  drawTop(view) {
    const context = fitted(this.top, view.width, this.topHeight);
    drawRuler(context, view, this.marks, this.chosen, this.whole);
    let y = RULER;
    for (const name of this.pinned) {
      const height = PINNED[name] - 4;
      if (name === "states")
        this.notes.states.textContent = `running, system calls, runnable; up to ${count(drawStates(context, view, this.summary, y, height))}`;
      else if (name === "heap")
        this.notes.heap.textContent = `and goal; up to ${size(drawHeap(context, view, this.summary.blocks.get("heap"), y, height))}`;
      else drawCollector(context, view, this.summary, y, height);
      y += PINNED[name];
    }
    drawRangeShade(this, context, this.topHeight);
  }

  drawRow(context, row, y) {
    const height = ROW_HEIGHTS[row.kind];
    context.fillStyle = color("--line");
    context.globalAlpha = 0.5;
    context.fillRect(0, y + height - 1, this.view.width, 1);
    context.globalAlpha = 1;
    if (row.kind === "proc") this.brush.lane(row.lane, y + 3, height - 6);
    else if (row.kind === "group") drawGroup(context, this, row.group, y + 3, height - 6);
    else if (row.kind === "goroutine") drawGoroutine(this, this.brush, row, y + 3, height - 6);
  }

  /** Return the keys of the rows to mark: those of the selected goroutine. */
  markedRows() {
    const found = new Set();
    const selected = this.selected;
    if (!selected) return found;
    if (selected.record >= 0) found.add(`p${this.picture.lanes.laneOf(selected.record)}`);
    const life = this.goroutines.life(selected.goroutine, selected.time);
    if (life >= 0) found.add(`l${life}`).add(`f${this.goroutines.group[life]}`);
    return found;
  }

  /** After a moment without a change: put the range into the address, and renew the table and the sentence. */
  settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      const { from, to } = this.view;
      const isWhole = from <= 0 && to >= this.whole;
      const start = Math.max(0, Math.floor(from));
      const t = isWhole ? null : [start, Math.max(start + 1, Math.ceil(to))];
      const g = this.selected && this.selected.goroutine >= 0 ? this.selected.goroutine : null;
      this.lanesCanvas.setAttribute("aria-label", this.sentence());
      this.table.renew();
      if (this.panel.hidden || (String(state.t) === String(t) && state.g === g)) return;
      this.followed = { ...state, t, g };
      go({ t, g });
    }, 250);
  }

  sentence() {
    const { lanes } = this.picture;
    const sums = sumsOf(this.picture, this.goroutines, this.view.from, this.view.to);
    const share = (sums.running + sums.syscall) / Math.max(1, lanes.procs.length * (this.view.to - this.view.from));
    const span = `${timestamp(this.view.from)} to ${timestamp(this.view.to)}`;
    return `Timeline of ${plural(lanes.procs.length, "P")} from ${span}: busy ${percentage(share)} of the time, ${plural(sums.records, "record")}.`;
  }

  /** Select a record: mark it, describe it, and bring it into view. */
  select(record, isMoving = true) {
    const { lanes } = this.picture;
    if (record < 0) return;
    const [from, to] = [lanes.start[record], lanes.end(record)];
    this.selected = { record, goroutine: lanes.goroutine[record], lane: lanes.laneOf(record), time: from };
    this.range = null;
    if (isMoving) {
      this.center(from, to);
      this.reveal(`p${this.selected.lane}`);
    }
    this.showPanel();
  }

  /** Select a goroutine: its slice at a time, or the nearest one; open its row. */
  selectGoroutine(id, time) {
    const { lanes } = this.picture;
    const list = lanes.of(id);
    const life = this.goroutines.life(id, time);
    if (life >= 0) {
      const key = `f${this.goroutines.group[life]}`;
      const row = this.rows.rows[this.rows.number.get(key)];
      if (row) this.rows.toggle(row, true);
    }
    const at = Math.min(list.length - 1, lanes.place(list, time));
    if (list.length) this.select(list[at], false);
    else {
      this.selected = { record: -1, goroutine: id, lane: -1, time };
      this.range = null;
      this.showPanel();
    }
    if (life >= 0) this.reveal(`l${life}`);
    if (list.length) this.center(lanes.start[list[at]], lanes.end(list[at]));
  }

  showPanel() {
    this.side.replaceChildren(...panelOf(this));
    const { record, goroutine } = this.selected || { record: -1, goroutine: null };
    const range = this.range ? this.range.join("-") : "";
    Object.assign(this.root.dataset, { selected: record >= 0 ? record : "", goroutine: goroutine ?? "", range });
    announce(this.side.querySelector("h2")?.textContent + ": " + (this.side.querySelector("p")?.textContent || ""));
    this.changed();
  }

  /** Scroll the lanes so that a row is visible. */
  reveal(key) {
    const number = this.rows.number.get(key);
    if (number === undefined) return;
    const [top, bottom] = [this.rows.tops[number], this.rows.tops[number + 1]];
    this.body.style.height = `${Math.max(this.scroll.clientHeight, this.rows.height)}px`;
    this.list.style.height = `${this.rows.height}px`;
    if (top < this.scroll.scrollTop) this.scroll.scrollTop = top;
    else if (bottom > this.scroll.scrollTop + this.scroll.clientHeight)
      this.scroll.scrollTop = bottom - this.scroll.clientHeight;
    this.rows.show(this.scroll.scrollTop, this.scroll.scrollTop + this.scroll.clientHeight, this.markedRows());
    this.changed();
  }

  choseRow(row, isOpened) {
    const middle = (this.view.from + this.view.to) / 2;
    if (row.kind === "goroutine") this.selectGoroutine(row.id, Math.max(middle, this.goroutines.created[row.life]));
    else if (row.kind === "proc") {
      const i = this.picture.lanes.after(row.lane, this.view.from);
      if (i < this.picture.lanes.first[row.lane + 1]) this.select(i);
    } else if (isOpened) this.changed();
  }
}
