// What ran on each P, as columns. A record is one slice, or a short run: slices that were too short to be kept apart.

/** How an exact slice ended (docs/report-data.md); those from KIND_CALL on were in a system call. */
const ENDINGS = [
  "stopped",
  "began a system call",
  "ended",
  "was still running at the end",
  "returned from the system call",
  "lost the P",
  "was still in the system call at the end",
];
const KIND_STOPPED = 0;
const KIND_RUNS = 3;
const KIND_CALL = 4;
const KIND_STAYS = 6;
const GROUP_SIZE = 16;

/**
 * The lanes. Record i belongs to lane l if first[l] ≤ i < first[l + 1]; records of a lane are in order.
 *
 * By record: start, length, busy (ns), slices, goroutine, node, and row: of an exact slice, the index of kind, reason,
 * queued (ns runnable before it) and waker; −1 for a short run, whose goroutine and node are those of its longest slice.
 * Groups of 16 records are drawn as one where they are narrower than a pixel.
 */
class Lanes {
  /** procs: the Ps that have a lane, also if the stream has none for them. */
  constructor({ header, blocks }, procs = header.procs || []) {
    const own = header.procs || [];
    this.procs = procs;
    this.from = header.from_ns || 0;
    this.to = header.to_ns || 0;
    this.resolution = header.resolution_ns || 0;
    this.longestRun = header.run_ns || 0;
    this.reasons = header.reasons || [""];
    const lanes = procs.map((proc) => blocks.get(`lane-${own.indexOf(proc)}`) || null);
    this.first = new Int32Array(lanes.length + 1);
    this.firstGroup = new Int32Array(lanes.length + 1);
    let exact = 0;
    lanes.forEach((block, lane) => {
      const records = block ? block.count("length") : 0;
      this.first[lane + 1] = this.first[lane] + records;
      this.firstGroup[lane + 1] = this.firstGroup[lane] + Math.ceil(records / GROUP_SIZE);
      exact += block ? block.count("kind") : 0;
    });
    this.size = this.first[lanes.length];
    for (const name of ["start", "length", "busy", "goroutine"]) this[name] = new Float64Array(this.size);
    for (const name of ["queued", "waker"]) this[name] = new Float64Array(exact);
    this.slices = new Uint32Array(this.size);
    this.node = new Uint32Array(this.size);
    this.row = new Int32Array(this.size);
    this.kind = new Uint8Array(exact);
    this.reason = new Uint16Array(exact);
    this.groupBusy = new Float64Array(this.firstGroup[lanes.length]);
    this.groupLongest = new Int32Array(this.firstGroup[lanes.length]);
    this.exact = 0;
    lanes.forEach((block, lane) => block && this.fill(block, this.first[lane], this.firstGroup[lane]));
    const ranges = blocks.get("ranges");
    this.ranges = Object.fromEntries(
      ["lane", "start", "length", "kind", "goroutine"].map((name) => [name, ranges ? ranges.column(name) : []]),
    );
    this.ranges.lane = Array.from(this.ranges.lane, (lane) => procs.indexOf(own[lane]));
  }

  /** Copy a lane. What is decoded here is not kept, because it would be twice in memory. */
  fill(block, first, firstGroup) {
    const column = (name) => decoded(block.columns.get(name));
    for (const name of ["length", "goroutine", "slices", "node"]) this[name].set(column(name), first);
    for (const name of ["kind", "reason", "queued", "waker"]) this[name].set(column(name), this.exact);
    const gaps = column("gap");
    const idle = column("idle");
    let time = this.from;
    let runs = 0;
    for (let at = 0; at < gaps.length; at++) {
      const i = first + at;
      const group = firstGroup + Math.floor(at / GROUP_SIZE);
      const isExact = this.slices[i] === 1;
      this.start[i] = time += gaps[at];
      time += this.length[i];
      this.row[i] = isExact ? this.exact++ : -1;
      this.busy[i] = isExact ? this.length[i] : this.length[i] - idle[runs++];
      this.groupBusy[group] += this.busy[i];
      if (at % GROUP_SIZE === 0 || this.busy[i] > this.busy[this.groupLongest[group]]) this.groupLongest[group] = i;
    }
  }

