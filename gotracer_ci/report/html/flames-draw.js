// A flame graph on a canvas: callers on top, each function as wide as its time.

const FLAME_OWNERS = ["own code", "dependency", "standard library"];
const FLAME_PAINTS = ["--flame-own", "--flame-dependency", "--flame-std"];
const FLAME_ROW = 19;
const FLAME_ROWS = 250; // rows that are drawn
const FORCED = matchMedia("(forced-colors: active)"); // then colours of boxes may be those of the page
const FLAME_LEAST = 0.4; // pixels of a function that is drawn

/** Return a difference in words. */
const signed = (ns) => (ns === 0 ? "unchanged" : `${ns > 0 ? "+" : "−"}${duration(Math.abs(ns))}`);

/** Return whether any part of a node is below another one, or above it. */
const overlaps = (node, other) => node.start < other.start + other.width && node.start + node.width > other.start;

/**
 * Draws a tree. view: {tree, zoomed, selected, hovered, words, compared, hasStates}; the first three are set before it
 * draws. Only nodes that overlap the zoomed one are shown, in its scale.
 */
class FlameGraph {
  constructor(canvas, frame, view) {
    Object.assign(this, { canvas, frame, view, boxes: [] });
  }

  /** Return the node at a place of the canvas, null if there is none. */
  at({ offsetX, offsetY }) {
    const isAt = ({ x, y, width }) =>
      offsetX >= x && offsetX < x + Math.max(width, 1) && offsetY >= y && offsetY < y + FLAME_ROW;
    return this.boxes.find(isAt)?.node || null;
  }

  matches(node) {
    return this.view.words.length > 0 && node.frame >= 0 && fits(this.view.words, node.name);
  }

  draw() {
    const { tree, zoomed, hovered, selected } = this.view;
    const { paddingLeft, paddingRight } = getComputedStyle(this.frame);
    const width = Math.floor(this.frame.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight));
    if (!tree || width < 60) return;
    const scale = width / (zoomed.width || 1);
    this.boxes = [];
    for (let above = zoomed.parent; above; above = above.parent) this.place(above, 0, width);
    const waiting = [zoomed];
    while (waiting.length) {
      const node = waiting.pop();
      if (node.depth > FLAME_ROWS) continue;
      this.place(node, (node.start - zoomed.start) * scale, node.width * scale);
      for (const child of node.children) if (child.width * scale >= FLAME_LEAST) waiting.push(child);
    }
    const deepest = this.boxes.reduce((most, { y }) => Math.max(most, y), 0);
    const context = fitted(this.canvas, width, deepest + FLAME_ROW);
    context.textBaseline = "middle";
    context.textAlign = "left";
    for (const one of this.boxes) this.box(context, one);
    for (const one of this.boxes) {
      if (one.node === selected) this.outline(context, one, "--accent");
      else if (one.node === hovered) this.outline(context, one, "--text");
    }
  }

  place(node, x, width) {
    this.boxes.push({ node, x, y: node.depth * FLAME_ROW, width: Math.max(width - 0.8, 0.6) });
  }

  box(context, one) {
    const { node, x, y, width } = one;
    const { words, compared } = this.view;
    if (compared) this.difference(context, one);
    else {
      context.fillStyle = color(node.parent ? FLAME_PAINTS[node.owner] : "--soft");
      context.fillRect(x, y, width, FLAME_ROW - 1);
      this.states(context, one);
    }
    const isMatch = this.matches(node);
    const isFaint = words.length > 0 && !isMatch;
    if (isFaint) {
      context.globalAlpha = 0.62;
      context.fillStyle = color("--card");
      context.fillRect(x, y, width, FLAME_ROW - 1);
      context.globalAlpha = 1;
    }
    if (isMatch) this.outline(context, one, "--flame-match");
    else if (FORCED.matches) this.outline(context, one, "--text", 1);
    if (width < 22) return;
    const paint = compared || !node.parent ? "--text" : `${FLAME_PAINTS[node.owner]}-text`;
    context.fillStyle = color(isFaint ? "--muted" : paint);
    context.font = node.owner === 0 ? `600 ${FONT}` : FONT;
    fitText(context, this.label(one), x + 4, y + FLAME_ROW / 2 - (this.hasStrip(width) ? 1 : 0), width - 7);
  }

  label({ node, width }) {
    const by = this.view.compared && width > 150 ? ` ${signed(node.ns - node.base)}` : "";
    return (node.parent ? short(node.name) : `all: ${duration(node.ns)}`) + by;
  }

  /** Paint how a node differs from the base: red grew, blue shrank, the stronger the more. */
  difference(context, { node, x, y, width }) {
    const by = node.ns - node.base;
    context.fillStyle = color("--flame-same");
    context.fillRect(x, y, width, FLAME_ROW - 1);
    if (!by) return;
    context.globalAlpha = 0.15 + 0.85 * Math.min(1, Math.abs(by) / (Math.max(node.ns, node.base) || 1));
    context.fillStyle = color(by > 0 ? "--flame-grew" : "--flame-shrank");
    context.fillRect(x, y, width, FLAME_ROW - 1);
    context.globalAlpha = 1;
  }

  hasStrip(width) {
    return this.view.hasStates && !this.view.compared && width > 3;
  }

  /** Paint a strip of the states below the name, where a profile has several. */
  states(context, { node, x, y, width }) {
    if (!this.hasStrip(width)) return;
    let at = x;
    node.states.forEach((ns, state) => {
      const part = (width * ns) / (node.ns || 1);
      context.fillStyle = color(`--${FLAME_STATES[state]}`);
      context.fillRect(at, y + FLAME_ROW - 4, part, 3);
      at += part;
    });
  }

  outline(context, { x, y, width }, paint, thick = 2) {
    context.strokeStyle = color(paint);
    context.lineWidth = thick;
    context.strokeRect(x + thick / 2, y + thick / 2, Math.max(width - thick, 1), FLAME_ROW - 1 - thick);
  }
}
