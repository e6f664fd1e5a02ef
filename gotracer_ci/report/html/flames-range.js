// What goroutines did in a range of the timeline, as samples of a profile.

const CPU_SAMPLE_NS = 1e7; // Go's default rate, 100 a second of running time; the trace does not say it

/** Sums pieces of time by stack, state and reason, as far as they are in a range. */
class RangeSums {
  constructor(range) {
    [this.from, this.to] = range;
    this.sums = new Map();
  }

  add(from, to, node, state, reason) {
    const ns = Math.min(to, this.to) - Math.max(from, this.from);
    if (ns <= 0) return;
    const key = `${node} ${state} ${reason}`;
    const one = this.sums.get(key);
    if (one) {
      one.ns += ns;
      one.count++;
    } else this.sums.set(key, { node, state, reason, count: 1, ns });
  }

  /** Add what a goroutine did, from its records in order, and after the last one until it ended. */
  life(lanes, list, ended) {
    const pause = (state, from, to, record) => {
      if (record < 0 || lanes.row[record] < 0 || state === "ended") return;
      this.add(from, to, lanes.node[record], state, state === "waiting" ? reasonAfter(lanes, record) : "");
    };
    for (let at = lanes.place(list, this.from); at < list.length; at++) {
      const record = list[at];
      for (const { state, from, to } of pausesBefore(lanes, list, at, lanes.start[record]))
        pause(state, from, to, at ? list[at - 1] : -1);
      if (lanes.start[record] >= this.to) return;
      if (lanes.row[record] < 0) continue;
      this.add(
        lanes.start[record],
        lanes.end(record),
        lanes.node[record],
        lanes.isCall(record) ? "syscall" : "running",
        "",
      );
    }
    const last = list[list.length - 1];
    pause(stateAfter(lanes, last), lanes.end(last), ended, last);
  }

  samples() {
    return [...this.sums.values()];
  }
}

/** Return when each goroutine ended, by ID; null for the runtime's own. */
const endsOf = async (lanes, trace) => {
  const [tables, summary] = [await stream("tables"), await stream(`summary-${trace}`)];
  const system = summary.blocks.get("groups").column("system");
  const found = new Map();
  for (const { id, ended, group } of rowsOf(tables && tables.blocks.get("goroutines")))
    found.set(id, group >= 0 && system[group] ? null : ended < 0 ? lanes.to : ended);
  return found;
};

/** Return [{node, state, reason, count, ns}] of a range: exact slices, and the waits that they end in. */
const rangeSamples = async ({ t }) => {
  const found = await stream("lanes");
  if (!found || !found.blocks.size) return [];
  const lanes = lanesOf(found);
  const ends = await endsOf(lanes, found.header.trace);
  const sums = new RangeSums(t);
  for (const id of new Set(lanes.goroutine)) {
    const ended = ends.has(id) ? ends.get(id) : lanes.to;
    if (ended !== null) sums.life(lanes, lanes.of(id), ended);
  }
  return sums.samples();
};

/** Return the same of one goroutine, over the whole trace. */
const goroutineSamples = async ({ g }) => {
  const found = await stream("lanes");
  const lanes = found && found.blocks.size ? lanesOf(found) : null;
  if (!lanes || !lanes.of(g).length) return [];
  const ends = await endsOf(lanes, found.header.trace);
  const sums = new RangeSums([lanes.from, lanes.to]);
  sums.life(lanes, lanes.of(g), ends.get(g) ?? lanes.to);
  return sums.samples();
};

/** Return the CPU samples of a range. */
const rangeCpuSamples = async ({ t: range }) => {
  const tables = await stream("tables");
  const sums = new Map();
  for (const { at, node } of rowsOf(tables && tables.blocks.get("cpu"))) {
    if (at >= range[0] && at < range[1]) sums.set(node, (sums.get(node) || 0) + 1);
  }
  return [...sums].map(([node, count]) => ({ node, state: "running", reason: "", count, ns: count * CPU_SAMPLE_NS }));
};
