// What a flame graph shows as text: one function, and the table of all.

const FLAME_STATE_WORDS = ["running", "runnable", "waiting", "in system calls", "in system calls without a P"];

/** Return the file and line of a frame, linked if it is in the repository. */
const frameSource = (stacks, frame) =>
  frame < 0 ? "" : source(stacks.strings[stacks.file[frame]] || "", stacks.line[frame], stacks.linked[frame]);

const shareOf = (part, whole) => (whole ? percentage(part / whole) : "0 %");

/** Return the elements that describe a node: [name, numbers]. times: what the profile counts. */
const flameFacts = (node, { tree, zoomed, compared, hasStates }, stacks, times) => {
  const facts = [["Total", duration(node.ns)]];
  if (node.parent) facts.push(["Share", shareOf(node.ns, tree.root.ns)]);
  if (node !== zoomed && zoomed.parent) facts.push(["Of the zoomed", shareOf(node.ns, zoomed.ns)]);
  facts.push(["Self", duration(node.own)], [times, count(rounded(node.count))]);
  if (compared) facts.push(["In the base", duration(node.base)], ["Change", signed(node.ns - node.base)]);
  const listed = (pairs) => pairs.map(([name, ns]) => `${clean(name)} ${duration(ns)}`).join(", ");
  const states = [...node.states].map((ns, state) => [FLAME_STATE_WORDS[state], ns]).filter(([, ns]) => ns > 0);
  if (hasStates) facts.push(["States", listed(states)]);
  const reasons = [...node.reasons].sort((a, b) => b[1] - a[1]).slice(0, 4);
  if (reasons.length) facts.push(["Waited for", listed(reasons)]);
  const name = make("p", { class: "flame-name" }, make("b", { text: node.parent ? clean(node.name) : "all" }));
  if (node.parent)
    name.append(" ", make("span", { class: `owner owner-${node.owner}`, text: FLAME_OWNERS[node.owner] }));
  if (node.frame >= 0) {
    const q = node.name.slice(0, LONGEST);
    const links = [link("goroutines", { v: "goroutines", q }), " ", link("timeline", { v: "timeline", q })];
    if (isInFindings(node.name)) links.push(" ", link("findings", { v: "findings", q }));
    name.append(" ", frameSource(stacks, node.frame), " ", make("span", { class: "links" }, ...links));
  }
  const pair = ([title, value]) => make("div", {}, make("dt", { text: title }), make("dd", { text: value }));
  return [name, make("dl", {}, ...facts.map(pair))];
};

/** Return the table of a tree's functions. view: see `FlameGraph`. */
const functionTable = ({ tree, words, compared }, stacks, times) => {
  const ns = (key, title, about) => ({ key, title, kind: "ns", about, value: (row) => row[key] });
  const part = (key, title, about) => ({
    key: `${key}-share`,
    title,
    kind: "share",
    about,
    value: (row) => (tree.root.ns ? row[key] / tree.root.ns : 0),
  });
  const by = (key, base, title) => ({
    key: `${key}-change`,
    title,
    kind: "ns",
    about: "Compared with the base traces, each side per trace",
    value: (row) => row[key] - row[base],
    cell: (row) => {
      const change = row[key] - row[base];
      return make("span", { class: change > 0 ? "grew" : change < 0 ? "shrank" : "muted", text: signed(change) });
    },
  });
  const name = ({ name: text }) =>
    make("button", { type: "button", text: clean(text), on: { click: () => go({ q: text.slice(0, LONGEST) }) } });
  const columns = [
    { key: "name", title: "Function", kind: "text", value: (row) => row.name, cell: name },
    { key: "owner", title: "Owner", kind: "text", value: (row) => FLAME_OWNERS[row.owner] },
    ns("flat", "Flat", "Of stacks whose topmost own code it is, or whose leaf if they have none"),
    part("flat", "Flat, %", "Of all time"),
    ns("own", "Self", "Of stacks whose leaf it is: without what it called"),
    ns("ns", "Total", "With what it called; recursion counts once"),
    part("ns", "Total, %", "Of all time"),
    ...(compared ? [by("flat", "flatBase", "Flat, change"), by("ns", "base", "Total, change")] : []),
    { key: "times", title: times, kind: "count", about: "How many the flat time has", value: (row) => row.flatCount },
    {
      key: "file",
      title: "File",
      kind: "text",
      className: "place",
      value: ({ frame }) => (frame < 0 ? "" : stacks.strings[stacks.file[frame]]),
      cell: ({ frame }) => (frame < 0 ? "–" : frameSource(stacks, frame)),
    },
  ];
  const table = dataTable({ label: "Functions", sort: compared ? "flat-change" : "flat", columns });
  table.show(functionsOf(tree).filter((row) => fits(words, row.name)));
  return table.element;
};

/** Return what the colours of a flame graph mean. */
const flameLegend = ({ compared, hasStates }) => {
  const mark = (name, text) => {
    const patch = svg("rect", { class: `part-${name}`, width: 16, height: 10, rx: 2 });
    return make("li", {}, svg("svg", { class: "swatch", viewBox: "0 0 16 10", "aria-hidden": "true" }, patch), text);
  };
  if (compared) return [mark("grew", "grew"), mark("shrank", "shrank")];
  const owners = FLAME_OWNERS.map((text, owner) => mark(FLAME_PAINTS[owner].slice(2), text));
  const states = FLAME_STATE_WORDS.map((text, state) => mark(FLAME_STATES[state], text));
  return hasStates ? [...owners, ...states] : owners;
};
