// What stays above the lanes: the ruler, states over time, the heap, and what the collector did.

const RULER = 26;
const STACKED = ["running", "syscall", "runnable"];

/** Return the distance of ticks: 1, 2 or 5 times a power of ten, at least `least` ns. */
const tickStep = (least) => {
  const power = 10 ** Math.floor(Math.log10(Math.max(1e-3, least)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * 0.999);
};

/** Return a time of the axis as text, with as many digits as the distance of ticks needs: `1.200 005 s`. */
const axisTime = (time, step, whole) => {
  const [unit, name] = whole >= 1e9 ? [1e9, "s"] : whole >= 1e6 ? [1e6, "ms"] : [1e3, "µs"];
  const digits = Math.max(0, Math.min(12, Math.ceil(-Math.log10(step / unit) - 1e-9)));
  const [integer, fraction] = (time / unit).toFixed(digits).split(".");
  return `${integer}${fraction ? `.${fraction.replace(/(\d{3})(?=\d)/g, "$1\u202f")}` : ""}\u202f${name}`;
};

/** Draw the ruler, with a mark for each occurrence of a finding. */
const drawRuler = (context, view, marks, chosen, whole) => {
  const step = tickStep(view.scale * 110);
  context.font = FONT;
  context.textBaseline = "middle";
  context.fillStyle = color("--muted");
  for (let number = Math.ceil(view.from / step); number * step < view.to; number++) {
    const x = Math.round((number * step - view.from) / view.scale);
    context.fillRect(x, RULER - 5, 1, 5);
    const text = axisTime(number * step, step, whole);
    const wide = context.measureText(text).width + 4;
    if (x + wide <= view.width) context.fillText(text, x + 4, 9);
    else if (2 * wide < step / view.scale) context.fillText(text, x - wide, 9);
  }
  let last = -9;
  for (const mark of marks) {
    const x = (mark.from - view.from) / view.scale;
    const isChosen = mark.finding === chosen;
    if (x < -8 || x > view.width + 8 || (!isChosen && x - last < 3)) continue;
    last = x;
    context.fillStyle = color(isChosen ? "--error" : "--warn");
    context.beginPath();
    context.moveTo(x - 4, 16);
    context.lineTo(x + 4, 16);
    context.lineTo(x, RULER - 1);
    context.fill();
    if (isChosen) context.fillRect(x, RULER - 3, Math.max(1, (mark.to - mark.from) / view.scale), 3);
  }
};

/** Call visit(x0, x1, i) for the parts of equal width that are in the view; several narrow ones as one with sums. */
const eachPart = (view, width, used, visit) => {
  const last = Math.min(used - 1, Math.floor(view.to / width));
  const most = Math.max(1, Math.floor(view.scale / width));
  for (let i = Math.floor(Math.max(0, view.from) / width / most) * most; i <= last; i += most) {
    const next = Math.min(used, i + most);
    visit((i * width - view.from) / view.scale, (next * width - view.from) / view.scale, i, next);
  }
};

/** Sum a column from one part to another. */
const summed = (values, from, to) => {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i];
  return sum;
};

const topsOfStates = new Map();

/** Return the height of the states' axis: the most goroutines in any part, and room for GOMAXPROCS. */
const topOfStates = (summary, columns, width) => {
  if (!topsOfStates.has(summary)) {
    let most = Math.max(1, summary.header.gomaxprocs);
    for (let i = 0; i < columns[0].length; i++)
      most = Math.max(most, columns.reduce((sum, values) => sum + values[i], 0) / width);
    topsOfStates.set(summary, Math.ceil(most));
  }
  return topsOfStates.get(summary);
};

/** Draw how many goroutines ran, were in system calls and were runnable, one above the other. */
const drawStates = (context, view, summary, y, height) => {
  const block = summary.blocks.get("states");
  const width = summary.header.states.width_ns;
  const used = block.count("running");
  const columns = STACKED.map((name) => block.column(name));
  const most = topOfStates(summary, columns, width);
  const capacity = block.column("capacity");
  eachPart(view, width, used, (x0, x1, i, next) => {
    let top = y + height;
    STACKED.forEach((name, number) => {
      const tall = (summed(columns[number], i, next) / ((next - i) * width) / most) * height;
      if (tall <= 0) return;
      context.fillStyle = color(`--${name}`);
      context.fillRect(x0, top - tall, x1 - x0 + 0.3, tall);
      if (name === "syscall") {
        context.fillStyle = stripes(context, "--card");
        context.fillRect(x0, top - tall, x1 - x0 + 0.3, tall);
      }
      top -= tall;
    });
  });
  context.fillStyle = color("--muted");
  context.font = FONT_SMALL;
  const procs = capacity.length && capacity[0] > 0 ? summary.header.gomaxprocs : 0;
  if (procs && procs < most) context.fillRect(0, Math.round(y + height - (procs / most) * height), view.width, 1);
  return most;
};

const topsOfHeaps = new Map();

const topOfHeap = (heap, ...columns) => {
  if (!topsOfHeaps.has(heap))
    topsOfHeaps.set(
      heap,
      columns.reduce((most, values) => values.reduce((a, b) => Math.max(a, b), most), 1),
    );
  return topsOfHeaps.get(heap);
};

