// A small picture of each trace: how many goroutines ran and waited for a P, and when the garbage collector ran.

const TRACE_WIDTH = 640;
const TRACE_HEIGHT = 56;

/** Return the path of an area between two lines of heights (0 to 1), each `step` wide. */
const area = (from, to, step) => {
  const y = (share) => (TRACE_HEIGHT * (1 - share)).toFixed(1);
  const top = to.map((share, i) => `${(i * step).toFixed(1)},${y(share)}H${((i + 1) * step).toFixed(1)}`);
  const back = from.map((share, i) => `${((i + 1) * step).toFixed(1)},${y(share)}H${(i * step).toFixed(1)}`);
  return `M${top.join("V").replaceAll(/V[\d.]+,/g, "V")}L${back.reverse().join("V").replaceAll(/V[\d.]+,/g, "V")}Z`;
};

const MOST_PARTS = 320;

/** Return the means of `columns` (ns in each part of `width` ns), in at most MOST_PARTS parts: how many at a time. */
const means = (columns, width) => {
  const many = Math.max(1, Math.ceil(columns[0].length / MOST_PARTS));
  return columns.map((column) => {
    const found = [];
    for (let i = 0; i < column.length; i += many) {
      const part = column.subarray(i, i + many);
      found.push(part.reduce((sum, value) => sum + value, 0) / (width * part.length));
    }
    return found;
  });
};

/** Return the picture of a summary. longest: the duration (ns) that is as wide as the picture. */
const tracePicture = ({ header, blocks }, longest) => {
  const states = blocks.get("states");
  const [running, runnable, gc] = means(["running", "runnable", "gc"].map((name) => states.column(name)), header.states.width_ns);
  const most = running.reduce((top, value, i) => Math.max(top, value + runnable[i]), header.gomaxprocs || 1);
  const step = (TRACE_WIDTH * header.states.width_ns * Math.max(1, Math.ceil(states.count("running") / MOST_PARTS))) / longest;
  const low = running.map((value) => value / most);
  const high = running.map((value, i) => (value + runnable[i]) / most);
  const limit = TRACE_HEIGHT * (1 - header.gomaxprocs / most);
  const mean = (values) => threeDigits(values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length));
  const label = `${mean(running)} goroutines run on average, ${mean(runnable)} are runnable, of ${header.gomaxprocs} Ps`;
  return svg(
    "svg",
    { class: "trace-picture", role: "img", "aria-label": label, viewBox: `0 0 ${TRACE_WIDTH} ${TRACE_HEIGHT + 8}`, preserveAspectRatio: "none" },
    svg("title", { text: label }),
    svg("path", { class: "running", d: area(low.map(() => 0), low, step) }),
    svg("path", { class: "runnable", d: area(low, high, step) }),
    svg("line", { class: "limit", x1: 0, x2: TRACE_WIDTH, y1: limit, y2: limit }),
    ...gc.map((share, i) => [share, i]).filter(([share]) => share > 0.005)
      .map(([, i]) => svg("rect", { class: "gc", x: i * step, width: Math.max(step, 0.5), y: TRACE_HEIGHT + 3, height: 5 })),
  );
};

/** Draw every trace, those of the base after those of the run. */
const tracesDrawn = async (place) => {
  if (!place || !("DecompressionStream" in window)) return;
  const found = [];
  for (let number = 0; byId(`data-summary-${number}`); number++) found.push(await stream(`summary-${number}`));
  const longest = Math.max(1, ...found.map(({ header }) => header.duration_ns));
  const legend = [["running", "running"], ["runnable", "runnable"], ["gc", "garbage collection"], ["limit", "GOMAXPROCS"]];
  place.append(
    make("p", { class: "explained" }, ...legend.map(([name, text]) => make("span", {}, make("i", { class: `key ${name}` }), text))),
    ...found.map((one) =>
      make(
        "figure",
        { class: "traced-one" },
        make("figcaption", {}, make("code", { text: clean(one.header.path) }), make("span", { class: "muted", text: `${one.header.base ? " base," : ""} ${duration(one.header.duration_ns)}` })),
        tracePicture(one, longest),
      ),
    ),
  );
  place.hidden = false;
};
