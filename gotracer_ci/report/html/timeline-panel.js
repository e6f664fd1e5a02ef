// The panel beside the lanes: everything about the selected slice, goroutine or range.

const MOST_FUNCTIONS = 8;

/** Return the words for what a record is. */
const whatIs = (lanes, record) => {
  if (lanes.row[record] < 0) return `${count(lanes.slices[record])} short slices`;
  return lanes.isCall(record) ? "in a system call" : "ran";
};

/** Return how an exact slice ended, in words. */
const endOf = (timeline, record) => {
  const { lanes } = timeline.picture;
  const kind = lanes.kind[lanes.row[record]];
  const reason = lanes.reasons[lanes.reason[lanes.row[record]]];
  if ((kind === KIND_RUNS || kind === KIND_STAYS) && lanes.to < timeline.whole) return "goes on after what was read";
  return kind === KIND_STOPPED && reason ? clean(reason) : ENDINGS[kind];
};

/** Return how long a record is, in words. The lanes can be of a part of the trace, which cuts what is longer. */
const lengthOf = (timeline, record) => {
  const { lanes } = timeline.picture;
  const isCut =
    (lanes.from > 0 && lanes.start[record] <= lanes.from) ||
    (lanes.to < timeline.whole && lanes.end(record) >= lanes.to);
  return `${isCut ? "at least " : ""}${duration(lanes.length[record])}`;
};

/** Return `goroutine 12` as a link that selects it at a time. */
const goroutineLink = (timeline, id, time) => {
  const name = timeline.goroutines.function(id, time);
  const words = `goroutine ${id}`;
  const address = link(words, { ...state, v: "timeline", g: id, t: null });
  address.addEventListener("click", (event) => {
    event.preventDefault();
    timeline.selectGoroutine(id, time);
  });
  return make("span", {}, address, name ? make("span", { class: "muted", text: ` ${short(name)}` }) : "");
};

/** Return a link or button that goes to a time of another record. */
const jumpTo = (timeline, words, record) =>
  make("button", { type: "button", class: "tl-jump", text: words, on: { click: () => timeline.select(record) } });

const factsList = (pairs) =>
  make(
    "dl",
    { class: "tl-facts" },
    ...pairs
      .filter(([, value]) => value !== null && value !== "")
      .flatMap(([name, value]) => [make("dt", { text: name }), make("dd", {}, value)]),
  );

/** Return the findings of some occurrences as a fact, each with its first one. */
const findingsFact = (marks) => {
  const first = new Map();
  for (const mark of marks) if (!first.has(mark.finding)) first.set(mark.finding, mark);
  const links = [...first.values()].slice(0, MOST_FUNCTIONS).map(({ finding, rule, from }) =>
    make("div", {}, link(rule, { v: "findings", f: finding }), make("span", { class: "muted", text: ` ${timestamp(from)}` })),
  );
  return ["Findings", links.length ? make("div", {}, ...links) : ""];
};

const findingsOf = (timeline, id) => findingsFact(timeline.marks.filter((mark) => mark.goroutine === id));

/** Return the frames of a stack as a list, own code emphasised. */
const stackOf = (stacks, node) => {
  const frames = stacks.frames(node);
  return make(
    "ol",
    { class: "stack" },
    ...frames.map((frame) =>
      make(
        "li",
        { class: stacks.owner[frame] === 0 ? "own" : null },
        make("b", {}, link(clean(stacks.name(frame)), { v: "flames", p: "wall", q: stacks.name(frame).slice(0, LONGEST) })),
        " ",
        source(stacks.strings[stacks.file[frame]], stacks.line[frame], stacks.linked[frame]),
      ),
    ),
  );
};

/** Return what came before a slice and what came after it, as facts. */
const sliceFacts = (timeline, record) => {
  const { lanes } = timeline.picture;
  const row = lanes.row[record];
  const list = lanes.of(lanes.goroutine[record]);
  const at = list.indexOf(record);
  const [wait] = at > 0 ? pausesBefore(lanes, list, at, 0).filter((pause) => pause.state !== "runnable") : [];
  const waker = wakerOf(lanes, record);
  const facts = [];
  if (wait) {
    const why =
      wait.state === "blocked" ? "in a system call without a P" : clean(reasonAfter(lanes, wait.record)) || "unknown";
    const most = lanes.hasRuns ? "at most " : "";
    facts.push([
      "Waited before",
      make(
        "span",
        {},
        `${most}${duration(wait.to - wait.from)}: ${why} `,
        jumpTo(timeline, "previous slice", wait.record),
      ),
    ]);
  }
  if (row >= 0 && lanes.kind[row] < KIND_CALL) facts.push(["In the run queue", duration(lanes.queued[row])]);
  if (waker) facts.push(["Made runnable by", goroutineLink(timeline, waker.goroutine, waker.time)]);
  return facts;
};

