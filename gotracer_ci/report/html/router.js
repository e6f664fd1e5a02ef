// Tabs and deep links. The state of the page is its hash: #v=timeline&t=START-END&g=123&f=FINGERPRINT

const natural = (text) => (/^\d{1,15}$/.test(text) ? Number(text) : null);
const limited = (text) => (text.length <= LONGEST ? text : "");

/** What the hash may say: v tab, t range (ns), g goroutine, f finding, s trace, n window, b bucket of durations; the others are a tab's own. */
const VALUES = {
  v: (text) => (tabs.has(text) ? text : ""),
  t: (text) => {
    const found = /^(\d{1,15})-(\d{1,15})$/.exec(text);
    return found && Number(found[1]) < Number(found[2]) ? [Number(found[1]), Number(found[2])] : null;
  },
  g: natural,
  f: (text) => (/^[0-9a-f]{16}$/.test(text) ? text : ""),
  s: natural,
  n: natural,
  b: (text) => (/^\d{1,2}$/.test(text) ? Number(text) : null),
  q: limited,
  p: (text) => (/^[a-z]{1,20}$/.test(text) ? text : ""),
  severity: limited,
  rule: limited,
  verdict: limited,
  type: limited,
  sort: limited,
};
/** What a tab keeps for itself while another one is shown. */
const OWN = ["n", "b", "q", "p", "severity", "rule", "verdict", "type", "sort"];
const FIRST = "findings";

const tabs = new Map();
const kept = new Map();
let state = {};
let shown = "";

const read = (hash) => {
  const given = new URLSearchParams(hash.length < 4000 ? hash.slice(1) : "");
  const found = Object.fromEntries(Object.entries(VALUES).map(([name, parse]) => [name, parse(given.get(name) || "")]));
  return { ...found, v: found.v || FIRST };
};

const written = (values) => {
  const parts = Object.keys(VALUES).map((name) => [name, name === "t" && values.t ? values.t.map(Math.round).join("-") : values[name]]);
  const hash = parts.filter(([, value]) => value || value === 0).map(([name, value]) => `${name}=${encodeURIComponent(clean(String(value)))}`);
  return `#${hash.join("&")}`;
};

/** Return `<a>` that leads to a state of the page. */
const link = (text, values) => make("a", { href: written(values), text });

/**
 * Merge values into the state and show it: "" or null removes one. A change of the tab or of the finding can be gone
 * back from. Each tab keeps its own search and filters.
 */
const go = (values) => {
  const { v, f } = state;
  let next = { ...state };
  if (values.v && values.v !== v) {
    kept.set(v, Object.fromEntries(OWN.map((name) => [name, state[name]])));
    for (const name of OWN) next[name] = null;
    next = { ...next, ...kept.get(values.v) };
  }
  const hash = written({ ...next, ...values });
  const moved = (values.v || v) !== v || ("f" in values ? values.f || "" : f) !== f;
  if (hash !== location.hash) history[moved ? "pushState" : "replaceState"](null, "", hash);
  route();
};

/** Register a tab by the ID of its panel: open is called once, when it is first shown, then change for each state. */
const tab = (name, { open = () => {}, change = () => {} }) => {
  const panel = byId(name);
  if (panel) tabs.set(name, { panel, button: byId(`tab-${name}`), open, change, opened: null, keys: [], press: null });
};

/**
 * Add keys of a tab to the help: [[key, what it does], …]. press: called with the event for each key that is pressed
 * while the tab is shown and no text is edited; keys with Ctrl, Alt or Meta belong to the browser.
 */
const keys = (name, list, press = null) => {
  const found = tabs.get(name);
  if (found) Object.assign(found, { keys: [...found.keys, ...list], press: press || found.press });
};

const opened = async (one) => {
  if (one.panel.hasAttribute("data-drawn") && !("DecompressionStream" in window)) {
    one.panel.append(make("p", { class: "empty", text: "This browser cannot inflate the data. Chrome 103, Firefox 113 and Safari 16.4 can." }));
    one.change = () => {};
    return;
  }
  await one.open(one.panel, state);
};

const show = async (one) => {
  if (!one.opened) {
    one.opened = opened(one);
    one.opened.catch((error) => one.panel.append(make("p", { class: "empty", text: `This cannot be shown: ${clean(String(error))}` })));
    await one.opened;
    one.panel.dataset.ready = "";
  } else {
    await one.opened;
  }
  if (tabs.get(shown) === one) one.change(state);
};

/** Show what the hash says. */
const route = () => {
  state = read(location.hash);
  const changed = shown !== state.v;
  shown = state.v;
  for (const [name, { panel, button }] of tabs) {
    panel.hidden = name !== shown;
    button.setAttribute("aria-selected", String(name === shown));
    button.tabIndex = name === shown ? 0 : -1;
  }
  if (changed) tabs.get(shown).button.scrollIntoView({ block: "nearest", inline: "nearest" });
  return show(tabs.get(shown));
};

const pressed = (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || byId("help").open) return;
  if (event.target.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]")) return;
  if (event.key === "?") showHelp();
  else if (!event.target.closest("[role=tab]")) tabs.get(shown).press?.(event);
};

const showHelp = () => {
  const list = [...tabs.values()].filter((one) => one.keys.length);
  const general = ["Everywhere", [["← → Home End", "on the tabs: another tab"], ["?", "this help"]]];
  const groups = [general, ...list.map((one) => [one.button.textContent, one.keys])].map(([title, rows]) =>
    make("section", {}, make("h3", { text: title }), make("dl", { class: "keys" }, ...rows.flatMap(([key, what]) => [make("dt", {}, make("kbd", { text: key })), make("dd", { text: what })]))),
  );
  byId("keys").replaceChildren(...groups);
  byId("help").showModal();
};

/** Make the tabs work, and show what the hash says. */
const start = () => {
  const buttons = [...byId("tabs").children].filter((button) => tabs.has(button.getAttribute("aria-controls")));
  byId("tabs").hidden = false;
  byId("tabs").addEventListener("keydown", (event) => {
    const at = buttons.indexOf(event.target);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const button = buttons[(to + buttons.length) % buttons.length];
    go({ v: button.getAttribute("aria-controls") });
    button.focus();
  });
  for (const button of buttons) {
    button.hidden = false;
    button.addEventListener("click", () => go({ v: button.getAttribute("aria-controls") }));
  }
  addEventListener("hashchange", route);
  addEventListener("keydown", pressed);
  byId("help-open").addEventListener("click", showHelp);
  byId("help-open").hidden = false;
  route();
};
