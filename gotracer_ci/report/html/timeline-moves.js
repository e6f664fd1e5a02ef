// Going from one thing to another: slices, wakers, creators, occurrences of findings.

/** Return what a goroutine did in a pause, in words; with short slices that are not shown, it can be less. */
const stateWords = (lanes, pause) => {
  if (pause.state === "blocked") return "in a system call without a P for";
  if (pause.state === "runnable") return "in the run queue for";
  const reason = clean(reasonAfter(lanes, pause.record));
  return `waiting${reason ? ` (${reason})` : ""} for${lanes.hasRuns ? " at most" : ""}`;
};

Object.assign(Timeline.prototype, {
  /** Return the row at a point of the lanes, and the record there, −1 for none. */
  under(x, y) {
    const { lanes } = this.picture;
    const number = this.rows.at(y + this.scroll.scrollTop);
    const row = number < 0 ? null : this.rows.rows[number];
    const near = (i, end, next) => {
      // a slice can be narrower than a pixel: take the nearest one within two
      const time = this.time(x);
      const distance = (record) => Math.max(0, lanes.start[record] - time, time - lanes.end(record)) / this.view.scale;
      const best = [i - 1, i]
        .filter((at) => at >= end[0] && at < end[1])
        .map(next)
        .sort((a, b) => distance(a) - distance(b))[0];
      return best !== undefined && distance(best) <= 2 ? best : -1;
    };
    if (row?.kind === "proc") {
      const record = near(
        lanes.after(row.lane, this.time(x)),
        [lanes.first[row.lane], lanes.first[row.lane + 1]],
        (at) => at,
      );
      return { row, record };
    }
    if (row?.kind === "goroutine") {
      const list = lanes.of(row.id);
      return { row, record: near(lanes.place(list, this.time(x)), [0, list.length], (at) => list[at]) };
    }
    return { row, record: -1 };
  },

  /** Say what is under the pointer. */
  hovered(x, y) {
    const { lanes } = this.picture;
    const { row, record } = this.under(x, y);
    let text = timestamp(this.time(x));
    if (record >= 0) {
      const name = this.goroutines.function(lanes.goroutine[record], lanes.start[record]);
      text += ` · ${this.picture.label(record)} · ${lanes.row[record] < 0 ? "" : `goroutine ${lanes.goroutine[record]} ${whatIs(lanes, record)} `}${duration(lanes.length[record])}`;
      if (lanes.row[record] < 0 && name) text += `, longest: ${short(name)}`;
    } else if (row?.kind === "goroutine") {
      const pause = pausesOf(this, row.id, row.life, 0).find(
        ({ from, to }) => from <= this.time(x) && this.time(x) < to,
      );
      if (pause) text += ` · goroutine ${row.id} ${stateWords(lanes, pause)} ${duration(pause.to - pause.from)}`;
    }
    this.hover.textContent = text;
  },

  /** Select the previous or next record of the lane, or of the goroutine. */
  neighbour(step, ofGoroutine) {
    const { lanes } = this.picture;
    if (!this.selected || this.selected.record < 0) {
      const first = this.picture.lanes.visible(this.view.from, this.view.to, 1).records[0];
      return first === undefined ? undefined : this.select(first);
    }
    const { record, goroutine, lane } = this.selected;
    let next = record + step;
    if (ofGoroutine) {
      const list = lanes.of(goroutine);
      next = list[list.indexOf(record) + step] ?? -1;
    } else if (next < lanes.first[lane] || next >= lanes.first[lane + 1]) next = -1;
    if (next < 0) return announce("No further slice");
    return this.select(next);
  },

  toWaker() {
    const waker = this.selected && wakerOf(this.picture.lanes, this.selected.record);
    if (!waker) return announce("It is not known who made this goroutine runnable");
    if (waker.record >= 0) return this.select(waker.record);
    return this.selectGoroutine(waker.goroutine, waker.time);
  },

  toCreator() {
    const life = this.selected ? this.goroutines.life(this.selected.goroutine, this.selected.time) : -1;
    if (life < 0 || this.goroutines.created[life] < 0 || this.goroutines.creator[life] < 0)
      return announce("It is not known who created this goroutine");
    const time = this.goroutines.created[life];
    const record = this.picture.lanes.latest(this.goroutines.creator[life], time);
    if (record >= 0) return this.select(record);
    return this.selectGoroutine(this.goroutines.creator[life], time);
  },

  /** Fit the selected range, slice or occurrence. */
  fit() {
    const { lanes } = this.picture;
    const mark = this.marks.find((one) => one.finding === this.chosen);
    if (this.range) this.center(...this.range, true);
    else if (this.selected?.record >= 0)
      this.center(lanes.start[this.selected.record], lanes.end(this.selected.record), true);
    else if (mark) this.center(mark.from, mark.to, true);
  },

  selectRange(range) {
    if (!range || range[0] === range[1]) return;
    this.range = range;
    this.selected = null;
    this.showPanel();
  },

  /** Clear the range, or else the selection, the search, the finding. */
  clear() {
    if (this.range) this.range = null;
    else if (this.selected) {
      this.selected = null;
      if (state.g !== null) go({ g: null });
    } else if (state.q) go({ q: "" });
    else if (state.f) go({ f: "" });
    this.showPanel();
  },

  choose(finding) {
    this.chosen = finding;
    this.changed();
  },

  /** Show an occurrence of a finding with some room around it, and select its goroutine. */
  goTo(mark) {
    this.chosen = mark.finding;
    this.mark = mark;
    this.center(mark.from, Math.max(mark.to, mark.from + SHORTEST_VIEW), true);
    if (mark.goroutine > 0) this.selectGoroutine(mark.goroutine, mark.to);
    this.center(mark.from, Math.max(mark.to, mark.from + SHORTEST_VIEW), true);
    announce(`${mark.rule}, ${duration(mark.to - mark.from)} at ${timestamp(mark.from)}`);
  },

  /** Go to the previous or next occurrence of the chosen finding; the first finding if there is none. */
  occurrence(step) {
    const finding = this.chosen || this.marks[0]?.finding;
    const list = this.marks.filter((mark) => mark.finding === finding);
    if (!list.length) return announce("No finding has an occurrence in this trace");
    const at = list.indexOf(this.mark);
    return this.goTo(list[at < 0 ? (step > 0 ? 0 : list.length - 1) : (at + step + list.length) % list.length]);
  },
});