const slicePanel = (timeline, record) => {
  const { lanes, stacks } = timeline.picture;
  const isRun = lanes.row[record] < 0;
  const lane = lanes.laneOf(record);
  const title = isRun ? `${count(lanes.slices[record])} short slices` : `Goroutine ${lanes.goroutine[record]}`;
  const name = timeline.goroutines.function(lanes.goroutine[record], lanes.start[record]);
  const summary = isRun
    ? `On P ${lanes.procs[lane]}, busy ${duration(lanes.busy[record])} of ${lengthOf(timeline, record)}. They are too short to be shown one by one.`
    : `${lanes.isCall(record) ? "In a system call with the P for" : "Ran"} ${lengthOf(timeline, record)} on P ${lanes.procs[lane]}.`;
  return [
    make("h2", { text: title }),
    make("p", { class: "tl-name", text: clean(name) }),
    make("p", { text: summary }),
    factsList([
      ["At", timestamp(lanes.start[record])],
      ...(isRun
        ? [["Longest slice of", goroutineLink(timeline, lanes.goroutine[record], lanes.start[record])]]
        : sliceFacts(timeline, record)),
      ...(isRun ? [] : [["How it ended", endOf(timeline, record)]]),
      ...creationFacts(timeline, lanes.goroutine[record], lanes.start[record]),
      findingsOf(timeline, lanes.goroutine[record]),
    ]),
    ...(lanes.node[record]
      ? [
          make("h3", { text: isRun ? "Stack at the end of the longest slice" : "Stack at its end" }),
          stackOf(stacks, lanes.node[record]),
        ]
      : []),
    goroutineLinks(timeline, lanes.goroutine[record]),
  ];
};

/** Return who created a goroutine, as facts. */
const creationFacts = (timeline, id, time) => {
  const { goroutines, base } = timeline;
  const life = goroutines.life(id, time);
  if (life < 0) return [];
  const place = goroutines.node[life] ? base.stacks.place(goroutines.node[life]) : -1;
  const facts = [];
  if (goroutines.creator[life] >= 0 && goroutines.created[life] >= 0) {
    facts.push(["Created by", goroutineLink(timeline, goroutines.creator[life], goroutines.created[life])]);
  }
  if (place >= 0)
    facts.push([
      "Created at",
      source(base.stacks.strings[base.stacks.file[place]], base.stacks.line[place], base.stacks.linked[place]),
    ]);
  facts.push([
    "Lived",
    `${goroutines.created[life] < 0 ? "from before the trace" : `from ${timestamp(goroutines.created[life])}`} ${goroutines.ended[life] < 0 ? "to its end" : `to ${timestamp(goroutines.ended[life])}`}`,
  ]);
  return facts;
};

const goroutineLinks = (timeline, id) =>
  make("p", { class: "tl-links" }, link("Show in Goroutines", { ...state, v: "goroutines", g: id, q: null }));

const goroutinePanel = (timeline, id, time) => [
  make("h2", { text: `Goroutine ${id}` }),
  make("p", { class: "tl-name", text: clean(timeline.goroutines.function(id, time)) }),
  make("p", {
    text: timeline.picture.lanes.hasRuns
      ? `None of its slices is the longest of its run, and none is longer than ${duration(timeline.picture.lanes.resolution)}.`
      : "It has no slices in the timeline.",
  }),
  factsList([...creationFacts(timeline, id, time), findingsOf(timeline, id)]),
  goroutineLinks(timeline, id),
];

/** Return the time of each state and function in a range: sums over all Ps, of short runs in proportion. */
const sumsOf = (picture, goroutines, from, to) => {
  const { lanes, stacks, hue } = picture;
  const sums = { running: 0, syscall: 0, records: 0, functions: new Map(), places: new Map(), hue };
  const add = (map, key, ns) => map.set(key, (map.get(key) || 0) + ns);
  const names = new Map();
  lanes.within(from, to, (i, ns) => {
    sums.records++;
    sums[lanes.isCall(i) ? "syscall" : "running"] += ns;
    add(names, lanes.goroutine[i], ns);
    add(sums.places, lanes.node[i], ns);
  });
  for (const [id, ns] of names) add(sums.functions, goroutines.function(id, from), ns);
  const byPlace = new Map();
  for (const [node, ns] of sums.places) {
    const frame = stacks.place(node);
    add(byPlace, frame < 0 ? "" : stacks.name(frame), ns);
  }
  sums.places = byPlace;
  return sums;
};

