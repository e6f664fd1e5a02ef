// Colours and patterns of canvases: those of the style sheet, in the reader's theme.

const HUES = 8;
/** The numbers of hues after those of functions: the runtime's own goroutines, and all others. */
const SYSTEM = HUES;
const OTHER = HUES + 1;
const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const FONT_SMALL = '10px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

const resolved = new Map();

/** Return the value of a custom property that is a colour, such as "--running", as canvases understand it. */
const color = (name) => {
  if (!resolved.has(name)) {
    const probe = make("span", { class: "probe", hidden: true });
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    resolved.set(name, getComputedStyle(probe).color);
    probe.remove();
  }
  return resolved.get(name);
};

/** Return stripes of a colour, for states that must differ in more than hue. */
const stripes = (context, name) => {
  const key = `stripes ${name}`;
  if (!resolved.has(key)) {
    const tile = new OffscreenCanvas(6, 6);
    const brush = tile.getContext("2d");
    brush.strokeStyle = color(name);
    brush.lineWidth = 1.6;
    for (const x of [-6, 0, 6]) {
      brush.moveTo(x, 6);
      brush.lineTo(x + 6, 0);
    }
    brush.stroke();
    resolved.set(key, context.createPattern(tile, "repeat"));
  }
  return resolved.get(key);
};

/** Return the colours of functions by number: `HUES`, then `SYSTEM` and `OTHER`. */
const hues = () =>
  [...Array(HUES).keys()].map((number) => color(`--hue-${number}`)).concat(color("--hue-system"), color("--hue-other"));

document.addEventListener("themechange", () => resolved.clear());
for (const query of ["(forced-colors: active)", "print"])
  matchMedia(query).addEventListener("change", () => document.dispatchEvent(new Event("themechange")));

/** Size a canvas to its place in the page, and return its context in CSS pixels; what was drawn is gone. */
const fitted = (canvas, width, height) => {
  const ratio = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
};

/** Draw text that ends with "…" where it does not fit; no text at all below 20 pixels. */
const fitText = (context, text, x, y, width) => {
  if (width < 20) return;
  const fits = Math.floor(width / 5.6);
  context.fillText(text.length > fits ? `${text.slice(0, Math.max(1, fits - 1))}…` : text, x, y, width);
};
