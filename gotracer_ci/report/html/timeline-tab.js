// The tab "Timeline": its data, its tools, and what the address says.

Object.assign(Timeline.prototype, {
  /** Return what is drawn of a lanes stream. A finer one has stacks of its own, and lanes only for Ps that were busy. */
  pictureOf(found) {
    const isFiner = found.blocks.has("calls");
    const stacks = isFiner ? new Stacks(found) : this.calls;
    const lanes = isFiner ? new Lanes(found, this.base.lanes.procs) : lanesOf(found);
    const hue = huesOf(lanes, stacks, this.goroutines);
    const label = (i) => {
      if (lanes.row[i] < 0) return `${count(lanes.slices[i])} slices`;
      return short(this.goroutines.function(lanes.goroutine[i], lanes.start[i])) || `goroutine ${lanes.goroutine[i]}`;
    };
    return { lanes, stacks, hue, label, hits: null, groupHits: null };
  },

  /** Draw another picture of the same trace from now on; the selection stays if it is there. */
  show(picture) {
    if (picture === this.picture) return;
    this.picture = picture;
    const { selected } = this;
    const proc = selected && selected.lane >= 0 ? this.rows.procs[selected.lane] : -1;
    if (selected)
      selected.record =
        picture.lanes.procs[selected.lane] === proc ? picture.lanes.at(selected.lane, selected.time) : -1;
    this.search.show(state.q || "");
    this.showPanel();
  },

  /** Show the whole life of a goroutine. */
  lookAtLife(id) {
    const life = this.goroutines.life(id, 0);
    if (life < 0) return;
    const [created, ended] = [this.goroutines.created[life], this.goroutines.ended[life]];
    this.center(Math.max(0, created), ended < 0 ? this.whole : ended, true);
  },

  /** Follow the address: t the range, g a goroutine, f a finding, q a search. */
  follow(next) {
    const before = this.followed || {};
    this.followed = next;
    if (next.q !== before.q) this.search.show(next.q || "");
    const hasMoved = String(next.t) !== String(before.t);
    if (hasMoved) this.look(...(next.t || this.first()));
    if (next.f !== before.f) {
      this.choose(next.f || "");
      const marks = this.marks.filter((mark) => mark.finding === next.f);
      if (marks.length && !next.t)
        this.goTo(marks.reduce((worst, mark) => (mark.to - mark.from > worst.to - worst.from ? mark : worst)));
    }
    if (next.g !== null && next.g !== before.g) {
      if (!next.t && !next.f) this.lookAtLife(next.g);
      this.selectGoroutine(next.g, (this.view.from + this.view.to) / 2);
      if (next.t && hasMoved) this.look(...next.t);
    }
    this.changed();
  },
});

const openTimeline = async (panel) => {
  const [lanes, calls, tables] = await Promise.all(["lanes", "calls", "tables"].map(stream));
  if (!lanes || !(lanes.header.procs || []).length) {
    panel.replaceChildren(make("p", { class: "empty", text: "This report has no timeline." }));
    return;
  }
  const summary = await stream(`summary-${lanes.header.trace}`);
  const goroutines = new Lives(tables, summary);
  const data = { summary, goroutines, calls: new Stacks(calls), trace: lanes.header.trace };
  const timeline = new Timeline(panel, data, lanes);
  const tool = (text, label, act) =>
    make("button", { type: "button", text, title: label, "aria-label": label, on: { click: act } });
  timeline.tools.append(
    timeline.search.input,
    timeline.search.found,
    make(
      "span",
      { class: "tl-buttons" },
      tool("−", "Zoom out (s)", () => timeline.zoom(ZOOM_STEP ** 2, timeline.view.width / 2)),
      tool("+", "Zoom in (w)", () => timeline.zoom(ZOOM_STEP ** -2, timeline.view.width / 2)),
      tool("Whole", "Show the whole trace (Home)", () => timeline.look(0, timeline.whole)),
      ...(timeline.marks.length
        ? [
            tool("‹", "Previous occurrence of the finding ([)", () => timeline.occurrence(-1)),
            tool("›", "Next occurrence of the finding (])", () => timeline.occurrence(1)),
          ]
        : []),
      timeline.table.button,
    ),
  );
  if (timeline.windows) timeline.tools.append(timeline.windows.note);
  listenTo(timeline);
  keys("timeline", [], (event) => pressTimeline(timeline, event));
  shownTimeline = timeline;
  timeline.follow(state);
};

let shownTimeline = null;

tab("timeline", { open: openTimeline, change: (next) => shownTimeline?.follow(next) });
keys("timeline", TIMELINE_KEYS);
