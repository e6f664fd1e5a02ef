// Lanes on a canvas. What is narrower than a pixel adds to the busy share of its column; a column is as tall as that.

/** Records at least this wide, in pixels, are drawn for themselves. */
const DRAWN = 1.5;
const LABELLED = 34;
const PALE = 0.35;

/** The busy share of each pixel column of one lane, and the longest record there. */
class PixelColumns {
  constructor() {
    this.width = 0;
  }

  reset(width) {
    if (this.width === width) {
      for (const values of [this.busy, this.hit, this.most]) values.fill(0);
      return;
    }
    this.width = width;
    this.busy = new Float32Array(width + 1);
    this.hit = new Float32Array(width + 1);
    this.most = new Float32Array(width + 1);
    this.record = new Int32Array(width + 1);
  }

  /** Add what is busy from pixel x0 to x1. */
  add(x0, x1, busy, hit, record) {
    const left = Math.max(0, Math.floor(x0));
    const right = Math.min(this.width, Math.floor(x1));
    if (right < left) return;
    const split = right > left && x1 > x0 ? (left + 1 - x0) / (x1 - x0) : 1;
    for (let x = left; x <= right; x++) {
      const share = x === left ? Math.min(1, Math.max(0, split)) : (1 - split) / (right - left);
      this.busy[x] += busy * share;
      this.hit[x] += hit * share;
      if (busy * share > this.most[x]) {
        this.most[x] = busy * share;
        this.record[x] = record;
      }
    }
  }
}

/**
 * Draws records of a picture {lanes, hue, hits, groupHits, label} in a view {from, to, scale (ns a pixel), width}.
 * Counts what it drew: `shown` records.
 */
class LaneBrush {
  constructor() {
    this.columns = new PixelColumns();
    this.shown = 0;
  }

  begin(context, picture, view) {
    Object.assign(this, { context, picture, view, shown: 0, colors: hues() });
    this.text = color("--on-hue");
    this.faint = picture.hits ? 0.22 : 1;
    context.font = FONT_SMALL;
    context.textBaseline = "middle";
  }

  /** Draw a P. */
  lane(lane, y, height) {
    const { lanes, hits, groupHits } = this.picture;
    const { from, to, scale, width } = this.view;
    const first = lanes.first[lane];
    const end = lanes.first[lane + 1];
    this.columns.reset(width);
    let i = lanes.after(lane, from);
    while (i < end && lanes.start[i] < to) {
      if ((i - first) % GROUP_SIZE === 0) {
        const last = Math.min(i + GROUP_SIZE, end) - 1;
        if (lanes.end(last) - lanes.start[i] < scale) {
          const group = lanes.firstGroup[lane] + (i - first) / GROUP_SIZE;
          const x = (lanes.start[i] - from) / scale;
          const hit = hits ? groupHits[group] / scale : 0;
          this.columns.add(
            x,
            (lanes.end(last) - from) / scale,
            lanes.groupBusy[group] / scale,
            hit,
            lanes.groupLongest[group],
          );
          this.shown += last - i + 1;
          i = last + 1;
          continue;
        }
      }
      this.record(i, y, height);
      i++;
    }
    this.flush(y, height);
  }

  /** Draw the records of a goroutine. */
  goroutine(list, y, height) {
    const { lanes } = this.picture;
    this.columns.reset(this.view.width);
    for (let at = lanes.place(list, this.view.from); at < list.length && lanes.start[list[at]] < this.view.to; at++) {
      this.record(list[at], y, height);
    }
    this.flush(y, height);
  }

  record(i, y, height) {
    const { lanes, hits } = this.picture;
    const { from, scale, width } = this.view;
    const x0 = (lanes.start[i] - from) / scale;
    const x1 = x0 + lanes.length[i] / scale;
    this.shown++;
    if (x1 - x0 < DRAWN)
      this.columns.add(x0, x1, lanes.busy[i] / scale, hits && hits[i] ? lanes.busy[i] / scale : 0, i);
    else this.block(i, Math.max(-2, x0), Math.min(width + 2, x1), y, height);
  }

  /** Draw one record: an exact slice in full height, a short run as high as its busy share. */
  block(i, x0, x1, y, height) {
    const { lanes, hue, hits } = this.picture;
    const { context } = this;
    const isRun = lanes.row[i] < 0;
    const tall = isRun ? Math.max(2, Math.round((height * lanes.busy[i]) / lanes.length[i])) : height;
    const width = Math.max(1, x1 - x0 - (x1 - x0 > 4 ? 1 : 0));
    context.globalAlpha = hits && !hits[i] ? this.faint : 1;
    context.fillStyle = this.colors[hue[i]];
    if (isRun) {
      context.globalAlpha *= PALE;
      context.fillRect(x0, y, width, height);
      context.globalAlpha /= PALE;
    }
    if (lanes.isCall(i)) {
      context.globalAlpha *= 0.4;
      context.fillRect(x0, y, width, tall);
      context.globalAlpha /= 0.4;
      context.fillStyle = stripes(context, "--syscall");
    }
    context.fillRect(x0, y + height - tall, width, tall);
    if (width >= LABELLED) {
      const text = this.picture.label(i);
      const left = Math.max(x0, 0) + 4;
      const room = Math.min(x1, this.view.width) - left - 3;
      if (lanes.isCall(i)) {
        context.fillStyle = this.colors[hue[i]];
        context.fillRect(left - 2, y + 2, Math.min(room, text.length * 5.6 + 4), height - 4);
      }
      context.fillStyle = this.text;
      fitText(context, text, left, y + height / 2 + 0.5, room);
    }
    context.globalAlpha = 1;
  }

  /** Draw the columns; neighbours that look the same are one rectangle. */
  flush(y, height) {
    const { hue, hits } = this.picture;
    const { busy, hit, record, width } = this.columns;
    let begin = 0;
    let tall = 0;
    let marked = 0;
    let number = -1;
    for (let x = 0; x <= width; x++) {
      const share = x < width ? busy[x] : 0;
      const now = share > 0 ? Math.max(2, Math.round(Math.min(1, share) * height)) : 0;
      const hitNow = hits && hit[x] > 0 && now ? Math.max(3, Math.min(now, Math.round(hit[x] * height))) : 0;
      const hueNow = now ? hue[record[x]] : -1;
      if (now === tall && hueNow === number && hitNow === marked) continue;
      this.bar(begin, x, y, height, tall, marked, number);
      [begin, tall, marked, number] = [x, now, hitNow, hueNow];
    }
    this.bar(begin, width, y, height, tall, marked, number);
  }

  bar(x0, x1, y, height, tall, marked, number) {
    if (!tall || x1 <= x0) return;
    this.context.fillStyle = this.colors[number];
    // pale in full height, so that a short slice is seen in a long view
    this.context.globalAlpha = PALE * this.faint;
    if (tall < height) this.context.fillRect(x0, y, x1 - x0, height - tall);
    this.context.globalAlpha = this.faint;
    this.context.fillRect(x0, y + height - tall, x1 - x0, tall);
    if (marked) {
      this.context.globalAlpha = PALE;
      this.context.fillRect(x0, y, x1 - x0, height);
      this.context.globalAlpha = 1;
      this.context.fillRect(x0, y + height - marked, x1 - x0, marked);
    }
    this.context.globalAlpha = 1;
  }
}