  /** Whether some slices are not exact. */
  get hasRuns() {
    return this.exact < this.size;
  }

  end(i) {
    return this.start[i] + this.length[i];
  }

  laneOf(i) {
    let lane = 0;
    while (this.first[lane + 1] <= i) lane++;
    return lane;
  }

  /** Whether the record is an exact slice in a system call. */
  isCall(i) {
    return this.row[i] >= 0 && this.kind[this.row[i]] >= KIND_CALL;
  }

  /** Return the first record of a lane that ends after a time; the lane's end if there is none. */
  after(lane, time) {
    let low = this.first[lane];
    let high = this.first[lane + 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.end(middle) > time) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Return the record of a lane at a time, −1 if the P is idle then. */
  at(lane, time) {
    const i = this.after(lane, time);
    return i < this.first[lane + 1] && this.start[i] <= time ? i : -1;
  }

  /** Call visit(record, ns of it inside) for all records of a time range, lane by lane. */
  within(from, to, visit) {
    for (let lane = 0; lane < this.procs.length; lane++) {
      for (let i = this.after(lane, from); i < this.first[lane + 1] && this.start[i] < to; i++) {
        const inside = Math.min(this.end(i), to) - Math.max(this.start[i], from);
        visit(i, this.row[i] >= 0 ? inside : (this.busy[i] * inside) / this.length[i]);
      }
    }
  }

  /** Return the first records of a time range by start, at most `most`, and how many there are. */
  visible(from, to, most) {
    const next = this.procs.map((_, lane) => this.after(lane, from));
    const found = [];
    let total = 0;
    next.forEach((i, lane) => {
      let last = this.after(lane, to);
      if (last < this.first[lane + 1] && this.start[last] < to) last++;
      total += Math.max(0, last - i);
    });
    while (found.length < most && found.length < total) {
      let best = -1;
      next.forEach((i, lane) => {
        const isLeft = i < this.first[lane + 1] && this.start[i] < to;
        if (isLeft && (best < 0 || this.start[i] < this.start[next[best]])) best = lane;
      });
      if (best < 0) break;
      found.push(next[best]++);
    }
    return { records: found, total };
  }

  /** Return the records of a goroutine in order; short runs only where its slice is the longest. */
  of(goroutine) {
    this.index ||= this.indexed();
    const found = this.index.ids.get(goroutine);
    if (found === undefined) return new Int32Array(0);
    const list = this.index.records.subarray(this.index.first[found], this.index.first[found + 1]);
    if (!this.index.sorted[found]) {
      list.sort((a, b) => this.start[a] - this.start[b]);
      this.index.sorted[found] = 1;
    }
    return list;
  }

  indexed() {
    const ids = new Map();
    const numbers = new Int32Array(this.size);
    const counts = [];
    for (let i = 0; i < this.size; i++) {
      let number = ids.get(this.goroutine[i]);
      if (number === undefined) {
        ids.set(this.goroutine[i], (number = ids.size));
        counts.push(0);
      }
      numbers[i] = number;
      counts[number]++;
    }
    const first = new Int32Array(ids.size + 1);
    for (let number = 0; number < ids.size; number++) first[number + 1] = first[number] + counts[number];
    const next = first.slice();
    const records = new Int32Array(this.size);
    for (let i = 0; i < this.size; i++) records[next[numbers[i]]++] = i;
    return { ids, first, records, sorted: new Uint8Array(ids.size) };
  }

  /** Return the index, in the records of a goroutine, of the first one that ends after a time. */
  place(list, time) {
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.end(list[middle]) > time) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Return the goroutine's record at a time or the last one before it, −1 if there is none. */
  latest(goroutine, time) {
    const list = this.of(goroutine);
    const at = this.place(list, time);
    if (at < list.length && this.start[list[at]] <= time) return list[at];
    return at ? list[at - 1] : -1;
  }
}

const lanesMade = new Map();

/** Return the lanes of a stream; the same for the same stream. */
const lanesOf = (found) => {
  if (!lanesMade.has(found)) lanesMade.set(found, new Lanes(found));
  return lanesMade.get(found);
};
