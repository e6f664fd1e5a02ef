// The moment of a finding: what goroutines did around its worst occurrence, drawn when its row is opened.

const MOMENT_WIDTH = 1000;
const MOMENT_HEIGHT = 14;
const MOMENT_OTHERS = 3;
const MOMENT_LEFT = 5;
const MOMENT_BINS = 200;
/** Narrower rectangles are left out next to others, so that a row has at most about as many as it has pixels. */
const MOMENT_PIXEL = 1;

const MOMENT_KEY = [
  ["lock", "waits for a lock"],
  ["waiting", "waits otherwise"],
  ["runnable", "runnable"],
  ["running", "running"],
  ["syscall", "in a system call"],
];

const momentData = () => {
  momentData.found ||= (async () => {
    const [lanes, tables] = await Promise.all(["lanes", "tables"].map(stream));
    if (!lanes || !lanes.header.procs || !lanes.header.procs.length) return null;
    const goroutines = new Lives(tables, await stream(`summary-${lanes.header.trace}`));
    return { lanes: lanesOf(lanes), goroutines };
  })();
  return momentData.found;
};

/** Return what a goroutine did in a time range: [[state, from, to, why it waited], …] in order. */
const statesWithin = (lanes, goroutine, first, last) => {
  const list = lanes.of(goroutine);
  const found = [];
  const why = (record) => (record < 0 || lanes.row[record] < 0 ? "" : lanes.reasons[lanes.reason[lanes.row[record]]]);
  const pauses = (at) => {
    for (const { state, from, to, record } of pausesBefore(lanes, list, at, first))
      found.push([state, from, to, state === "waiting" ? why(record) : ""]);
  };
  let at = lanes.place(list, first);
  for (; at < list.length && lanes.start[list[at]] < last; at++) {
    pauses(at);
    const record = list[at];
    found.push([lanes.isCall(record) ? "syscall" : lanes.row[record] < 0 ? "short" : "running", lanes.start[record], lanes.end(record)]);
  }
  if (at < list.length) {
    pauses(at);
  } else {
    const record = at ? list[at - 1] : -1;
    const state = stateAfter(lanes, record);
    if (state !== "ended") found.push([state, Math.max(first, at ? lanes.end(record) : first), last, why(record)]);
  }
  return found.map(([state, from, to, reason]) => [state, Math.max(from, first), Math.min(to, last), reason]).filter(([, from, to]) => to > from);
};

/** Return who made a goroutine runnable after a time; −1 if unknown. */
const wakerAfter = (lanes, goroutine, time) => {
  const list = lanes.of(goroutine);
  const record = list[lanes.place(list, time)];
  return record === undefined || lanes.row[record] < 0 ? -1 : lanes.waker[lanes.row[record]];
};

/** Return the goroutines that ran longest in a time range, longest first: [[goroutine, ns], …]. */
const busiest = (lanes, from, to) => {
  const found = new Map();
  lanes.within(from, to, (record, ns) => {
    if (!lanes.isCall(record)) found.set(lanes.goroutine[record], (found.get(lanes.goroutine[record]) || 0) + ns);
  });
  return [...found].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
};

const THICKNESS = { waiting: 4, blocked: 4 };

/** Return the lives that are left at the end and that a finding's stack or place names, in the order of creation. */
const leftBehind = (goroutines, row, first) => {
  const named = new Set([...row.querySelectorAll(".stack b, .place .function")].map((element) => element.textContent));
  const places = new Map(goroutines.groups.map((group) => [group.number, clean(group.place)]));
  const isNamed = (life) => named.has(clean(goroutines.strings[goroutines.name[life]])) || named.has(places.get(goroutines.group[life]));
  const lives = [...goroutines.id.keys()].filter((life) => goroutines.ended[life] < 0 && goroutines.created[life] >= first && isNamed(life));
  return lives.sort((a, b) => goroutines.created[a] - goroutines.created[b]);
};

