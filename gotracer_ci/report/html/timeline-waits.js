// Rows of goroutines and of their functions: what a goroutine did between its slices.

const KIND_ENDED = 2;
const GROUP_STATES = [
  ["running", 1],
  ["syscall", 1],
  ["runnable", 1],
  ["waiting", 0.35],
];

/** Return the state after a record: a short run does not say, and neither does −1, before the first one. */
const stateAfter = (lanes, record) => {
  const kind = record < 0 || lanes.row[record] < 0 ? KIND_STOPPED : lanes.kind[lanes.row[record]];
  if (kind === KIND_ENDED) return "ended";
  return kind === KIND_STOPPED ? "waiting" : "blocked";
};

/**
 * Return what a goroutine did from a time on until record `at` of its list begins: [{state, from, to, record}], where
 * record is the one whose end tells why it waited, or that the run queue led to; −1 unknown.
 */
const pausesBefore = (lanes, list, at, from) => {
  const last = at ? list[at - 1] : -1;
  const start = at ? lanes.end(last) : from;
  const until = lanes.start[list[at]];
  const row = lanes.row[list[at]];
  const queued = row < 0 ? 0 : Math.min(lanes.queued[row], until - start);
  const found = [];
  if (until - queued > start)
    found.push({ state: stateAfter(lanes, last), from: start, to: until - queued, record: last });
  if (queued > 0) found.push({ state: "runnable", from: until - queued, to: until, record: list[at] });
  return found;
};

/** Return the goroutine's pauses that a time range touches, at most those at least `least` ns long. */
const pausesOf = (timeline, id, life, least) => {
  const { lanes } = timeline.picture;
  const { from, to } = timeline.view;
  const { created, ended } = timeline.goroutines;
  const list = lanes.of(id);
  const begin = Math.max(0, life >= 0 ? created[life] : 0);
  const end = life >= 0 && ended[life] >= 0 ? ended[life] : timeline.whole;
  const found = [];
  let at = lanes.place(list, from);
  for (; at < list.length && lanes.start[list[at]] <= to; at++) {
    if (lanes.start[list[at]] - (at ? lanes.end(list[at - 1]) : begin) >= least)
      found.push(...pausesBefore(lanes, list, at, begin));
  }
  if (at < list.length) found.push(...pausesBefore(lanes, list, at, begin));
  else if (begin < end) {
    const last = list.length ? list[list.length - 1] : -1;
    const start = last < 0 ? begin : Math.max(begin, lanes.end(last));
    if (start < end && stateAfter(lanes, last) !== "ended")
      found.push({ state: stateAfter(lanes, last), from: start, to: end, record: last });
  }
  return found.filter(
    (pause) => pause.state !== "ended" && pause.to > from && pause.from < to && pause.to > begin && pause.from < end,
  );
};

/** Return why a goroutine waits after a record. */
const reasonAfter = (lanes, record) =>
  record >= 0 && lanes.row[record] >= 0 ? lanes.reasons[lanes.reason[lanes.row[record]]] || "" : "";

/** Draw a goroutine: slices in full height, the run queue half as high, waits as a line, system calls without a P striped. */
const drawGoroutine = (timeline, brush, row, y, height) => {
  const { context } = brush;
  const { view, picture } = timeline;
  for (const pause of pausesOf(timeline, row.id, row.life, view.scale)) {
    const x0 = Math.max(-2, timeline.x(pause.from));
    const x1 = Math.min(view.width + 2, timeline.x(pause.to));
    const tall = { waiting: 2, runnable: Math.round(height / 2), blocked: Math.round(height / 2) }[pause.state];
    const top = pause.state === "waiting" ? y + height / 2 - 1 : y + height - tall;
    context.fillStyle = pause.state === "blocked" ? stripes(context, "--blocked") : color(`--${pause.state}`);
    context.fillRect(x0, top, Math.max(0.5, x1 - x0), tall);
    const reason = pause.state === "waiting" ? clean(reasonAfter(picture.lanes, pause.record)) : "";
    if (!reason || x1 - x0 < 60) continue;
    const wide = Math.min(x1 - x0 - 12, reason.length * 5.6 + 8);
    const left = Math.max(0, x0) + 5;
    context.fillStyle = color("--card");
    context.fillRect(left, y, wide, height);
    context.fillStyle = color("--muted");
    fitText(context, reason, left + 4, y + height / 2 + 0.5, wide - 4);
  }
  brush.goroutine(picture.lanes.of(row.id), y, height);
};

/** Draw the states of a function's goroutines over time, one above the other, if the summary has them. */
const drawGroup = (context, timeline, group, y, height) => {
  const { summary, view } = timeline;
  const block = summary.blocks.get("group_states");
  const about = summary.header.group_states;
  const place = about ? about.groups.indexOf(group.number) : -1;
  if (!block || place < 0) return;
  const columns = GROUP_STATES.map(([name]) =>
    block.column(name).subarray(place * about.parts, (place + 1) * about.parts),
  );
  timeline.tallest ||= new Map();
  if (!timeline.tallest.has(place)) {
    let most = 1e-9;
    for (let i = 0; i < about.parts; i++)
      most = Math.max(
        most,
        GROUP_STATES.reduce((sum, [, weight], n) => sum + weight * columns[n][i], 0) / about.width_ns,
      );
    timeline.tallest.set(place, most);
  }
  const most = timeline.tallest.get(place);
  const used = Math.min(about.parts, Math.ceil(timeline.whole / about.width_ns));
  eachPart(view, about.width_ns, used, (x0, x1, i, next) => {
    let top = y + height;
    GROUP_STATES.forEach(([name, weight], number) => {
      const tall = ((weight * summed(columns[number], i, next)) / ((next - i) * about.width_ns) / most) * height;
      if (tall <= 0.05) return;
      context.fillStyle = color(`--${name}`);
      context.fillRect(x0, top - tall, x1 - x0 + 0.3, tall);
      top -= tall;
    });
  });
};
