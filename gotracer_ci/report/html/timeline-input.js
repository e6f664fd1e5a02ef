// Pointers, wheels and keys of the timeline.

const ZOOM_STEP = 1.4;
const FASTER = 4;
const TIMELINE_KEYS = [
  ["w s", "zoom in and out at the pointer (Shift: 4 × as far)"],
  ["a d", "move left and right (Shift: 4 × as far)"],
  ["Home", "the whole trace"],
  ["f", "fit the selection"],
  ["[ ]", "previous and next occurrence of the chosen finding"],
  [", .", "previous and next slice of the P (Shift: of the goroutine)"],
  ["u", "to the goroutine that made this one runnable"],
  ["c", "to the goroutine that created this one"],
  ["/", "search: function, file, g123, rule"],
  ["Esc", "clear the range, the selection, the search"],
  ["↑ ↓ → ←", "on the lanes: move; open and close a function"],
  ["drag", "move; with Shift: select a range"],
  ["Ctrl wheel", "zoom, as does pinching"],
];

/** Make the pointer and the wheel work on the canvases. */
const listenTo = (timeline) => {
  for (const canvas of [timeline.top, timeline.lanesCanvas]) new TimelineGestures(timeline, canvas);
  const move = (event) => {
    if (event.buttons !== 1) return;
    const box = timeline.map.getBoundingClientRect();
    const span = timeline.view.to - timeline.view.from;
    const middle = ((event.clientX - box.left) / box.width) * timeline.whole;
    const start = Math.max(0, Math.min(timeline.whole - span, middle - span / 2));
    timeline.look(start, start + span);
  };
  timeline.map.addEventListener("pointerdown", (event) => {
    timeline.map.setPointerCapture(event.pointerId);
    move(event);
  });
  timeline.map.addEventListener("pointermove", move);
};

class TimelineGestures {
  constructor(timeline, canvas) {
    Object.assign(this, { timeline, canvas, pointers: new Map(), drag: null });
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", (event) => this.cancel(event));
    canvas.addEventListener("pointerleave", () => this.left());
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    if (event.button !== 0) return;
    const [x, y] = this.at(event);
    this.pointers.set(event.pointerId, x);
    this.canvas.setPointerCapture(event.pointerId);
    const { view } = this.timeline;
    this.drag = { x, y, view, isRange: event.shiftKey, hasMoved: false, spread: this.spread() };
  }

  /** The distance of two fingers and their middle; null for one pointer. */
  spread() {
    if (this.pointers.size !== 2) return null;
    const [a, b] = this.pointers.values();
    return [Math.max(1, Math.abs(a - b)), (a + b) / 2];
  }

  move(event) {
    const { timeline, drag } = this;
    const [x, y] = this.at(event);
    timeline.pointer = x;
    if (!drag || !this.pointers.has(event.pointerId)) {
      if (this.canvas === timeline.lanesCanvas) timeline.hovered(x, y);
      return;
    }
    this.pointers.set(event.pointerId, x);
    const { view } = drag;
    const spread = this.spread();
    drag.hasMoved ||= Math.abs(x - drag.x) > 3 || Math.abs(y - drag.y) > 3;
    if (!drag.hasMoved) return;
    if (spread && drag.spread) {
      // both fingers stay where they are in time
      const scale = (view.scale * drag.spread[0]) / spread[0];
      const start = view.from + drag.spread[1] * view.scale - spread[1] * scale;
      timeline.look(start, start + scale * view.width);
    } else if (drag.isRange) {
      const ends = [drag.x, x].map((at) =>
        Math.round(Math.max(0, Math.min(timeline.whole, view.from + at * view.scale))),
      );
      timeline.range = ends[0] < ends[1] ? ends : ends.reverse();
      timeline.changed();
    } else {
      const span = view.to - view.from;
      const start = Math.max(0, Math.min(timeline.whole - span, view.from + (drag.x - x) * view.scale));
      timeline.look(start, start + span);
    }
  }

  up(event) {
    const { timeline, drag } = this;
    const [x, y] = this.at(event);
    this.pointers.delete(event.pointerId);
    if (!drag) return;
    if (!drag.hasMoved) this.click(x, y);
    else if (drag.isRange) timeline.selectRange(timeline.range);
    this.drag = null;
  }

  cancel(event) {
    this.pointers.delete(event.pointerId);
    this.drag = null;
  }

  left() {
    if (this.drag) return;
    this.timeline.pointer = null;
    this.timeline.hover.textContent = "";
  }

  click(x, y) {
    const { timeline } = this;
    if (this.canvas === timeline.top) {
      const near = timeline.marks.filter((mark) => y < RULER && Math.abs(timeline.x(mark.from) - x) < 7);
      if (near.length) timeline.goTo(near.find((mark) => mark.finding === timeline.chosen) || near[0]);
      return;
    }
    const found = timeline.under(x, y);
    if (found.record >= 0) timeline.select(found.record, false);
    else if (found.row?.kind === "goroutine") timeline.selectGoroutine(found.row.id, timeline.time(x));
    else if (found.row?.kind === "group") timeline.choseRow(found.row, timeline.rows.toggle(found.row));
    else timeline.clear();
  }

  wheel(event) {
    const { timeline } = this;
    const [x] = this.at(event);
    const lines = event.deltaMode === 1 ? 16 : 1;
    if (event.ctrlKey || event.metaKey) {
      timeline.zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY * lines * 0.004))), x);
    } else {
      const across = event.shiftKey && !event.deltaX ? event.deltaY : event.deltaX;
      if (Math.abs(across) <= Math.abs(event.shiftKey ? 0 : event.deltaY)) return;
      timeline.pan((across * lines) / timeline.view.width);
    }
    event.preventDefault();
  }
}

/** Do what a key says. */
const pressTimeline = (timeline, event) => {
  const times = event.shiftKey ? FASTER : 1;
  const actions = {
    w: () => timeline.zoom(ZOOM_STEP ** -times),
    s: () => timeline.zoom(ZOOM_STEP ** times),
    a: () => timeline.pan(-0.15 * times),
    d: () => timeline.pan(0.15 * times),
    home: () => timeline.look(0, timeline.whole),
    f: () => timeline.fit(),
    "[": () => timeline.occurrence(-1),
    "]": () => timeline.occurrence(1),
    ",": () => timeline.neighbour(-1, event.shiftKey),
    ".": () => timeline.neighbour(1, event.shiftKey),
    "<": () => timeline.neighbour(-1, true),
    ">": () => timeline.neighbour(1, true),
    u: () => timeline.toWaker(),
    c: () => timeline.toCreator(),
    "/": () => timeline.search.input.focus(),
    escape: () => timeline.clear(),
  };
  const act = actions[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
};