/** Return the sums of a column of the states over time in a range, of its first and last part in proportion. */
const stateSum = (summary, name, from, to) => {
  const values = summary.blocks.get("states").column(name);
  const width = summary.header.states.width_ns;
  let sum = 0;
  for (let i = Math.floor(from / width); i < values.length && i * width < to; i++) {
    const end = Math.min((i + 1) * width, summary.header.duration_ns);
    const inside = Math.min(to, end) - Math.max(from, i * width);
    if (inside > 0) sum += (values[i] * inside) / (end - i * width);
  }
  return sum;
};

const rangePanel = (timeline, [from, to]) => {
  const { picture, goroutines, summary } = timeline;
  const sums = sumsOf(picture, goroutines, from, to);
  const room = picture.lanes.procs.length * (to - from);
  const line = (name, ns, whole) => [
    name,
    make("span", { "data-ns": ns }, `${duration(Math.round(ns))}${whole ? ` (${percentage(ns / whole)})` : ""}`),
  ];
  const idle = Math.max(0, room - sums.running - sums.syscall);
  const list = (title, map, leads) => {
    const rows = [...map].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MOST_FUNCTIONS);
    if (!rows.length) return [];
    return [
      make("h3", { text: title }),
      make(
        "table",
        { class: "tl-top-functions" },
        make(
          "tbody",
          {},
          ...rows.map(([name, ns]) =>
            make(
              "tr",
              {},
              make("td", { title: clean(name) }, name ? link(clean(short(name)), { ...leads, q: name.slice(0, LONGEST) }) : "unknown"),
              make("td", { class: "n", "data-ns": ns, text: duration(Math.round(ns)) }),
            ),
          ),
        ),
      ),
    ];
  };
  return [
    make("h2", { text: duration(Math.round(to - from)) }),
    make("p", { text: `From ${timestamp(from)} to ${timestamp(to)}, on ${plural(picture.lanes.procs.length, "P")}.` }),
    make(
      "p",
      { class: "tl-links" },
      link("Flame graph of this range", { ...state, v: "flames", t: [from, to], p: "range", q: null }),
    ),
    make("h3", { text: "Ps" }),
    factsList([
      line("Running", sums.running, room),
      line("In system calls", sums.syscall, room),
      line("Idle", idle, room),
    ]),
    make("h3", { text: "Goroutines, summed" }),
    factsList(
      [
        ["Runnable", "runnable"],
        ["Waiting", "waiting"],
        ["In system calls without a P", "syscall_blocked"],
      ].map(([name, column]) => line(name, stateSum(summary, column, from, to))),
    ),
    factsList([findingsFact(timeline.marks.filter((mark) => mark.from < to && mark.to > from))]),
    ...list("Goroutines that ran, by function", sums.functions, { v: "goroutines" }),
    ...list("Where slices ended", sums.places, { v: "flames", t: [from, to], p: "range" }),
  ];
};

const LEGEND = [
  ["running", "ran; the colour is that of the goroutine's function"],
  ["short", "short slices, as high as their busy share"],
  ["syscall", "in a system call"],
  ["runnable", "runnable: in the run queue"],
  ["waiting", "waiting"],
  ["gc", "garbage collection"],
  ["stw", "the world is stopped"],
];

const legendPanel = (timeline) => {
  const { lanes } = timeline.picture;
  const exact = lanes.hasRuns
    ? `Slices of more than ${duration(lanes.resolution)} are exact; shorter ones are merged into runs.`
    : "Every slice is exact.";
  return [
    make("h2", { text: "What ran on each P" }),
    make("p", { text: "Click a slice for its details. Drag with Shift held down to select a range." }),
    make(
      "ul",
      { class: "tl-legend" },
      ...LEGEND.map(([name, text]) => make("li", {}, make("i", { class: `tl-key ${name}` }), text)),
    ),
    make("p", { class: "muted", text: `${exact} Press ? for all keys.` }),
  ];
};

/** Return the content of the panel. */
const panelOf = (timeline) => {
  if (timeline.range) return rangePanel(timeline, timeline.range);
  const { selected } = timeline;
  if (!selected) return legendPanel(timeline);
  return selected.record < 0
    ? goroutinePanel(timeline, selected.goroutine, selected.time)
    : slicePanel(timeline, selected.record);
};
