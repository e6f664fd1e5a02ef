// The visible range as a table, for those who cannot see the canvas or want to copy numbers.

const MOST_ROWS = 500;

class RangeTable {
  constructor(timeline) {
    this.timeline = timeline;
    this.button = make("button", {
      type: "button",
      "aria-expanded": "false",
      text: "Show as a table",
      on: { click: () => this.toggle() },
    });
  }

  toggle() {
    const box = this.timeline.tableBox;
    box.hidden = !box.hidden;
    this.button.setAttribute("aria-expanded", String(!box.hidden));
    this.button.textContent = box.hidden ? "Show as a table" : "Hide the table";
    this.renew();
    if (!box.hidden) box.scrollIntoView({ block: "nearest" });
  }

  /** Make the rows of the visible range, if the table is shown. */
  renew() {
    const { tableBox: box, view, picture } = this.timeline;
    if (box.hidden) return;
    const { records, total } = picture.lanes.visible(view.from, view.to, MOST_ROWS);
    const more =
      total > records.length ? `; these are the first ${count(records.length)}. Zoom in to see the others` : "";
    const names = [
      "P",
      "Start",
      "Length",
      "Goroutine",
      "Function",
      "What",
      "How it ended",
      "In the run queue",
      "Made runnable by",
    ];
    box.replaceChildren(
      make("p", { class: "muted", text: `${plural(total, "record")} in the visible range${more}.` }),
      make(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": "Records of the visible range" },
        make(
          "table",
          {},
          make("thead", {}, make("tr", {}, ...names.map((text) => make("th", { scope: "col", text })))),
          make("tbody", {}, ...records.map((record) => this.row(record))),
        ),
      ),
    );
  }

  row(record) {
    const { picture, goroutines } = this.timeline;
    const { lanes } = picture;
    const row = lanes.row[record];
    const id = lanes.goroutine[record];
    const isCall = lanes.isCall(record);
    const waker = row >= 0 && lanes.waker[row] >= 0 ? String(lanes.waker[row]) : "";
    const what = row < 0 ? `${whatIs(lanes, record)}, busy ${duration(lanes.busy[record])}` : whatIs(lanes, record);
    const start = make("button", {
      type: "button",
      class: "tl-jump",
      text: timestamp(lanes.start[record]),
      on: { click: () => this.timeline.select(record) },
    });
    const cells = [
      String(lanes.procs[lanes.laneOf(record)]),
      start,
      lengthOf(this.timeline, record),
      String(id),
      short(goroutines.function(id, lanes.start[record])),
      what,
      row < 0 ? "" : endOf(this.timeline, record),
      row < 0 || isCall ? "" : duration(lanes.queued[row]),
      waker,
    ];
    return make(
      "tr",
      { "data-start": lanes.start[record], "data-length": lanes.length[record] },
      ...cells.map((cell) => make("td", {}, cell)),
    );
  }
}
