// The tab "Tasks & regions": what the program itself names with runtime/trace, and its tests.

(() => {
  const PARTS = [
    ["tasks", "Tasks"],
    ["regions", "Regions"],
    ["logs", "Logs"],
    ["tests", "Tests"],
  ];

  const COMPLETE = {
    tasks: (row) => !row.open && !row.before,
    regions: (row) => !row.open && !row.before,
    logs: () => true,
    tests: () => true,
  };
  const data = {};
  let now = {};
  const { tables: TABLES, taskTree } = annotationTables(data, () => now);
  let panel = null;
  let part = null;
  let segments = null;
  let seen = "";
  let figures = [];

  const search = searchField("Search types, messages, places, tasks", (q) => go({ q }));
  const found = make("output", { class: "muted" });
  const limits = make("button", { type: "button", hidden: true, title: "Show those of every length", on: { click: () => go({ b: null }) } });
  const content = make("div");

  const load = async () => {
    const [tables, calls] = [await stream("tables"), await stream("calls")];
    const strings = tables ? tables.header.strings : [""];
    const stacks = calls && calls.blocks.has("calls") ? new Stacks(calls) : null;
    const place = (node) => {
      const frame = stacks ? stacks.place(node) : -1;
      return frame < 0 ? "" : stacks.name(frame);
    };
    const rows = (name) => rowsOf(tables && tables.blocks.get(name));
    const text = (number) => strings[number] || "";
    data.tasks = rows("tasks").map((row) => ({ ...row, type: text(row.type) }));
    data.regions = rows("regions").map((row) => ({ ...row, type: text(row.type), place: place(row.node) }));
    data.logs = rows("logs").map((row) => ({
      ...row,
      start: row.at,
      length: 0,
      type: text(row.category),
      message: text(row.message),
    }));
    data.tests = rows("tests").map((row) => ({ ...row, type: text(row.name), outcome: text(row.outcome) }));
    data.left = (tables && tables.header.left_out) || {};
    [data.children, data.regionsOf, data.logsOf] = [
      groupedBy(data.tasks, "parent"),
      groupedBy(data.regions, "task"),
      groupedBy(data.logs, "task"),
    ];
  };

  const build = (name) => {
    const table = TABLES[name]();
    const rows = data[name];
    const types = name === "tests" ? [] : durations.byType(rows, COMPLETE[name]);
    const kinds = types.length && name !== "logs" ? durations.typesTable(name, types, () => now.type) : null;
    const list = make(
      "section",
      { class: "card" },
      make("h2", {}, PARTS.find(([key]) => key === name)[1], " ", found, " ", limits),
      table.element,
    );
    const left = data.left[name];
    if (left)
      list.append(make("p", { class: "muted", text: `${plural(left, `more ${name.slice(0, -1)}`)} did not fit.` }));
    const picture = make("div", { class: "plots" });
    const task = make("div");
    content.replaceChildren(
      ...(kinds ? [make("section", { class: "card" }, make("h2", { text: "Types" }), kinds.element), picture] : []),
      task,
      list,
    );
    part = { name, table, rows, types, kinds, picture, task };
  };

  /** Draw how long the complete ones took. type: which they are; "" all. */
  const picture = (complete, type) => {
    figures = [];
    if (!part.kinds) return;
    part.kinds.show(part.types);
    const figure = durations.histogramPlot(
      type ? `${part.name} of type ${clean(type)}` : `all ${part.name}`,
      complete.map(({ length }) => length).sort((a, b) => a - b),
      (picked) => go({ b: picked === now.b ? null : picked }),
    );
    part.picture.replaceChildren(...(figure ? [figure.element] : []));
    if (figure) figures.push(figure);
  };

  const fill = ({ q, n, b, type, sort }) => {
    const words = wordsOf(q);
    const all = part.rows.filter(
      (row) =>
        (!type || row.type === type) &&
        fits(words, `${row.type} ${row.message || ""} ${row.place || ""} ${row.id ?? row.task ?? ""}`),
    );
    const isComplete = COMPLETE[part.name];
    const rows = b === null || !part.kinds ? all : all.filter((row) => isComplete(row) && durations.bucket(row.length) === b);
    limits.hidden = rows === all;
    if (!limits.hidden) limits.textContent = `${durations.span(b)} ×`;
    part.table.show(rows, sort);
    found.textContent =
      rows.length === part.rows.length ? count(rows.length) : `${count(rows.length)} of ${count(part.rows.length)}`;
    const drawn = JSON.stringify([q, type]);
    if (part.drawn !== drawn) picture(all.filter(isComplete), type);
    part.drawn = drawn;
    const root = part.name === "tasks" && n !== null ? part.rows.find(({ id }) => id === n) : null;
    part.task.replaceChildren(...(root ? [taskTree(root)] : []));
    if (root) part.table.reveal(root);
  };

  const change = (values) => {
    if (!segments) return;
    now = values;
    const offered = PARTS.filter(([name]) => data[name].length).map(([name]) => name);
    const name = offered.includes(values.p) ? values.p : offered[0];
    segments.set(name);
    if (document.activeElement !== search) search.value = values.q;
    if (!part || part.name !== name) {
      build(name);
      seen = "";
    }
    const wanted = JSON.stringify([values.q, values.n, values.b, values.type, values.sort]);
    if (wanted !== seen) {
      seen = wanted;
      fill(values);
    }
    for (const one of figures) one.draw();
  };

  tab("annotations", {
    async open(given) {
      panel = given;
      await load();
      const offered = PARTS.filter(([name]) => data[name].length);
      if (!offered.length) {
        panel.append(
          make("p", {
            class: "empty",
            text: "The trace has no tasks, regions, logs or tests. Mark them with runtime/trace: trace.NewTask, trace.WithRegion, trace.Log.",
          }),
        );
        return;
      }
      segments = buttons(
        "Show",
        offered.map(([name, title]) => [name, `${title} ${count(data[name].length)}`]),
        (p) => go({ p, type: "", n: null, b: null, sort: "", q: "" }),
      );
      panel.append(make("div", { class: "bar", role: "search" }, segments.element, search), content);
      const again = () => panel.hidden || figures.forEach((one) => one.draw());
      document.addEventListener("themechange", again);
      addEventListener("resize", again);
    },
    change,
  });
  keys("annotations", [["/", "search"]], (event) => {
    if (event.key !== "/" || !segments) return;
    event.preventDefault();
    search.focus();
  });
})();
