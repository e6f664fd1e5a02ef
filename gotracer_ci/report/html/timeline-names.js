// Who ran: functions of goroutines, and the stacks of slices.

/** The stacks of the stream `calls`, or of another one with the same blocks. */
class Stacks {
  constructor({ header, blocks }) {
    const frames = blocks.get("frames");
    const calls = blocks.get("calls");
    this.strings = header.strings;
    for (const name of ["function", "file", "line", "owner", "linked"]) this[name] = frames.column(name);
    this.parent = calls.column("parent");
    this.frame = calls.column("frame");
    this.size = this.parent.length + 1;
  }

  /** Return the function of a frame. */
  name(frame) {
    return this.strings[this.function[frame]] || "unknown";
  }

  /** Return the frames of a node, leaf first. */
  frames(node) {
    const found = [];
    for (let at = node; at > 0 && at < this.size && found.length < LONGEST; at = this.parent[at - 1])
      found.push(this.frame[at - 1]);
    return found;
  }

  /** Return the topmost own-code frame of a node, else its leaf; −1 without a stack. */
  place(node) {
    const frames = this.frames(node);
    return frames.find((frame) => this.owner[frame] === 0) ?? frames[0] ?? -1;
  }

  /** Return the outermost frame of each node, by node; −1 for node 0. Callers come before what they call. */
  roots() {
    const found = new Int32Array(this.size).fill(-1);
    for (let node = 1; node < this.size; node++) {
      const parent = this.parent[node - 1];
      found[node] = parent > 0 && parent < node ? found[parent] : this.frame[node - 1];
    }
    return found;
  }
}

/** The goroutines of the trace, by ID, and the functions in which they began. */
class Lives {
  constructor(tables, summary) {
    const lives = tables && tables.blocks.get("goroutines");
    const column = (name) => (lives && lives.has(name) ? lives.column(name) : []);
    for (const name of ["id", "name", "group", "creator", "node", "created", "ended"]) this[name] = column(name);
    this.strings = tables ? tables.header.strings : [""];
    this.lives = new Map();
    this.byGroup = new Map();
    for (let life = 0; life < this.id.length; life++) {
      this.lives.set(this.id[life], [...(this.lives.get(this.id[life]) || []), life]);
      if (!this.byGroup.has(this.group[life])) this.byGroup.set(this.group[life], []);
      this.byGroup.get(this.group[life]).push(life);
    }
    const groups = summary && summary.blocks.get("groups");
    this.groups = groups
      ? [...groups.column("name").keys()].map((group) => this.described(groups, group, summary.header.strings))
      : [];
    this.groups.sort((a, b) => a.system - b.system || b.running - a.running || a.number - b.number);
    this.hues = new Map();
    for (const { name, system } of this.groups) {
      if (this.hues.has(name)) continue;
      this.hues.set(name, system ? SYSTEM : this.hues.size < HUES ? this.hues.size : OTHER);
    }
  }

  described(groups, number, strings) {
    const value = (name) => (groups.has(name) ? groups.column(name)[number] : 0);
    const text = (name) => strings[value(name)] || "";
    return {
      number,
      name: text("name"),
      place: text("place"),
      system: value("system"),
      lives: value("lives"),
      running: value("running"),
    };
  }

  /** Return the life of a goroutine at a time, or its last one; −1 if unknown. */
  life(id, time) {
    const lives = this.lives.get(id) || [];
    return lives.find((life) => this.ended[life] < 0 || this.ended[life] >= time) ?? lives.at(-1) ?? -1;
  }

  /** Return the function in which a goroutine began; "" if unknown. */
  function(id, time) {
    const life = this.life(id, time);
    return life < 0 ? "" : this.strings[this.name[life]];
  }
}

/** Return the hue of each record's function. */
const huesOf = (lanes, stacks, goroutines) => {
  const roots = stacks.roots();
  const byFrame = new Map();
  const byNode = new Uint8Array(stacks.size).fill(OTHER);
  for (let node = 1; node < stacks.size; node++) {
    const root = roots[node];
    if (!byFrame.has(root)) byFrame.set(root, goroutines.hues.get(stacks.name(root)));
    byNode[node] = byFrame.get(root) ?? 255;
  }
  byNode[0] = 255;
  const found = new Uint8Array(lanes.size);
  for (let i = 0; i < lanes.size; i++) {
    const hue = byNode[lanes.node[i]] ?? 255;
    found[i] =
      hue < 255 ? hue : (goroutines.hues.get(goroutines.function(lanes.goroutine[i], lanes.start[i])) ?? OTHER);
  }
  return found;
};
