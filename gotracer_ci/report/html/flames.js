// The tab "Flame graphs": profiles of all traces, and of a range of the timeline.

(() => {
  const TYPES = new Map([
    ["net", ["Network", "How long goroutines waited for the network"]],
    ["sync", ["Sync", "How long goroutines waited for channels, locks and selects"]],
    ["syscall", ["Syscall", "How long goroutines were in system calls"]],
    ["sched", ["Scheduler", "How long goroutines were runnable but did not run"]],
    ["block", ["Block", "How long goroutines waited, for any reason"]],
    ["wall", ["Wall", "All time of all goroutines"]],
    ["cpu", ["CPU", "CPU samples, and the time they stand for"]],
  ]);
  const EXACT = "Only slices that the timeline has exactly count, and what goroutines did after them";
  /** What there is of a part of the worst trace: its title, its samples, whether the state has what it needs, a note. */
  const PARTS = new Map([
    ["range", ["Selected range", rangeSamples, ({ t }) => t, (from) => `What goroutines did ${from}. ${EXACT}.`]],
    ["rangecpu", ["CPU in the range", rangeCpuSamples, ({ t }) => t && data.hasCpu, (from) => `CPU samples ${from}.`]],
    [
      "goroutine",
      ["One goroutine", goroutineSamples, ({ g }) => g !== null, (_, g) => `What goroutine ${g} did. ${EXACT}.`],
    ],
  ]);

  let data = null;
  let panel = null;
  let types = null;
  let now = {};
  let seen = "";
  const view = {
    tree: null,
    zoomed: null,
    selected: null,
    hovered: null,
    words: [],
    compared: false,
    hasStates: false,
  };

  const search = searchField("Search functions and packages", (q) => go({ q }));
  const share = make("output", { class: "muted" });
  const crumbs = make("nav", { class: "crumbs", "aria-label": "Callers of the zoomed function" });
  const canvas = make("canvas", { role: "img", tabindex: 0 });
  const facts = make("div", { class: "flame-facts" });
  const note = make("p", { class: "muted flame-note" });
  const legend = make("ul", { class: "legend" });
  const head = make("div", { class: "head" }, note, legend);
  const frame = make("section", { class: "card flame-graph" }, head, crumbs, canvas, facts);
  const list = make("section", { class: "card" });
  const graph = new FlameGraph(canvas, frame, view);
  const sides = buttons(
    "Compare",
    [
      ["", "This run"],
      ["base", "Difference"],
    ],
    (type) => go({ type }),
  );
  const reasons = choice("Reason", [["", "All reasons"]], (rule) => go({ rule }));

  const profile = () => (PARTS.has(now.p) || data.offered.includes(now.p) ? now.p : data.first);
  const times = () => (profile().endsWith("cpu") ? "Samples" : "Times");
  const describe = () =>
    facts.replaceChildren(...flameFacts(view.hovered || view.selected || view.zoomed, view, data.stacks, times()));

  const show = ({ zoomed = view.zoomed, selected = view.selected }) => {
    Object.assign(view, { zoomed, selected, hovered: null });
    trail();
    describe();
    graph.draw();
  };

  const say = (node) => {
    const change = view.compared ? `, ${signed(node.ns - node.base)}` : "";
    const name = node.parent ? clean(node.name) : "all";
    announce(`${name}, ${duration(node.ns)}, ${shareOf(node.ns, view.tree.root.ns)}${change}`);
  };

  const zoom = (node) => {
    show({ zoomed: node, selected: node });
    say(node);
  };

  const select = (node) => {
    if (!node) return;
    show({ selected: node, zoomed: overlaps(node, view.zoomed) ? view.zoomed : view.tree.root });
    say(node);
  };

  const hover = (node) => {
    if (node === view.hovered) return;
    view.hovered = node;
    describe();
    graph.draw();
  };

  /** Show the callers of the zoomed node. */
  const trail = () => {
    const path = [];
    for (let node = view.zoomed; node; node = node.parent) path.unshift(node);
    crumbs.hidden = path.length < 2;
    const shown = path.length > 6 ? [path[0], null, ...path.slice(-4)] : path.length > 1 ? path : [];
    const crumb = (node) => {
      if (!node) return make("span", { text: "…" });
      const current = node === view.zoomed ? "true" : null;
      const text = node.parent ? short(node.name) : "all";
      return make("button", { type: "button", text, "aria-current": current, on: { click: () => zoom(node) } });
    };
    crumbs.replaceChildren(...shown.map(crumb));
  };

  const beside = (node, step) => {
    const all = node.parent ? node.parent.children : [node];
    return all[all.indexOf(node) + step];
  };

  const MOVES = {
    ArrowUp: (node) => node.parent,
    ArrowDown: (node) => node.children[0],
    ArrowLeft: (node) => beside(node, -1),
    ArrowRight: (node) => beside(node, 1),
    Home: () => view.tree.root,
  };

  const pressed = (event) => {
    if (!view.tree) return;
    if (event.key === "/") search.focus();
    else if (event.key === "Escape" && view.zoomed.parent) zoom(view.zoomed.parent);
    else if (event.target !== canvas) return;
    else if (event.key === "Enter") zoom(view.selected || view.zoomed);
    else if (MOVES[event.key]) select(MOVES[event.key](view.selected || view.zoomed));
    else return;
    event.preventDefault();
  };

  const about = () => {
    const name = profile();
    if (PARTS.has(name)) return PARTS.get(name)[3](now.t ? `from ${now.t.map(timestamp).join(" to ")}` : "", now.g);
    const { traces, base_traces: base } = data.calls.header;
    const several = traces > 1 ? `, in ${plural(traces, "trace")}` : "";
    const sides = `, per trace: ${plural(traces, "trace")} compared with ${plural(base, "base trace")}`;
    return `${TYPES.get(name)[1]}${view.compared ? sides : several}.`;
  };

  /** Return the samples to draw, and those to compare them with, or null. */
  const chosen = async (name) => {
    if (PARTS.has(name)) return [await PARTS.get(name)[1](now), null];
    return [samplesOf(data.calls, name), view.compared ? samplesOf(data.calls, `base_${name}`) : null];
  };

  const rebuild = async (wanted) => {
    const name = profile();
    view.compared = now.type === "base" && data.base.has(name);
    const [samples, base] = await chosen(name);
    if (wanted !== seen) return;
    const word = ({ reason, state }) => reason || state;
    const words = [...new Set(samples.map(word))].sort();
    reasons.offer([["", "All reasons"], ...words.map((one) => [one, clean(one)])]);
    reasons.set(now.rule);
    reasons.element.hidden = words.length < 2;
    const isChosen = (one) => !words.includes(now.rule) || word(one) === now.rule;
    const { traces, base_traces: baseTraces } = data.calls.header;
    const scales = base ? [1 / (traces || 1), 1 / (baseTraces || 1)] : [1, 1];
    const tree = flameTree(data.stacks, samples.filter(isChosen), base && base.filter(isChosen), scales);
    Object.assign(view, { tree, zoomed: tree.root, selected: null, hovered: null });
    view.hasStates = tree.root.states.filter((ns) => ns > 0).length > 1;
    note.textContent = about();
    legend.replaceChildren(...flameLegend(view));
    const [title] = TYPES.get(name) || PARTS.get(name);
    const sum = `${duration(tree.root.ns)}, ${plural(tree.nodes.length - 1, "function")} with their callers`;
    canvas.setAttribute("aria-label", `Flame graph, ${title}: ${sum}. The table below has the same numbers.`);
    trail();
    describe();
  };

  /** Offer the profiles of all traces, and if the shown one is of a part, those of parts. */
  const offer = (isPart) => {
    const parts = isPart ? [...PARTS].filter(([, [, , has]]) => has(now)).map(([name, [title]]) => [name, title]) : [];
    const wanted = [...data.offered.map((name) => [name, TYPES.get(name)[0]]), ...parts];
    if (types && data.buttons === String(wanted)) return;
    data.buttons = String(wanted);
    const next = buttons("Profile", wanted, (p) => go({ p, rule: "" }));
    if (types) types.element.replaceWith(next.element);
    types = next;
  };

  const change = async (values) => {
    if (!data) return;
    const isPart = PARTS.has(values.p) && PARTS.get(values.p)[2](values);
    now = PARTS.has(values.p) && !isPart ? { ...values, p: "" } : values;
    view.words = wordsOf(values.q);
    if (document.activeElement !== search) search.value = values.q;
    offer(isPart);
    types.set(profile());
    sides.element.hidden = !data.base.has(profile());
    sides.set(now.type === "base" ? "base" : "");
    const wanted = JSON.stringify([profile(), now.type, now.rule, isPart ? [now.t, now.g] : null]);
    if (wanted !== seen) {
      seen = wanted;
      await rebuild(wanted);
      if (wanted !== seen) return;
    }
    const { tree, words } = view;
    const found = words.length ? matched(tree, (node) => graph.matches(node)) : 0;
    share.textContent = words.length ? `${shareOf(found, tree.root.ns)} (${duration(found)}) matches` : "";
    list.replaceChildren(make("h2", { text: "Functions" }), functionTable(view, data.stacks, times()));
    graph.draw();
  };

  /** Return what the page has of profiles; null if it has none. */
  const load = async () => {
    const [calls, tables] = [await stream("calls"), await stream("tables")];
    if (!calls || !calls.blocks.has("calls")) return null;
    const has = (name) => calls.blocks.has(name) && calls.blocks.get(name).count("node") > 0;
    const offered = [...TYPES.keys()].filter(has);
    const base = new Set(offered.filter((name) => has(`base_${name}`)));
    const hasCpu = Boolean(tables?.blocks.get("cpu")?.count("at"));
    const first = offered.includes("block") ? "block" : offered[0];
    return offered.length ? { calls, stacks: new Stacks(calls), offered, first, base, hasCpu } : null;
  };

  tab("flames", {
    async open(given) {
      panel = given;
      data = await load();
      if (!data) {
        panel.append(
          make("p", { class: "empty", text: "The traces have no stacks of goroutines that waited or ran." }),
        );
        return;
      }
      offer(false);
      const bar = make(
        "div",
        { class: "bar", role: "search" },
        types.element,
        sides.element,
        reasons.element,
        search,
        share,
      );
      panel.append(bar, frame, list);
      const again = () => panel.hidden || graph.draw();
      document.addEventListener("themechange", again);
      addEventListener("resize", again);
      canvas.addEventListener("pointermove", (event) => hover(graph.at(event)));
      canvas.addEventListener("pointerleave", () => hover(null));
      canvas.addEventListener("click", (event) => {
        const node = graph.at(event);
        if (node) zoom(node);
      });
    },
    change,
  });
  keys(
    "flames",
    [
      ["↑ ↓ ← →", "on the graph: caller, callee, neighbours"],
      ["Enter", "zoom in on the selected function"],
      ["Esc", "zoom out to its caller"],
      ["Home", "on the graph: all"],
      ["/", "search"],
    ],
    pressed,
  );
})();