/** Return one row: who, and a bar of rectangles [[state, from, to, why it waits], …]. share: of the row's height. */
const momentRow = (label, rectangles, { first, last, start, length }) => {
  const x = (time) => ((time - first) / (last - first)) * MOMENT_WIDTH;
  const bar = (name, from, to, y, height, title = "") =>
    svg(
      "rect",
      { class: name, x: x(from).toFixed(1), width: Math.max(x(to) - x(from), 1.2).toFixed(1), y, height },
      ...(title ? [svg("title", { text: `${title}, ${duration(Math.round(to - from))}` })] : []),
    );
  const drawn = [];
  let end = -1;
  for (const [state, from, to, reason = "", share = 1] of rectangles) {
    if (drawn.length && x(to) - end < MOMENT_PIXEL) continue;
    end = x(to);
    const isLock = reason.startsWith("sync");
    const height = isLock ? 8 : THICKNESS[state] || MOMENT_HEIGHT * share;
    const y = THICKNESS[state] ? (MOMENT_HEIGHT - height) / 2 : MOMENT_HEIGHT - height;
    drawn.push(bar(isLock ? `${state} lock` : state, from, to, y, height, share === 1 && `${state} ${clean(reason)}`.trim()));
  }
  return make(
    "div",
    { class: "moment-row" },
    label,
    svg(
      "svg",
      { viewBox: `0 0 ${MOMENT_WIDTH} ${MOMENT_HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      ...(length > 0 ? [bar("occurrence", Math.max(start, first), Math.min(start + length, last), 0, MOMENT_HEIGHT)] : []),
      ...drawn,
    ),
  );
};

/** Return the share of the Ps that was busy, as rectangles. */
const busyWithin = (lanes, first, last) => {
  const width = (last - first) / MOMENT_BINS;
  const busy = new Float64Array(MOMENT_BINS);
  lanes.within(first, last, (record, ns) => {
    const from = Math.max(lanes.start[record], first);
    const to = Math.min(lanes.end(record), last);
    const density = to > from ? ns / (to - from) : 0;
    for (let bin = Math.floor((from - first) / width); bin < MOMENT_BINS && first + bin * width < to; bin++)
      busy[bin] += density * Math.max(0, Math.min(to, first + (bin + 1) * width) - Math.max(from, first + bin * width));
  });
  const whole = width * Math.max(1, lanes.procs.length);
  return [...busy].map((ns, bin) => ["busy", first + bin * width, first + (bin + 1) * width, "", Math.min(0.999, ns / whole)]).filter(([, , , , share]) => share > 0);
};

/** Draw the moment of a finding into its figure. */
const drawMoment = async (figure) => {
  const data = await momentData();
  if (!data || figure.hasChildNodes()) return;
  const { lanes, goroutines } = data;
  const [start, length, first, last, goroutine] = ["start", "length", "first", "last", "goroutine"].map((name) => Number(figure.dataset[name]));
  const window = { start, length, first, last };
  const named = (id, what) => {
    const name = short(goroutines.function(id, start));
    const title = `goroutine ${id}${what ? `, ${what}` : ""}`;
    return make("span", { class: "moment-who" }, link(title, { v: "timeline", t: [first, last], g: id }), make("small", { text: name }));
  };
  const rows = [];
  let extent = "";
  if (goroutine > 0) {
    const waker = wakerAfter(lanes, goroutine, start + length);
    rows.push([goroutine, ""]);
    if (waker > 0 && waker !== goroutine) rows.push([waker, "woke it"]);
  }
  if (figure.hasAttribute("data-counted")) {
    const left = leftBehind(goroutines, figure.closest(".row"), first).map((life) => goroutines.id[life]);
    if (!left.length) return;
    const step = Math.max(1, (left.length - 1) / (MOMENT_LEFT - 1));
    for (let at = 0; Math.round(at) < left.length && rows.length < MOMENT_LEFT; at += step) rows.push([left[Math.round(at)], ""]);
    extent = `${rows.length} of ${plural(left.length, "goroutine")}`;
  } else {
    const drawn = new Set(rows.map(([id]) => id));
    const others = busiest(lanes, start, start + length).filter(([id]) => id > 0 && !drawn.has(id));
    rows.push(...others.slice(0, MOMENT_OTHERS).map(([id, ns]) => [id, `ran ${duration(Math.round(ns))}`]));
  }
  const born = (id) => Math.max(first, goroutines.created[goroutines.life(id, start + length)] ?? first);
  figure.append(
    ...rows.map(([id, what]) => momentRow(named(id, what), statesWithin(lanes, id, born(id), last), window)),
    momentRow(make("span", { class: "moment-who" }, `${plural(lanes.procs.length, "P")}, busy share`), busyWithin(lanes, first, last), window),
    make("figcaption", {}, make("span", { text: timestamp(first) }), make("span", { text: duration(last - first) }), make("span", { text: timestamp(last) })),
    make("p", { class: "explained" }, extent && make("span", { text: `${extent} that are left;` }), ...MOMENT_KEY.map(([name, text]) => make("span", {}, make("i", { class: `key ${name}` }), text))),
  );
  figure.setAttribute("aria-label", `What ${plural(rows.length, "goroutine")} did around the worst occurrence`);
};

const momentsOf = (row) =>
  "DecompressionStream" in window ? Promise.all([...row.querySelectorAll(":scope > .body > .moment")].map(drawMoment)) : Promise.resolve();

for (const row of document.querySelectorAll("details.row")) row.addEventListener("toggle", () => row.open && momentsOf(row));
