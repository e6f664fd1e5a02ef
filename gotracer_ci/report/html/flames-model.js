// Profiles as trees of functions, for flame graphs and for the table of functions.

const FLAME_STATES = ["running", "runnable", "waiting", "syscall", "blocked"];

/** Samples → a tree of functions. Each node sums those of this run (ns, count) and those of the base (base). */
const flameTree = (() => {
  class FlameNode {
    constructor(parent, name, frame, owner) {
      this.parent = parent;
      this.name = name;
      this.frame = frame;
      this.owner = owner;
      this.depth = parent ? parent.depth + 1 : 0;
      this.children = new Map();
      this.ns = this.count = this.own = this.ownCount = this.base = this.ownBase = 0;
      this.states = new Float64Array(FLAME_STATES.length);
      this.reasons = new Map();
      // where it is drawn: from `start`, as wide as `width`, in ns
      this.start = this.width = 0;
    }
  }

  const stateOf = (text) => {
    const found = FLAME_STATES.indexOf(text === "syscall_blocked" ? "blocked" : text);
    return found < 0 ? 2 : found;
  };

  /** Return the node of the tree for a stack. */
  const placed = (root, stacks, node) => {
    const frames = stacks.frames(node);
    let at = root;
    for (let i = frames.length - 1; i >= 0; i--) {
      const name = stacks.name(frames[i]);
      const key = stacks.function[frames[i]];
      let next = at.children.get(key);
      if (!next) {
        next = new FlameNode(at, name, frames[i], stacks.owner[frames[i]]);
        at.children.set(key, next);
      }
      at = next;
    }
    if (at !== root) return at;
    if (!root.children.has(-1)) root.children.set(-1, new FlameNode(root, "(no stack)", -1, 2));
    return root.children.get(-1);
  };

  /** Return all nodes, callers first. */
  const nodesOf = (root) => {
    const found = [root];
    for (let i = 0; i < found.length; i++) for (const child of found[i].children.values()) found.push(child);
    return found;
  };

  /** Sum up the nodes, and lay them out: the longest first. */
  const finish = (root, compared) => {
    const nodes = nodesOf(root);
    for (let i = nodes.length - 1; i >= 0; i--) {
      const node = nodes[i];
      node.ns += node.own;
      node.count += node.ownCount;
      node.base += node.ownBase;
      node.width += compared ? Math.max(node.own, node.ownBase) : node.own;
      const { parent } = node;
      if (!parent) continue;
      for (const name of ["ns", "count", "base", "width"]) parent[name] += node[name];
      node.states.forEach((ns, state) => (parent.states[state] += ns));
    }
    for (const node of nodes) {
      node.children = [...node.children.values()].sort((a, b) => b.width - a.width || (a.name < b.name ? -1 : 1));
      let at = node.start;
      for (const child of node.children) {
        child.start = at;
        at += child.width;
      }
    }
    return { root, nodes, depth: nodes.reduce((most, { depth }) => Math.max(most, depth), 0) };
  };

  /**
   * Return {root, nodes, depth}.
   *
   * samples, base: [{node, state, reason, count, ns}]; base is null if nothing is compared. times: what each side is
   * multiplied by, such as [1, 0.5] for one trace and two base traces.
   */
  return (stacks, samples, base, times = [1, 1]) => {
    const root = new FlameNode(null, "all", -1, 2);
    for (const { node, state, reason, count: number, ns } of samples) {
      const at = placed(root, stacks, node);
      at.own += ns * times[0];
      at.ownCount += number * times[0];
      at.states[stateOf(state)] += ns * times[0];
      if (reason) at.reasons.set(reason, (at.reasons.get(reason) || 0) + ns * times[0]);
    }
    for (const { node, ns } of base || []) placed(root, stacks, node).ownBase += ns * times[1];
    return finish(root, base !== null);
  };
})();

/** Return the samples of a profile by name: [{node, state, reason, count, ns}]; null if there is no such profile. */
const samplesOf = ({ header, blocks }, name) => {
  if (!blocks.has(name)) return null;
  return rowsOf(blocks.get(name)).map((row) => ({
    ...row,
    state: header.strings[row.state],
    reason: header.strings[row.reason],
  }));
};

/** Leaves that stand for what no stack tells. */
const STAND_INS = ["(running)", "(no stack)"];

/** Return the topmost own code of a node's stack, or the node itself if there is none or nothing is known of it. */
const flatNode = (node) => {
  let at = STAND_INS.includes(node.name) ? null : node;
  while (at && at.owner !== 0) at = at.parent;
  return at || node;
};

/**
 * Return the functions of a tree: [{name, frame, owner, flat, own, ns, flatCount, base, flatBase}], the longest first.
 *
 * flat: the time of stacks whose topmost own code it is, or whose leaf if they have none. own: of stacks whose leaf it
 * is. ns: with what it called; recursion counts once.
 */
const functionsOf = ({ nodes }) => {
  const found = new Map();
  const of = ({ name, frame, owner }) => {
    if (!found.has(name))
      found.set(name, { name, frame, owner, flat: 0, own: 0, ns: 0, flatCount: 0, base: 0, flatBase: 0 });
    return found.get(name);
  };
  for (const node of nodes) {
    if (!node.parent) continue;
    const one = of(node);
    one.own += node.own;
    const flat = of(flatNode(node));
    flat.flat += node.own;
    flat.flatCount += node.ownCount;
    flat.flatBase += node.ownBase;
    let above = node.parent;
    while (above && above.name !== node.name) above = above.parent;
    if (above) continue;
    one.ns += node.ns;
    one.base += node.base;
  }
  return [...found.values()].sort((a, b) => b.ns - a.ns || (a.name < b.name ? -1 : 1));
};

/** Return the sum of the topmost nodes that match, in ns; their descendants are part of them. */
const matched = ({ nodes }, matches) => {
  const inside = new Set();
  let ns = 0;
  for (const node of nodes) {
    if (inside.has(node.parent)) inside.add(node);
    else if (matches(node)) {
      inside.add(node);
      ns += node.ns;
    }
  }
  return ns;
};
