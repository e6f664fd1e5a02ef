// Finding things: functions, files, goroutines and rules by text, and the occurrences of findings.

/** Return the worst occurrences of the findings of a trace: [{finding, rule, from, to, goroutine}] by time. */
const marksOf = (trace) => {
  const found = [];
  for (const row of document.querySelectorAll("details.row[data-occurrences]")) {
    const { fingerprint, rule, trace: number, occurrences } = row.dataset;
    if (Number(number || 0) !== trace) continue;
    for (const text of occurrences.split(" ").filter(Boolean)) {
      const [from, length, goroutine] = text.split(",").map(Number);
      if (found.length < MOST_MARKS && from + length >= 0)
        found.push({ finding: fingerprint, rule, from: Math.max(0, from), to: from + length, goroutine });
    }
  }
  return found.sort((a, b) => a.from - b.from);
};

/** Return which records a text finds: those of `g123`, or whose function or stack has the text; null for no text. */
const hitsOf = (picture, goroutines, text) => {
  const words = text.trim().toLowerCase();
  const { lanes, stacks } = picture;
  if (!words) return null;
  const hits = new Uint8Array(lanes.size);
  const id = /^g(\d{1,15})$/.exec(words);
  if (id) {
    for (const i of lanes.of(Number(id[1]))) hits[i] = 1;
    return hits;
  }
  const frames = new Uint8Array(stacks.line.length);
  for (let frame = 0; frame < frames.length; frame++) {
    const isHit =
      stacks.name(frame).toLowerCase().includes(words) ||
      stacks.strings[stacks.file[frame]].toLowerCase().includes(words);
    frames[frame] = isHit ? 1 : 0;
  }
  const nodes = new Uint8Array(stacks.size);
  for (let node = 1; node < stacks.size; node++)
    nodes[node] = frames[stacks.frame[node - 1]] | nodes[stacks.parent[node - 1]];
  const ids = new Set();
  goroutines.id.forEach((goroutine, life) => {
    if (goroutines.strings[goroutines.name[life]].toLowerCase().includes(words)) ids.add(goroutine);
  });
  for (let i = 0; i < lanes.size; i++)
    hits[i] = nodes[lanes.node[i]] | (ids.size && ids.has(lanes.goroutine[i]) ? 1 : 0);
  return hits;
};

/** Return the busy time of hits in each group of records. */
const groupHitsOf = (lanes, hits) => {
  const sums = new Float64Array(lanes.groupBusy.length);
  for (let lane = 0; lane < lanes.procs.length; lane++) {
    for (let i = lanes.first[lane]; i < lanes.first[lane + 1]; i++) {
      if (hits[i]) sums[lanes.firstGroup[lane] + Math.floor((i - lanes.first[lane]) / GROUP_SIZE)] += lanes.busy[i];
    }
  }
  return sums;
};

class TimelineSearch {
  constructor(timeline) {
    this.timeline = timeline;
    this.text = "";
    this.input = make("input", {
      type: "search",
      class: "tl-search",
      placeholder: "Function, file, g123 or rule",
      "aria-label": "Search the timeline",
      autocomplete: "off",
      spellcheck: "false",
      maxlength: String(LONGEST),
      on: { input: () => this.later(), keydown: (event) => this.pressed(event) },
    });
    this.found = make("output", { class: "tl-found" });
  }

  later() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => go({ q: this.input.value }), 200);
  }

  pressed(event) {
    if (event.key === "Enter") {
      clearTimeout(this.waiting);
      if (this.input.value !== this.text) {
        this.show(this.input.value);
        go({ q: this.input.value });
      }
      this.next(event.shiftKey ? -1 : 1);
      event.preventDefault();
    } else if (event.key === "Escape") {
      if (!this.input.value) this.input.blur();
      this.input.value = "";
      go({ q: "" });
      event.preventDefault();
    }
    event.stopPropagation();
  }

  /** Highlight what a text finds. */
  show(text) {
    const { picture, goroutines, marks } = this.timeline;
    if (document.activeElement !== this.input) this.input.value = text;
    this.text = text;
    const rule = text && marks.find((mark) => mark.rule.toLowerCase() === text.trim().toLowerCase());
    picture.hits = rule ? null : hitsOf(picture, goroutines, text);
    picture.groupHits = picture.hits && groupHitsOf(picture.lanes, picture.hits);
    if (rule) this.timeline.choose(rule.finding);
    let [number, ns] = [0, 0];
    picture.hits?.forEach((isHit, i) => {
      number += isHit;
      ns += isHit ? picture.lanes.busy[i] : 0;
    });
    const words = rule
      ? plural(marks.filter((mark) => mark.rule === rule.rule).length, "occurrence")
      : `${plural(number, "record")}, ${duration(ns)}`;
    this.found.value = text ? words : "";
    this.timeline.root.dataset.hits = picture.hits ? number : "";
    this.timeline.changed();
  }

  /** Select the next or the previous hit in time. */
  next(step) {
    const { timeline } = this;
    const { lanes, hits } = timeline.picture;
    if (!hits) return timeline.occurrence(step);
    const { selected } = timeline;
    const now = selected ? selected.time : step > 0 ? -1 : timeline.whole + 1;
    let best = -1;
    for (let i = 0; i < lanes.size; i++) {
      if (!hits[i] || (lanes.start[i] - now) * step <= 0) continue;
      if (best < 0 || (lanes.start[best] - lanes.start[i]) * step > 0) best = i;
    }
    if (best >= 0) timeline.select(best);
    else announce(step > 0 ? "No later match" : "No earlier match");
    return best;
  }
}