/** Draw the heap as an area and its goal as a line. */
const drawHeap = (context, view, heap, y, height) => {
  const [at, allocated, goal] = ["at", "allocated", "goal"].map((name) => heap.column(name));
  const most = topOfHeap(heap, allocated, goal);
  const x = (time) => (time - view.from) / view.scale;
  const tall = (bytes) => y + height - (Math.max(0, bytes) / most) * height;
  let first = 0;
  while (first + 1 < at.length && at[first + 1] <= view.from) first++;
  // steps; of the values within half a pixel, the largest
  const path = (values) => {
    let [place, last, high] = [-1, -1, -1];
    const step = (next) => {
      if (last < 0) context.moveTo(place, tall(high));
      else context.lineTo(place, tall(last));
      context.lineTo(place, tall(high));
      [last, place] = [high, next];
    };
    for (let i = first; i < at.length && at[i] <= view.to; i++) {
      if (values[i] < 0) continue;
      const here = Math.max(-1, x(at[i]));
      if (high >= 0 && here - place >= 0.5) {
        step(here);
        high = values[i];
      } else {
        if (high < 0) place = here;
        high = Math.max(high, values[i]);
      }
    }
    if (high < 0) return;
    step(view.width);
    context.lineTo(view.width, tall(last));
  };
  context.beginPath();
  path(allocated);
  context.strokeStyle = color("--running");
  context.lineWidth = 1;
  context.stroke();
  context.lineTo(view.width, y + height);
  context.lineTo(first < at.length ? Math.max(0, x(at[first])) : 0, y + height);
  context.globalAlpha = 0.25;
  context.fillStyle = color("--running");
  context.fill();
  context.globalAlpha = 1;
  context.beginPath();
  path(goal);
  context.setLineDash([4, 3]);
  context.strokeStyle = color("--muted");
  context.stroke();
  context.setLineDash([]);
  return most;
};

/** Call visit(x0, x1, i) for the visible ranges of a block with start and length. */
const eachRange = (view, block, visit) => {
  if (!block || !block.has("start")) return;
  const start = block.column("start");
  const length = block.column("length");
  for (let i = 0; i < start.length; i++) {
    const x0 = (start[i] - view.from) / view.scale;
    const x1 = x0 + length[i] / view.scale;
    if (x1 >= 0 && x0 <= view.width) visit(Math.max(-2, x0), Math.min(view.width + 2, x1), i);
  }
};

/** Draw cycles of the collector and stops of the world as bars. */
const drawCollector = (context, view, summary, y, height) => {
  eachRange(view, summary.blocks.get("gc"), (x0, x1) => {
    context.fillStyle = color("--gc");
    context.fillRect(x0, y + height / 2, Math.max(1, x1 - x0), height / 2);
  });
  eachRange(view, summary.blocks.get("stw"), (x0, x1) => {
    context.fillStyle = color("--stw");
    context.fillRect(x0, y, Math.max(1.5, x1 - x0), height / 2 - 1);
  });
};

/** Tint the lanes while the collector marks, and while the world is stopped. */
const drawOverlay = (context, view, summary, height) => {
  context.fillStyle = color("--gc");
  context.globalAlpha = 0.1;
  eachRange(view, summary.blocks.get("gc"), (x0, x1) => context.fillRect(x0, 0, Math.max(1, x1 - x0), height));
  context.fillStyle = color("--stw");
  context.globalAlpha = 0.2;
  eachRange(view, summary.blocks.get("stw"), (x0, x1) => context.fillRect(x0, 0, Math.max(1, x1 - x0), height));
  context.globalAlpha = 1;
};

/** Draw the whole trace with the share of the Ps that is busy, and a frame around the view. */
const drawMap = (context, view, summary, marks, chosen, width, height) => {
  const block = summary.blocks.get("states");
  const whole = summary.header.duration_ns;
  const all = { from: 0, to: whole, scale: whole / width, width };
  const [running, capacity] = ["running", "capacity"].map((name) => block.column(name));
  context.fillStyle = color("--running");
  eachPart(all, summary.header.states.width_ns, running.length, (x0, x1, i, next) => {
    const ready = summed(capacity, i, next);
    const room =
      ready > 0 ? ready : (next - i) * summary.header.states.width_ns * Math.max(1, summary.header.gomaxprocs);
    const tall = Math.min(1, summed(running, i, next) / room) * (height - 2);
    if (tall > 0) context.fillRect(x0, height - Math.max(1, tall), x1 - x0 + 0.3, Math.max(1, tall));
  });
  for (const mark of marks) {
    context.fillStyle = color(mark.finding === chosen ? "--error" : "--warn");
    context.fillRect(mark.from / all.scale - 1, 0, 2, 5);
  }
  const x0 = view.from / all.scale;
  const x1 = view.to / all.scale;
  context.fillStyle = color("--bg");
  context.globalAlpha = 0.6;
  context.fillRect(0, 0, x0, height);
  context.fillRect(x1, 0, width - x1, height);
  context.globalAlpha = 1;
  context.strokeStyle = color("--accent");
  context.lineWidth = 1.5;
  context.strokeRect(Math.min(x0, width - 3) + 0.5, 0.75, Math.max(2, x1 - x0 - 1), height - 1.5);
};
