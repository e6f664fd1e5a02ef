// Tables of tasks, regions, logs and tests, and the lines of one task.

/** Return {TABLES, taskTree} for the rows of the tables. now(): the state of the page. */
const annotationTables = (data, now) => {
  const MOST = 500; // lines of one task

  const span = (from, to) => [Math.max(0, Math.floor(from)), Math.max(Math.ceil(to), Math.floor(from) + 1)];
  const inTimeline = (text, row) =>
    link(text, {
      v: "timeline",
      t: span(row.start, row.start + row.length),
      g: row.goroutine > 0 ? row.goroutine : null,
    });
  const goroutine = (value) => ({
    key: "goroutine",
    title: "Goroutine",
    kind: "id",
    value: (row) => (value(row) > 0 ? value(row) : null),
    cell: (row, text) => (value(row) > 0 ? link(text, { v: "goroutines", g: value(row) }) : text),
  });
  const began = {
    key: "start",
    title: "Start",
    kind: "at",
    about: "Leads to the timeline",
    value: (row) => row.start,
    cell: (row, text) => inTimeline(row.before ? `before ${text}` : text, row),
  };
  const lasted = {
    key: "length",
    title: "Length",
    kind: "ns",
    value: (row) => row.length,
    cell: (row, text) => (row.open ? `${text} (open)` : text),
  };

  const taskTable = () =>
    dataTable({
      label: "Tasks",
      sort: "length",
      sorted: (sort) => go({ sort }),
      isCurrent: (row) => row.id === now().n,
      columns: [
        {
          key: "id",
          title: "Task",
          kind: "id",
          value: (row) => row.id,
          cell: (row, text) =>
            make("button", {
              type: "button",
              text,
              on: { click: () => go({ n: now().n === row.id ? null : row.id }) },
            }),
        },
        { key: "type", title: "Type", kind: "text", value: (row) => row.type || "unknown" },
        began,
        lasted,
        goroutine((row) => row.goroutine),
        {
          key: "parent",
          title: "Parent",
          kind: "id",
          value: (row) => row.parent || null,
          cell: (row, text) => (row.parent ? link(text, { v: "annotations", p: "tasks", n: row.parent }) : text),
        },
        { key: "children", title: "Children", kind: "count", value: (row) => (data.children.get(row.id) || []).length },
        { key: "regions", title: "Regions", kind: "count", value: (row) => (data.regionsOf.get(row.id) || []).length },
        { key: "logs", title: "Logs", kind: "count", value: (row) => (data.logsOf.get(row.id) || []).length },
      ],
    });

  const regionTable = () =>
    dataTable({
      label: "Regions",
      sort: "length",
      sorted: (sort) => go({ sort }),
      columns: [
        { key: "type", title: "Type", kind: "text", value: (row) => row.type },
        {
          key: "place",
          title: "Place",
          kind: "text",
          className: "place",
          about: "The own code that began it",
          value: (row) => row.place,
        },
        began,
        lasted,
        {
          key: "bar",
          title: "States",
          kind: "text",
          about: "Running, runnable, waiting, in system calls; sorts by the share that it ran",
          value: (row) => (row.running / (row.length || 1)).toFixed(9),
          cell: (row) =>
            partsBar(
              ["running", "runnable", "waiting", "syscall"].map((key) => [key, row[key]]),
              ["running", "runnable", "waiting", "syscall"]
                .filter((key) => row[key])
                .map((key) => `${key} ${duration(row[key])}`)
                .join(", "),
            ),
        },
        ...["running", "runnable", "waiting", "syscall"].map((key) => ({
          key,
          title: key[0].toUpperCase() + key.slice(1),
          kind: "ns",
          value: (row) => row[key],
        })),
        goroutine((row) => row.goroutine),
        {
          key: "task",
          title: "Task",
          kind: "id",
          value: (row) => row.task || null,
          cell: (row, text) => (row.task ? link(text, { v: "annotations", p: "tasks", n: row.task }) : text),
        },
      ],
    });

  const logTable = () =>
    dataTable({
      label: "Logs",
      sort: "+start",
      sorted: (sort) => go({ sort }),
      columns: [
        { ...began, title: "Time" },
        { key: "type", title: "Category", kind: "text", value: (row) => row.type || null },
        { key: "message", title: "Message", kind: "text", value: (row) => row.message },
        goroutine((row) => row.goroutine),
        {
          key: "task",
          title: "Task",
          kind: "id",
          value: (row) => row.task || null,
          cell: (row, text) => (row.task ? link(text, { v: "annotations", p: "tasks", n: row.task }) : text),
        },
      ],
    });

  const testTable = () =>
    dataTable({
      label: "Tests",
      sort: "length",
      sorted: (sort) => go({ sort }),
      columns: [
        {
          key: "type",
          title: "Test",
          kind: "text",
          value: (row) => row.type,
          cell: (row) => make("span", { class: `depth-${Math.min(row.depth, 4)}`, text: clean(row.type) }),
        },
        ...(data.tests.some(({ outcome }) => outcome)
          ? [{ key: "outcome", title: "Outcome", kind: "text", value: (row) => row.outcome }]
          : []),
        began,
        { ...lasted, cell: null },
        goroutine((row) => row.goroutine),
      ],
    });

  /** Return the lines of a task: itself, its regions and logs, and its children, in the order of time. */
  const linesOf = (root) => {
    const found = [];
    const waiting = [{ row: root, kind: "task", depth: 0 }];
    const seen = new Set();
    while (waiting.length && found.length < MOST) {
      const line = waiting.pop();
      found.push(line);
      if (line.kind !== "task" || seen.has(line.row.id)) continue;
      seen.add(line.row.id);
      const { id } = line.row;
      const below = [
        ...(data.regionsOf.get(id) || []).map((row) => ({ row, kind: "region", depth: line.depth + 1 + row.depth })),
        ...(data.logsOf.get(id) || []).map((row) => ({ row, kind: "log", depth: line.depth + 1 })),
        ...(data.children.get(id) || []).map((row) => ({ row, kind: "task", depth: line.depth + 1 })),
      ];
      below.sort((a, b) => b.row.start - a.row.start);
      waiting.push(...below.slice(-MOST));
    }
    return found;
  };

  /** Return a task with all that happened in it. */
  const taskTree = (root) => {
    const lines = linesOf(root);
    const from = Math.min(...lines.map(({ row }) => row.start));
    const to = Math.max(...lines.map(({ row }) => row.start + row.length), from + 1);
    const line = ({ row, kind, depth }) => {
      const name = kind === "log" ? [row.type, row.message].filter(Boolean).join(": ") : row.type || "unknown";
      const x = (1000 * (row.start - from)) / (to - from);
      const width = Math.max(kind === "log" ? 3 : 2, (1000 * row.length) / (to - from));
      const strip = svg(
        "svg",
        { class: "strip", viewBox: "0 0 1000 10", preserveAspectRatio: "none", "aria-hidden": "true" },
        svg("rect", { class: `line-${kind}`, x: Math.min(x, 1000 - width), y: 1, width, height: 8 }),
      );
      const cells = [
        make(
          "td",
          { class: `name depth-${Math.min(depth, 8)}`, title: clean(name) },
          make("small", { class: "muted", text: `${kind} ` }),
          clean(name),
        ),
        make("td", { class: "n" }, inTimeline(duration(row.start - from), row)),
        make("td", { class: "n", text: kind === "log" ? "" : duration(row.length) }),
        make(
          "td",
          { class: "n" },
          row.goroutine > 0 ? link(`g${row.goroutine}`, { v: "goroutines", g: row.goroutine }) : "–",
        ),
        make("td", {}, strip),
      ];
      return make("tr", {}, ...cells);
    };
    const heads = ["What", "After", "Length", "Goroutine", `${duration(to - from)} from ${timestamp(from)}`].map(
      (text, at) => make("th", { scope: "col", class: at && at < 4 ? "n" : null, text }),
    );
    const table = make(
      "table",
      { class: "task-lines", "aria-label": `Task ${root.id}` },
      make("thead", {}, make("tr", {}, ...heads)),
      make("tbody", {}, ...lines.map(line)),
    );
    const close = make("button", { type: "button", text: "Close", on: { click: () => go({ n: null }) } });
    const more = lines.length >= MOST ? make("p", { class: "muted", text: `The first ${count(MOST)} lines.` }) : "";
    return make(
      "section",
      { class: "card", id: "task" },
      make(
        "div",
        { class: "head" },
        make("h2", { text: `Task ${root.id}, ${clean(root.type || "unknown")}, ${duration(root.length)}` }),
        close,
      ),
      more,
      make("div", { class: "data-table", tabindex: 0, role: "region", "aria-label": `Task ${root.id}` }, table),
    );
  };

  return { tables: { tasks: taskTable, regions: regionTable, logs: logTable, tests: testTable }, taskTree };
};
