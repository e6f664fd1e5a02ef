// Axes, lines and areas on a canvas, with a table of the same numbers.

const plot = (() => {
  const LEFT = 58;
  const RIGHT = 14;
  const TOP = 10;
  const BOTTOM = 24;

  const nice = (span, most) => {
    const rough = span / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    return power * [1, 2, 5, 10].find((step) => step * power >= rough * 0.999999);
  };

  const binary = (span, most) => {
    let step = 1;
    while (step * most < span) step *= 2;
    return step;
  };

  /** Return the ticks of an axis. */
  const ticks = ({ from, to, log, unit }, most) => {
    if (log) {
      const factors = to / from > 300 ? [1] : [1, 2, 5];
      const found = [];
      for (let power = Math.floor(Math.log10(from)); 10 ** power <= to * 1.000001; power++)
        found.push(...factors.map((factor) => factor * 10 ** power));
      return found.filter((tick) => tick >= from * 0.999999 && tick <= to * 1.000001);
    }
    const step =
      unit === "count" && to - from <= most ? 1 : unit === "Ps" ? binary(to - from, most) : nice(to - from || 1, most);
    const found = [];
    for (let n = Math.ceil(from / step); n * step <= to * 1.000001; n++) found.push(n * step);
    return found;
  };

  const FORMS = {
    ns: duration,
    bytes: size,
    share: percentage,
    count,
    Ps: count,
    each: (value) => (value < 0.01 ? "0" : count(value)),
  };

  const scale = ({ from, to, log }, low, high) => {
    if (!log) return (value) => low + ((value - from) / (to - from || 1)) * (high - low);
    const [a, b] = [Math.log10(from), Math.log10(to)];
    return (value) => low + ((Math.log10(Math.max(value, from)) - a) / (b - a || 1)) * (high - low);
  };

  const outline = (context, { kind, xs, ys, bases }, x, y) => {
    context.beginPath();
    let pen = false;
    for (let i = 0; i < xs.length; i++) {
      if (ys[i] === null) {
        pen = false;
        continue;
      }
      const [at, up] = [x(xs[i]), y(ys[i])];
      if (!pen) context.moveTo(at, up);
      else if (kind === "step") {
        context.lineTo(at, y(ys[i - 1] ?? ys[i]));
        context.lineTo(at, up);
      } else context.lineTo(at, up);
      pen = true;
    }
    if (kind !== "area") return;
    for (let i = xs.length - 1; i >= 0; i--) context.lineTo(x(xs[i]), y(bases ? bases[i] : 0));
    context.closePath();
  };

  const DRAW = {
    area(context, series, x, y) {
      outline(context, series, x, y);
      context.globalAlpha = 0.85;
      context.fillStyle = color(series.color);
      context.fill();
      context.globalAlpha = 1;
      if (series.striped) {
        context.fillStyle = stripes(context, "--card");
        context.globalAlpha = 0.45;
        context.fill();
        context.globalAlpha = 1;
      }
    },
    line(context, series, x, y) {
      outline(context, series, x, y);
      context.strokeStyle = color(series.color);
      context.lineWidth = series.width || 1.6;
      context.setLineDash(series.dash || []);
      context.stroke();
      context.setLineDash([]);
    },
    step(context, series, x, y) {
      DRAW.line(context, series, x, y);
    },
    dots(context, { xs, ys, color: name }, x, y) {
      context.fillStyle = color(name);
      context.globalAlpha = 0.8;
      for (let i = 0; i < xs.length; i++) {
        context.beginPath();
        context.arc(x(xs[i]), y(ys[i]), 2.6, 0, 2 * Math.PI);
        context.fill();
      }
      context.globalAlpha = 1;
    },
    /** Bars from xs[i] to ends[i]; without ys over the whole height. */
    bars(context, { xs, ends, ys, color: name, alpha = 1 }, x, y, bounds) {
      context.fillStyle = color(name);
      context.globalAlpha = alpha;
      for (let i = 0; i < xs.length; i++) {
        const up = ys ? y(ys[i]) : bounds.top;
        context.fillRect(
          x(xs[i]),
          up,
          Math.max(ys ? x(ends[i]) - x(xs[i]) - 1 : x(ends[i]) - x(xs[i]), 1),
          bounds.bottom - up,
        );
      }
      context.globalAlpha = 1;
    },
  };

  const swatch = ({ color: name, dash, kind, striped }) => {
    const style = name.slice(2);
    const lines = kind === "line" || kind === "step";
    const mark = lines
      ? svg("line", {
          class: `stroke-${style}`,
          x1: 0,
          x2: 16,
          y1: 5,
          y2: 5,
          "stroke-width": 2,
          "stroke-dasharray": dash ? dash.join(" ") : null,
        })
      : svg("rect", { class: `part-${style}`, width: 16, height: 10, rx: 2 });
    return svg(
      "svg",
      { class: "swatch", viewBox: "0 0 16 10", "aria-hidden": "true" },
      mark,
      ...(striped ? [svg("path", { class: "stroke-card", d: "M2 10 8 0M9 10 15 0", "stroke-width": 1.4 })] : []),
    );
  };

  /**
   * Return a figure: {element, draw()}. draw: measure and draw again.
   *
   * x, y: {from, to, log, unit}. series: [{name, kind, color, xs, ys}], drawn in this order. sentence: says what the
   * picture shows. at(x): the text for a place of the x axis, shown below the pointer. table(): an element with the same
   * numbers. picked(x): called when the reader clicks.
   */
  return ({ title, note = "", x, y, series, sentence, at, table, picked = null, height = 190 }) => {
    const canvas = make("canvas", { role: "img", "aria-label": sentence, tabindex: 0 });
    const readout = make("p", { class: "readout", "aria-live": "polite" });
    const legend = make(
      "ul",
      { class: "legend" },
      ...series.filter(({ name }) => name).map((one) => make("li", {}, swatch(one), one.name)),
    );
    const details = make("details", { class: "as-table" }, make("summary", { text: "Show as a table" }));
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(table());
    });
    const caption = make(
      "figcaption",
      {},
      make("b", { text: title }),
      note ? make("span", { class: "muted", text: note }) : "",
      legend,
    );
    const element = make("figure", { class: "plot" }, caption, canvas, readout, details);
    let pointer = null;
    let toX = null;
    let toValue = null;
    let width = 0;
    readout.textContent = "\u00a0";

    const axes = (context, bounds, placeX, placeY) => {
      context.font = FONT;
      context.textBaseline = "middle";
      context.strokeStyle = color("--line");
      context.fillStyle = color("--muted");
      context.lineWidth = 1;
      context.textAlign = "right";
      for (const tick of ticks(y, Math.max(2, Math.floor(height / 42)))) {
        const up = Math.round(placeY(tick)) + 0.5;
        context.beginPath();
        context.moveTo(bounds.left, up);
        context.lineTo(bounds.right, up);
        context.stroke();
        context.fillText(FORMS[y.unit](tick), bounds.left - 8, up);
      }
      context.textBaseline = "alphabetic";
      let free = -Infinity;
      for (const tick of ticks(x, Math.max(2, Math.floor(width / 110)))) {
        const across = placeX(tick);
        const text = FORMS[x.unit](tick);
        const half = context.measureText(text).width / 2;
        const middle = Math.min(Math.max(across, half + 2), width - half - 2);
        if (middle - half < free) continue;
        free = middle + half + 12;
        context.textAlign = "center";
        context.fillText(text, middle, height - 7);
        context.fillRect(across, bounds.bottom, 1, 4);
      }
    };

    const draw = () => {
      const { paddingLeft, paddingRight } = getComputedStyle(element);
      width = Math.floor(element.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight));
      if (width < 100) return;
      const context = fitted(canvas, width, height);
      const bounds = { left: LEFT, right: width - RIGHT, top: TOP, bottom: height - BOTTOM };
      const placeX = scale(x, bounds.left, bounds.right);
      const placeY = scale(y, bounds.bottom, bounds.top);
      toX = placeX;
      toValue = (pixel) => {
        const share = Math.min(Math.max((pixel - bounds.left) / (bounds.right - bounds.left), 0), 1);
        return x.log ? x.from * (x.to / x.from) ** share : x.from + share * (x.to - x.from);
      };
      axes(context, bounds, placeX, placeY);
      context.save();
      context.beginPath();
      context.rect(bounds.left, bounds.top - 2, bounds.right - bounds.left, bounds.bottom - bounds.top + 3);
      context.clip();
      for (const one of series) DRAW[one.kind](context, one, placeX, placeY, bounds);
      if (pointer !== null) {
        context.fillStyle = color("--text");
        context.globalAlpha = 0.55;
        context.fillRect(Math.round(toX(pointer)), bounds.top, 1, bounds.bottom - bounds.top);
      }
      context.restore();
    };

    const point = (value) => {
      pointer = value;
      readout.textContent = value === null ? "\u00a0" : at(value);
      draw();
    };
    canvas.addEventListener("pointermove", (event) => toValue && point(toValue(event.offsetX)));
    canvas.addEventListener("pointerleave", () => point(null));
    canvas.addEventListener("blur", () => point(null));
    canvas.addEventListener("click", (event) => picked && picked(toValue(event.offsetX)));
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Enter" && picked && pointer !== null) picked(pointer);
      if (!step || !toValue) return;
      event.preventDefault();
      point(toValue(toX(pointer ?? toValue(LEFT)) + step * (event.shiftKey ? 40 : 8)));
    });
    if (picked) canvas.classList.add("leads");
    return { element, draw };
  };
})();

/** Return the index of the last number of a sorted array that is at most `value`; −1 if all are larger. */
const lastAt = (sorted, value) => {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};
