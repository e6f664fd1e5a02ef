// Pictures of one trace: states over time, heap, mutator utilisation and stops of the world.

const heapPlots = (() => {
  const MILLION = 1e6;
  const stateNames = [
    ["running", "running", "--running"],
    ["syscall", "in system calls", "--syscall"],
    ["runnable", "runnable", "--runnable"],
  ];

  const near = (at, width, duration) => [
    Math.max(0, Math.floor(at - width)),
    Math.min(duration, Math.ceil(at + width)),
  ];

  /** Return a time as a link to the timeline around it, if the timeline shows this trace. */
  const moment = (view, start, length) => {
    if (!view.leads) return timestamp(start);
    const margin = Math.max(length / 2, 1000);
    return link(timestamp(start), {
      v: "timeline",
      t: [Math.max(0, Math.floor(start - margin)), Math.ceil(start + length + margin)],
    });
  };

  const states = (view) => {
    const { header, blocks } = view.summary;
    const block = blocks.get("states");
    const width = header.states.width_ns;
    const read = (name) => (block.has(name) ? block.column(name) : new Float64Array(block.count("running")));
    const from = header.states.start_ns || 0;
    const number = block.count("running");
    const length = (i) => Math.max(1, Math.min(width, header.duration_ns - i * width));
    const mean = (column) => Array.from(column, (value, i) => value / length(i));
    const blocked = read("syscall_blocked");
    const means = {
      running: mean(read("running")),
      runnable: mean(read("runnable")),
      waiting: mean(read("waiting")),
      syscall: mean(read("syscall").map((value, i) => value + blocked[i])),
    };
    const capacity = Array.from(read("capacity"), (value, i) => (value < 0 ? null : value / length(i)));
    const xs = Array.from({ length: number }, (_, i) => from + i * width);
    // an area of steps: each part from its start to its end
    const doubled = (values) => values.flatMap((value) => [value, value]);
    const edges = xs.flatMap((at, i) => [at, at + length(i)]);
    let below = new Array(number).fill(0);
    const series = stateNames.map(([key, name, paint], at) => {
      const top = means[key].map((value, i) => value + below[i]);
      const one = {
        name,
        kind: "area",
        color: paint,
        striped: at === 2,
        xs: edges,
        ys: doubled(top),
        bases: doubled(below),
      };
      below = top;
      return one;
    });
    series.push({
      name: "GOMAXPROCS",
      kind: "line",
      color: "--text",
      dash: [4, 3],
      width: 1.2,
      xs: edges,
      ys: doubled(capacity),
    });
    const most = Math.max(1, ...capacity.map((value) => value || 0), ...quantile(below));
    const describe = (i) =>
      `${duration(xs[i])}: ${stateNames.map(([key, name]) => `${count(three(means[key][i]))} ${name}`).join(", ")}, ${count(three(means.waiting[i]))} waiting`;
    const columns = [
      ["at", "From", "at", (i) => xs[i]],
      ...["running", "runnable", "waiting", "syscall"].map((key) => [
        key,
        key,
        "ns",
        (i) => read(key)[i] + (key === "syscall" ? blocked[i] : 0),
      ]),
    ];
    return plot({
      title: "Goroutines by state",
      note: "how many on average",
      x: { from: 0, to: header.duration_ns, unit: "ns" },
      y: { from: 0, to: most * 1.05, unit: "each" },
      series,
      sentence: `How many goroutines run, are in system calls or are runnable over ${duration(header.duration_ns)}.`,
      at: (value) => (number ? describe(Math.max(0, Math.min(number - 1, Math.floor((value - from) / width)))) : ""),
      table: () =>
        simple(
          "Time in each state",
          columns,
          xs.map((_, i) => i),
        ),
      picked: view.leads
        ? (value) => go({ v: "timeline", t: near(value, header.duration_ns / 40, header.duration_ns) })
        : null,
    });
  };

  const three = (value) => rounded(value);

  /** Return the height that all but the highest hundredth of the parts have, and a bit: one spike must not flatten all. */
  const quantile = (values) => {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted.length ? [Math.min(sorted.at(-1), sorted[Math.floor(0.99 * (sorted.length - 1))] * 1.5)] : [0];
  };

  /** Return a table of rows with columns [key, title, kind, value, about, cell]. */
  const simple = (label, columns, rows, sort = `+${columns[0][0]}`) => {
    const table = dataTable({
      columns: columns.map(([key, title, kind, value, about, cell]) => ({ key, title, kind, value, about, cell })),
      label,
      sort,
    });
    table.show(rows);
    return table.element;
  };

  const heap = (view) => {
    const { header, blocks } = view.summary;
    const block = blocks.get("heap");
    if (!block || !block.count("at")) return null;
    const at = block.column("at");
    const allocated = Array.from(block.column("allocated"), known);
    const goal = Array.from(block.column("goal"), known);
    const cycles = rowsOf(blocks.get("gc"));
    const xs = [...at, header.duration_ns];
    const last = (values) => [...values, values.at(-1)];
    const most = allocated.concat(goal).reduce((high, value) => Math.max(high, value || 0), 1);
    const word = (value) => (value === null ? "unknown" : size(value));
    const describe = (value) => {
      const i = Math.max(0, lastAt(at, value));
      return `${duration(value)}: heap ${word(allocated[i])}, goal ${word(goal[i])}`;
    };
    const columns = [
      ["at", "From", "at", (i) => at[i], "", (i) => moment(view, at[i], 0)],
      ["allocated", "Heap", "bytes", (i) => allocated[i]],
      ["goal", "Goal", "bytes", (i) => goal[i]],
    ];
    return plot({
      title: "Heap",
      note: "allocated and not swept",
      x: { from: 0, to: header.duration_ns, unit: "ns" },
      y: { from: 0, to: most * 1.08, unit: "bytes" },
      series: [
        {
          name: "GC cycle",
          kind: "bars",
          color: "--gc",
          alpha: 0.22,
          xs: cycles.map(({ start }) => start),
          ends: cycles.map(({ start, length }) => start + length),
        },
        { name: "heap", kind: "step", color: "--accent", width: 1.8, xs, ys: last(allocated) },
        { name: "goal", kind: "step", color: "--text", dash: [5, 3], width: 1.2, xs, ys: last(goal) },
      ],
      sentence: `The heap and its goal over ${duration(header.duration_ns)}; at most ${size(allocated.reduce((high, value) => Math.max(high, value || 0), 0))}, with ${plural(cycles.length, "GC cycle")}.`,
      at: describe,
      table: () =>
        simple(
          "Heap and goal",
          columns,
          Array.from(at, (_, i) => i),
        ),
      picked: view.leads
        ? (value) => go({ v: "timeline", t: near(value, header.duration_ns / 40, header.duration_ns) })
        : null,
    });
  };

  const pauses = (view) => {
    const { header, blocks } = view.summary;
    const rows = rowsOf(blocks.get("stw"));
    const kind = (row) => header.strings[row.kind] || "unknown";
    if (!rows.length) return [];
    const longest = rows.reduce((most, { length }) => Math.max(most, length), 1);
    const total = rows.reduce((sum, { length }) => sum + length, 0);
    const shortest = rows.reduce((least, { length }) => Math.min(least, length || 1), longest);
    const figure = plot({
      title: "Stops of the world",
      note: `${plural(rows.length, "stop")}, ${duration(total)} in all, at most ${duration(longest)}`,
      height: 150,
      x: { from: 0, to: header.duration_ns, unit: "ns" },
      y: {
        from: 10 ** Math.floor(Math.log10(Math.max(shortest, 1))),
        to: 10 ** Math.ceil(Math.log10(longest + 1)),
        unit: "ns",
        log: true,
      },
      series: [
        {
          name: "",
          kind: "dots",
          color: "--stw",
          xs: rows.map(({ start }) => start),
          ys: rows.map(({ length }) => Math.max(length, 1)),
        },
      ],
      sentence: `When the world was stopped, and how long: ${plural(rows.length, "stop")}, ${duration(total)} in all.`,
      at: (value) => {
        const row = rows.reduce((best, one) =>
          Math.abs(one.start - value) < Math.abs(best.start - value) ? one : best,
        );
        return `${duration(row.start)}: ${duration(row.length)}, ${clean(kind(row))}`;
      },
      table: () =>
        simple(
          "Stops of the world",
          [
            ["start", "Start", "at", (row) => row.start, "", (row) => moment(view, row.start, row.length)],
            ["length", "Length", "ns", (row) => row.length, "", (row, text) => (row.open ? `${text} (open)` : text)],
            ["kind", "Kind", "text", kind],
            [
              "goroutine",
              "Goroutine",
              "id",
              (row) => (row.goroutine > 0 ? row.goroutine : null),
              "",
              (row, text) =>
                row.goroutine > 0 && view.leads ? link(text, { v: "goroutines", g: row.goroutine }) : text,
            ],
          ],
          rows,
          "length",
        ),
    });
    return [figure];
  };

  const curve = (view) => {
    const rows = rowsOf(view.summary.blocks.get("mmu"));
    if (rows.length < 2) return null;
    const xs = rows.map(({ window }) => window);
    const line = (name, key, paint, dash, width) => ({
      name,
      kind: "line",
      color: paint,
      dash,
      width,
      xs,
      ys: rows.map((row) => row[key] / MILLION),
    });
    const share = (value) => percentage(value / MILLION);
    const names = [
      ["minimum", "minimum"],
      ["p999", "99.9 %"],
      ["p99", "99 %"],
      ["p95", "95 %"],
    ];
    return plot({
      title: "Mutator utilisation",
      note: "the lowest share of the Ps that is left to the program in a window of each length",
      x: { from: xs[0], to: xs.at(-1), unit: "ns", log: true },
      y: { from: 0, to: 1, unit: "share" },
      series: [
        line("95 % of windows have at least", "p95", "--muted", [2, 3], 1.2),
        line("99 %", "p99", "--running", [8, 3], 1.4),
        line("99.9 %", "p999", "--syscall", [5, 2, 1, 2], 1.4),
        line("minimum", "minimum", "--stw", null, 2),
      ],
      sentence: `The lowest mutator utilisation by length of the window, from ${share(rows[0].minimum)} in ${duration(xs[0])} to ${share(rows.at(-1).minimum)} in ${duration(xs.at(-1))}.`,
      at: (value) => {
        const row = rows[Math.max(0, lastAt(xs, value))];
        return `Windows of ${duration(row.window)}: ${names.map(([key, name]) => `${name} ${share(row[key])}`).join(", ")}`;
      },
      table: () =>
        simple(
          "Mutator utilisation",
          [
            ["window", "Window", "ns", (row) => row.window],
            ...names.map(([key, name]) => [key, name, "share", (row) => row[key] / MILLION]),
          ],
          rows,
        ),
    });
  };

  return { moment, simple, states, heap, curve, pauses };
})();
