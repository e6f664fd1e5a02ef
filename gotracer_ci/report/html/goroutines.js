// The tab "Goroutines": groups that began alike, and single lives.

(() => {
  const { groupsTable, livesOf, livesTable } = goroutineTables;
  let panel = null;
  let select = null;
  let view = null;
  let parts = null;
  let now = {};
  let seen = "";

  const search = searchField("Search functions, places, g123", (q) => go({ q }));
  const system = make("input", {
    type: "checkbox",
    on: { change: (event) => go({ type: event.target.checked ? "system" : "" }) },
  });
  const alive = make("input", {
    type: "checkbox",
    on: { change: (event) => go({ rule: event.target.checked ? "alive" : "" }) },
  });
  const found = make("output", { class: "muted" });
  const clear = make("button", {
    type: "button",
    text: "All groups",
    hidden: true,
    on: { click: () => go({ n: null }) },
  });
  const content = make("div");

  const viewOf = async (number) => {
    const summary = await summaryOf(number);
    const [tables, calls] = [await stream("tables"), await stream("calls")];
    const leads = tables !== null && tables.header.trace === summary.header.trace;
    const stacks = calls && calls.blocks.has("calls") ? new Stacks(calls) : null;
    const places = new Map();
    const placeOf = (node) => {
      if (!places.has(node)) {
        const frame = stacks ? stacks.place(node) : -1;
        places.set(node, frame < 0 ? "" : stacks.name(frame));
      }
      return places.get(node);
    };
    return { summary, tables, leads, placeOf, duration: summary.header.duration_ns };
  };

  const build = () => {
    const values = () => now;
    const made = groupsTable(view, values);
    const sections = [make("section", { class: "card" }, make("h2", { text: "Groups" }), made.table.element)];
    parts = { groups: made.groups, groupTable: made.table, lives: [], lifeTable: null };
    if (view.leads && view.tables.blocks.has("goroutines")) {
      parts.lives = livesOf(view.tables);
      parts.systemGroups = new Set(made.groups.filter((row) => row.system).map((row) => row.number));
      parts.lifeTable = livesTable(view, values, (sort) => go({ sort }));
      const left = (view.tables.header.left_out || {}).goroutines;
      const note = left
        ? make("p", {
            class: "muted",
            text: `${plural(left, "more goroutine")} did not fit: those that waited least. Groups contain all of them.`,
          })
        : "";
      sections.push(
        make(
          "section",
          { class: "card" },
          make("h2", {}, "Goroutines ", found, " ", clear),
          note,
          parts.lifeTable.element,
        ),
      );
    } else if (view.tables && !view.leads) {
      sections.push(
        make(
          "p",
          { class: "muted" },
          "Only the trace with the worst finding has single goroutines: ",
          link("show it", { v: "goroutines", s: view.tables.header.trace }),
        ),
      );
    }
    content.replaceChildren(...sections);
  };

  const fill = ({ q, n, g, type, rule, sort }) => {
    const words = wordsOf(q);
    const isShown = (row) => (type === "system" || !row.system) && (rule !== "alive" || row.alive > 0);
    const groups = parts.groups.filter((row) => isShown(row) && fits(words, `${row.name} ${row.place}`));
    const listed = words.some((word) => /^g\d+$/.test(word)) && !groups.length ? parts.groups.filter(isShown) : groups;
    parts.groupTable.show(listed);
    if (!parts.lifeTable) return;
    const number = words.length === 1 && /^g?(\d+)$/.exec(words[0]);
    const matches = (row) =>
      fits(words, `${row.name} ${view.placeOf(row.node)}`) || (number && row.id === Number(number[1]));
    const isChosen = (row) => (n === null ? type === "system" || !parts.systemGroups.has(row.group) : row.group === n);
    const isAlive = (row) => rule !== "alive" || row.ended < 0;
    const lives = parts.lives.filter((row) => row.id === g || (isChosen(row) && isAlive(row) && matches(row)));
    parts.lifeTable.show(lives, sort);
    found.textContent =
      lives.length === parts.lives.length
        ? count(lives.length)
        : `${count(lives.length)} of ${count(parts.lives.length)}`;
    const chosen = parts.groups[n];
    clear.hidden = n === null;
    clear.textContent = chosen ? `All groups, not only ${short(chosen.name)}` : "All groups";
  };

  const reveal = (g) => {
    const row = g !== null && parts.lifeTable && parts.lives.find(({ id }) => id === g);
    if (row) parts.lifeTable.reveal(row);
  };

  const change = async (values) => {
    now = values;
    select?.set(values.s || 0);
    if (document.activeElement !== search) search.value = values.q;
    system.checked = values.type === "system";
    alive.checked = values.rule === "alive";
    if (!view || view.number !== (values.s || 0)) {
      const next = { ...(await viewOf(values.s)), number: values.s || 0 };
      if (now !== values) return;
      view = next;
      build();
      seen = "";
    }
    const wanted = JSON.stringify([values.q, values.n, values.g, values.type, values.rule, values.sort]);
    if (wanted !== seen) {
      seen = wanted;
      fill(values);
    }
    reveal(values.g);
  };

  tab("goroutines", {
    async open(given) {
      panel = given;
      select = await traceChoice((s) => go({ s, n: null }));
      panel.append(
        make(
          "div",
          { class: "bar", role: "search" },
          ...(select ? [select.element] : []),
          search,
          make("label", {}, alive, "alive at the end"),
          make("label", {}, system, "runtime's own"),
        ),
        content,
      );
    },
    change,
  });
  keys("goroutines", [["/", "search"]], (event) => {
    if (event.key !== "/") return;
    event.preventDefault();
    search.focus();
  });
})();
