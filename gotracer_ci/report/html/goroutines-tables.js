// Tables of goroutines: groups that began alike, and single lives.

const goroutineTables = (() => {
  const STATES = [
    ["running", "ran"],
    ["runnable", "were runnable"],
    ["waiting", "waited"],
    ["syscall", "were in system calls"],
    ["blocked", "were in system calls without a P"],
  ];
  const WAITS = [
    ["chan", "Channels"],
    ["sync", "Locks"],
    ["network", "Network"],
    ["sleep", "Sleep"],
    ["other", "Other waits"],
  ];

  const bar = (row) => {
    const parts = STATES.map(([key]) => [key, row[key]]);
    const words = STATES.filter(([key]) => row[key] > 0).map(([key, word]) => `${word} ${duration(row[key])}`);
    return partsBar(parts, words.join(", ") || "no time");
  };

  /** Return the groups of a summary. */
  const groupsOf = ({ header, blocks }) => {
    const all = header.group_states || { groups: [] };
    const places = new Map(all.groups.map((group, at) => [group, at]));
    return rowsOf(blocks.get("groups")).map((row, number) => ({
      ...row,
      number,
      blocked: row.syscall_blocked,
      name: header.strings[row.name] || (row.name ? "" : "unknown"),
      place: header.strings[row.place],
      over: places.has(number) ? places.get(number) : -1,
    }));
  };

  /** Return a small picture of the states of a group over time. */
  const overTime = ({ header, blocks }, at) => {
    const { parts, width_ns: width } = header.group_states;
    const used = Math.min(parts, Math.ceil(header.duration_ns / width));
    // so many parts are one step of the picture
    const step = Math.max(1, Math.ceil(used / 128));
    const wide = Math.ceil(used / step);
    const length = (i) => Math.min(header.duration_ns, (i + 1) * step * width) - i * step * width;
    const means = ["running", "syscall", "runnable", "waiting"].map((name) => {
      const values = blocks
        .get("group_states")
        .column(name)
        .subarray(at * parts, at * parts + used);
      const sums = new Float64Array(wide);
      values.forEach((ns, i) => (sums[Math.floor(i / step)] += ns));
      return [name, sums.map((ns, i) => ns / length(i))];
    });
    const most = means[0][1].reduce(
      (high, _, i) =>
        Math.max(
          high,
          means.reduce((sum, [, values]) => sum + values[i], 0),
        ),
      1e-9,
    );
    const below = new Float64Array(wide);
    const areas = means.map(([name, values]) => {
      let up = "";
      let down = "";
      for (let i = 0; i < wide; i++) {
        down = `V${(20 - below[i]).toFixed(2)}H${i}${down}`;
        below[i] += (20 * values[i]) / most;
        up += `V${(20 - below[i]).toFixed(2)}H${i + 1}`;
      }
      return svg("path", { class: `part-${name}`, d: `M0 20${up}${down}Z` });
    });
    const sentence = `States over ${duration(header.duration_ns)}, at most ${count(rounded(most))} goroutines at a time`;
    return svg(
      "svg",
      {
        class: "over-time",
        viewBox: `0 0 ${wide} 20`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": sentence,
      },
      svg("title", { text: sentence }),
      ...areas,
    );
  };

  const groupsTable = (view, values) => {
    const { summary } = view;
    const groups = groupsOf(summary);
    const running = groups.reduce((sum, row) => sum + row.running, 0);
    const ns = (key, title, about) => ({ key, title, kind: "ns", about, value: (row) => row[key] });
    const columns = [
      {
        key: "group",
        title: "Group",
        kind: "text",
        about: "The function in which the goroutines began",
        value: (row) => row.name,
        cell: (row) => only(row),
      },
      {
        key: "place",
        title: "Created by",
        kind: "text",
        className: "place",
        about: "The place that created them",
        value: (row) => row.place,
      },
      { key: "lives", title: "Lives", kind: "count", about: "How many there were", value: (row) => row.lives },
      {
        key: "created",
        title: "Created",
        kind: "count",
        about: "How many were created during the trace",
        value: (row) => row.created,
      },
      {
        key: "alive",
        title: "Alive",
        kind: "count",
        about: "How many were there at the end",
        value: (row) => row.alive,
      },
      ...(groups.some(({ over }) => over >= 0)
        ? [
            {
              key: "over",
              title: "Over time",
              kind: "text",
              about: "Its states over time; sorts by total time",
              value: (row) => String(row.total).padStart(24, "0"),
              cell: (row) => (row.over < 0 ? "–" : overTime(summary, row.over)),
            },
          ]
        : []),
      ns("running", "Running", "How long they ran"),
      ns("runnable", "Runnable", "How long they could run but did not"),
      ns("waiting", "Waiting", "How long they waited"),
      ns("syscall", "Syscall", "How long they were in system calls with a P"),
      ns("blocked", "Syscall, no P", "How long they were in system calls that had lost their P"),
      ns("total", "Total", "The lengths of their lives"),
      ns("longest", "Longest", "The longest life"),
      {
        key: "share",
        title: "Share",
        kind: "share",
        about: "Of the running time of all goroutines, the runtime's own included",
        value: (row) => (running ? row.running / running : 0),
      },
      {
        key: "flames",
        title: "Profile",
        kind: "text",
        about: "The flame graph of what they waited for",
        value: (row) => row.name,
        cell: (row) => link("flame graph", { v: "flames", p: "wall", q: row.name.slice(0, LONGEST) }),
      },
    ];
    const only = (row) => {
      if (!view.leads) return clean(row.name);
      const click = () => go({ n: values().n === row.number ? null : row.number });
      return make("button", { type: "button", title: clean(row.name), text: clean(row.name), on: { click } });
    };
    const table = dataTable({
      columns,
      label: "Groups of goroutines",
      sort: "running",
      isCurrent: (row) => view.leads && row.number === values().n,
    });
    return { table, groups };
  };

  const livesOf = ({ header, blocks }) =>
    rowsOf(blocks.get("goroutines")).map((row) => ({
      ...row,
      blocked: row.syscall_blocked,
      name: header.strings[row.name] || "unknown",
      waiting: row.chan + row.sync + row.network + row.sleep + row.other,
    }));

  const livesTable = (view, values, sorted) => {
    const ns = (key, title, about) => ({ key, title, kind: "ns", about, value: (row) => row[key] });
    const end = (row) => (row.ended < 0 ? view.duration : row.ended);
    const columns = [
      {
        key: "id",
        title: "Goroutine",
        kind: "id",
        about: "Go's ID; leads to the timeline",
        value: (row) => row.id,
        cell: (row) => link(String(row.id), { v: "timeline", g: row.id, t: span(Math.max(row.created, 0), end(row)) }),
      },
      {
        key: "group",
        title: "Began in",
        kind: "text",
        about: "The function in which it began",
        value: (row) => row.name,
      },
      {
        key: "bar",
        title: "States",
        kind: "text",
        about: "Running, runnable, waiting, in system calls; sorts by the share that it ran",
        value: (row) => (row.running / (row.total || 1)).toFixed(9),
        cell: bar,
      },
      {
        key: "created",
        title: "Created",
        kind: "at",
        about: "When it was created; –: before the trace",
        value: (row) => known(row.created),
      },
      {
        key: "ended",
        title: "Ended",
        kind: "at",
        about: "When it ended; –: it was there at the end",
        value: (row) => known(row.ended),
      },
      {
        key: "creator",
        title: "By",
        kind: "id",
        about: "The goroutine that created it",
        value: (row) => (row.creator > 0 ? row.creator : null),
        cell: (row, text) => (row.creator > 0 ? link(text, { v: "goroutines", g: row.creator }) : text),
      },
      {
        key: "place",
        title: "Created at",
        kind: "text",
        className: "place",
        about: "The own code that created it",
        value: (row) => view.placeOf(row.node),
      },
      ns("running", "Running", "How long it ran"),
      ns("runnable", "Runnable", "How long it could run but did not"),
      ns("waiting", "Waiting", "How long it waited"),
      ...WAITS.map(([key, title]) =>
        ns(
          key,
          title,
          key === "other" ? "How long it waited for anything else" : `How long it waited for ${title.toLowerCase()}`,
        ),
      ),
      ns("syscall", "Syscall", "How long it was in system calls with a P"),
      ns("blocked", "Syscall, no P", "How long it was in system calls that had lost their P"),
      ns("assist", "Assist", "How long it ran in mark assists"),
      ns("total", "Total", "The length of its life"),
      {
        key: "flames",
        title: "Profile",
        kind: "text",
        about: "The flame graph of what it did",
        value: () => null,
        cell: (row) => link("flame graph", { v: "flames", p: "goroutine", g: row.id }),
      },
    ];
    return dataTable({
      columns,
      label: "Goroutines",
      sort: "running",
      sorted,
      isCurrent: (row) => row.id === values().g,
    });
  };

  const span = (from, to) => [Math.floor(from), Math.max(Math.ceil(to), Math.floor(from) + 1)];

  return { groupsTable, livesOf, livesTable };
})();
