// Finer lanes of a part of the trace, from the server of `gotracer-ci view`; a page that is a file has none.

const WIDE_RUN = 4;
const KEPT_WINDOWS = 4;

class FinerWindows {
  constructor(timeline, address) {
    Object.assign(this, { timeline, address, kept: [], isBusy: false, failed: "" });
    this.note = make("output", { class: "tl-note" });
  }

  /** Show the finest lanes there are for a view, and fetch finer ones soon if that shows more. */
  look(view) {
    const { timeline } = this;
    const fine = this.kept.find(({ from, to }) => from <= view.from && view.to <= to);
    timeline.show(fine ? fine.picture : timeline.base);
    clearTimeout(this.waiting);
    if (!fine && this.isCoarse(view)) this.waiting = setTimeout(() => this.fetch(), 200);
  }

  /** Whether a short run is so wide that its slices could be seen. */
  isCoarse(view) {
    const { lanes } = this.timeline.base;
    if (lanes.longestRun / view.scale < WIDE_RUN) return false;
    return lanes
      .visible(view.from, view.to, 2000)
      .records.some((i) => lanes.row[i] < 0 && lanes.length[i] / view.scale >= WIDE_RUN);
  }

  async fetch() {
    if (this.isBusy) return;
    const { view, whole } = this.timeline;
    const span = view.to - view.from;
    const from = Math.max(0, Math.floor(view.from - span));
    const to = Math.min(whole, Math.ceil(view.to + span));
    this.isBusy = true;
    this.note.value = "Reading more detail…";
    try {
      const answer = await fetch(`${this.address}?from=${from}&to=${to}`);
      if (!answer.ok) throw new Error((await answer.text()).slice(0, LONGEST));
      const found = await inflated(new Uint8Array(await answer.arrayBuffer()));
      this.kept.unshift({ from, to, picture: this.timeline.pictureOf(found) });
      this.kept.length = Math.min(this.kept.length, KEPT_WINDOWS);
      this.note.value = "";
      this.timeline.root.dataset.windows = String(Number(this.timeline.root.dataset.windows || 0) + 1);
    } catch (error) {
      this.note.value = `More detail cannot be read: ${clean(String(error.message || error))}`;
      this.kept.unshift({ from, to, picture: this.timeline.base });
    }
    this.isBusy = false;
    this.timeline.changed();
  }
}
