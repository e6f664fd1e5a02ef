// The tab "GC & heap": states over time, heap, cycles, pauses and mutator utilisation of one trace.

(() => {
  const MILLION = 1e6;
  const { moment, simple, states, heap, curve, pauses } = heapPlots;

  const cycles = (view) => {
    const block = view.summary.blocks.get("gc");
    const rows = rowsOf(block);
    const ns = (key) => (row) => known(row[key]);
    const columns = [
      ["number", "Cycle", "id", (row) => row.number, "The number of the cycle, counted from 1"],
      [
        "start",
        "Start",
        "at",
        (row) => row.start,
        "When its mark phase began",
        (row) => moment(view, row.start, row.length),
      ],
      [
        "length",
        "Mark",
        "ns",
        (row) => row.length,
        "How long its mark phase was",
        (row, text) => (row.open ? `${text} (open)` : text),
      ],
      ["stop1", "STW 1", "ns", ns("stop1"), "The stop of the world that begins it"],
      ["stop2", "STW 2", "ns", ns("stop2"), "The stop of the world that ends it"],
      ["assist", "Assist", "ns", ns("assist"), "How long goroutines ran in mark assists"],
      ["dedicated", "Dedicated", "ns", ns("dedicated"), "How long dedicated mark workers ran"],
      ["fractional", "Fractional", "ns", ns("fractional"), "How long fractional mark workers ran"],
      ["idle", "Idle", "ns", ns("idle"), "How long mark workers ran on Ps that had nothing else to do"],
      ["live", "Live", "bytes", ns("live"), "What it left, without what was allocated meanwhile"],
      ["goal", "Goal", "bytes", ns("goal"), "The size of the heap at which the next cycle is to end"],
    ];
    return section(
      `Cycles`,
      rows.length,
      rows.length ? simple("GC cycles", columns, rows) : nothing("No GC cycle ran."),
      leftOut(view, "gc", "cycle"),
    );
  };

  const CAUSES = [
    ["stw", "stopped worlds"],
    ["background", "mark workers"],
    ["assist", "mark assists"],
    ["sweep", "sweeps"],
  ];

  const windows = (view, chosen) => {
    if (!view.summary.blocks.has("windows")) return "";
    const every = rowsOf(view.summary.blocks.get("windows"));
    const lengths = [...new Set(every.map(({ window }) => window))].sort((a, b) => a - b);
    if (!lengths.length)
      return section("Worst windows", null, nothing("The collector took nothing from the program."), null);
    const length = lengths.includes(chosen) ? chosen : lengths[Math.floor((lengths.length - 1) / 2)];
    const pick = buttons(
      "Length of the windows",
      lengths.map((one) => [one, duration(one)]),
      (one) => go({ n: one }),
    );
    pick.set(length);
    const share = (key) => (row) => row[key] / MILLION;
    const taken = (row) => {
      const parts = CAUSES.map(([key]) => [key, row[key]]);
      const words = CAUSES.filter(([key]) => row[key] > 0).map(
        ([key, name]) => `${name} ${percentage(row[key] / MILLION)}`,
      );
      return partsBar(
        [...parts, ["left", Math.max(0, row.utilisation)]],
        `${words.join(", ") || "nothing"}; ${percentage(row.utilisation / MILLION)} is left`,
      );
    };
    const columns = [
      [
        "start",
        "Start",
        "at",
        (row) => row.start,
        "Where the window begins",
        (row) => moment(view, row.start, row.window),
      ],
      ["utilisation", "Left", "share", share("utilisation"), "The mean share of the Ps that was left to the program"],
      ["bar", "Taken by", "text", (row) => String(row.utilisation).padStart(9, "0"), "What took the rest", taken],
      ...CAUSES.map(([key, name]) => [
        key,
        name[0].toUpperCase() + name.slice(1),
        "share",
        share(key),
        `The share that ${name} took`,
      ]),
    ];
    const rows = every.filter(({ window }) => window === length);
    return section(
      "Worst windows",
      null,
      make(
        "div",
        {},
        pick.element,
        simple(`The windows of ${duration(length)} with least utilisation`, columns, rows, "+utilisation"),
      ),
      null,
    );
  };

  const nothing = (text) => make("p", { class: "muted", text });
  const leftOut = (view, name, noun) => {
    const left = (view.summary.header.left_out || {})[name];
    return left ? nothing(`${plural(left, `more ${noun}`)} did not fit.`) : null;
  };

  const section = (title, number, ...parts) =>
    make(
      "section",
      { class: "card" },
      make("h2", {}, title, number === null ? "" : make("small", { class: "muted", text: ` ${count(number)}` })),
      ...parts.filter(Boolean),
    );

  let panel = null;
  let figures = [];
  let drawn = "";
  const content = make("div", { class: "charts" });
  let select = null;

  const change = async (values) => {
    select?.set(values.s || 0);
    const wanted = `${values.s || 0} ${values.n}`;
    if (wanted !== drawn) {
      drawn = wanted;
      const [summary, tables] = [await summaryOf(values.s), await stream("tables")];
      if (wanted !== drawn) return;
      const view = { summary, leads: tables !== null && tables.header.trace === summary.header.trace };
      figures = [states(view), heap(view), curve(view), ...pauses(view)].filter(Boolean);
      const plots = figures.map((one) => one.element || one);
      content.replaceChildren(make("div", { class: "plots" }, ...plots), windows(view, values.n), cycles(view));
    }
    for (const one of figures) one.draw?.();
  };

  tab("heap", {
    async open(given) {
      panel = given;
      select = await traceChoice((number) => go({ s: number }));
      if (select) panel.append(make("div", { class: "bar" }, select.element));
      panel.append(content);
      const again = () => panel.hidden || figures.forEach((one) => one.draw?.());
      document.addEventListener("themechange", again);
      addEventListener("resize", again);
    },
    change,
  });
  keys("heap", [
    ["← →", "on a picture: read its numbers (Shift: faster)"],
    ["Enter", "on a picture: go to the timeline"],
  ]);
})();
