// Tables that all tabs share: they sort, and only rows near the visible part are in the page.

const dataTable = (() => {
  const ALL = 200; // rows that are always in the page
  const MARGIN = 20; // rows above and below the visible part
  const FORMS = {
    ns: (value) => duration(value),
    bytes: (value) => size(value),
    count: (value) => count(value),
    share: (value) => (value > 0 && value < 5e-5 ? "< 0.01 %" : percentage(value)),
    at: (value) => timestamp(value),
    id: (value) => String(value),
    text: (value) => clean(value),
  };

  const isUnknown = (value) => value === null || value === undefined || value === "";

  /** Return rows in the order of a column: unknown values last, equal ones as they were. */
  const ordered = (rows, { value }, descending) => {
    const sign = descending ? -1 : 1;
    const keyed = rows.map((row) => [value(row), row]);
    keyed.sort(([a], [b]) => {
      if (isUnknown(a) || isUnknown(b)) return isUnknown(a) - isUnknown(b);
      if (a < b) return -sign;
      return a > b ? sign : 0;
    });
    return keyed.map(([, row]) => row);
  };

  /**
   * Return {element, show(rows), reveal(row)}.
   *
   * columns: [{key, title, about, kind, value(row), cell(row)}]; value: what it sorts by, null if unknown (of −1: say
   * so yourself); cell: a node or text to show instead. label: of the table. sort: "KEY" for the largest first, "+KEY"
   * for the smallest. sorted(sort): called when the reader sorts. isCurrent(row): whether to mark the row.
   */
  return ({ columns, label, sort, sorted = () => {}, isCurrent = () => false, none = "Nothing matches." }) => {
    let rows = [];
    let order = sort;
    let height = 0;
    let shown = [0, -1];
    const elements = new Map();
    const heads = columns.map((column) => {
      const click = () => {
        const first = column.kind === "text" ? `+${column.key}` : column.key;
        const other = column.kind === "text" ? column.key : `+${column.key}`;
        order = order === first ? other : first;
        arrange();
        sorted(order);
        announce(`Sorted by ${column.title}, ${order.startsWith("+") ? "ascending" : "descending"}`);
      };
      const button = make("button", { type: "button", title: column.about, text: column.title, on: { click } });
      return make("th", { scope: "col", class: column.kind === "text" ? null : "n" }, button);
    });
    const top = make("tr", { class: "gap", "aria-hidden": "true" }, make("td", { colspan: columns.length }));
    const bottom = top.cloneNode(true);
    const body = make("tbody");
    const table = make(
      "table",
      { "aria-label": label },
      make("thead", {}, make("tr", { "aria-rowindex": 1 }, ...heads)),
      body,
    );
    const empty = make("p", { class: "muted none-fits", text: none, hidden: true });
    const scroll = make("div", { class: "data-table", tabindex: 0, role: "region", "aria-label": label }, table, empty);

    const element = (index) => {
      const row = rows[index];
      const cells = columns.map((column) => {
        const value = column.value(row);
        const text = isUnknown(value) ? "–" : FORMS[column.kind](value);
        const content = column.cell ? column.cell(row, text) : text;
        const title = column.kind === "text" && typeof value === "string" ? clean(value) : null;
        return make("td", { class: column.kind === "text" ? column.className || null : "n", title }, content);
      });
      return make("tr", { "aria-rowindex": index + 2, "aria-current": isCurrent(row) ? "true" : null }, ...cells);
    };

    const draw = () => {
      const isAll = rows.length <= ALL;
      const first = isAll ? 0 : Math.max(0, Math.floor(scroll.scrollTop / (height || 32)) - MARGIN);
      const last = isAll
        ? rows.length
        : Math.min(rows.length, first + Math.ceil((scroll.clientHeight || 600) / (height || 32)) + 2 * MARGIN);
      if (first === shown[0] && last === shown[1]) return;
      shown = [first, last];
      // rows that stay keep their focus
      for (const [index, row] of elements) {
        if (index < first || index >= last) {
          row.remove();
          elements.delete(index);
        }
      }
      if (top.parentNode !== body) body.replaceChildren(top, bottom);
      for (let index = first; index < last; index++) {
        if (elements.has(index)) continue;
        const row = element(index);
        elements.set(index, row);
        body.insertBefore(row, elements.get(index + 1) || next(index));
      }
      if (!height && elements.size) height = elements.values().next().value.getBoundingClientRect().height;
      top.firstChild.style.height = `${first * height}px`;
      bottom.firstChild.style.height = `${(rows.length - last) * height}px`;
      top.hidden = first === 0;
      bottom.hidden = last === rows.length;
    };

    const next = (index) => {
      for (let other = index + 1; other < shown[1]; other++) if (elements.has(other)) return elements.get(other);
      return bottom;
    };

    const again = () => {
      for (const row of elements.values()) row.remove();
      elements.clear();
      shown = [0, -1];
      draw();
    };

    const arrange = () => {
      const key = order.replace(/^\+/, "");
      const at = columns.findIndex((column) => column.key === key);
      if (at >= 0) rows = ordered(rows, columns[at], !order.startsWith("+"));
      heads.forEach((head, number) => {
        if (number === at) head.setAttribute("aria-sort", order.startsWith("+") ? "ascending" : "descending");
        else head.removeAttribute("aria-sort");
      });
      table.setAttribute("aria-rowcount", rows.length + 1);
      empty.hidden = rows.length > 0;
      table.hidden = rows.length === 0;
      again();
    };

    scroll.addEventListener("scroll", draw, { passive: true });
    return {
      element: scroll,
      /** Show other rows, sorted as before or as `by` says. */
      show(given, by = "") {
        if (columns.some((column) => column.key === by.replace(/^\+/, ""))) order = by;
        rows = given;
        arrange();
      },
      /** Scroll to a row. */
      reveal(row) {
        const index = rows.indexOf(row);
        if (index < 0) return;
        scroll.scrollTop = Math.max(0, index * (height || 32) - scroll.clientHeight / 2);
        again();
        elements.get(index)?.scrollIntoView({ block: "nearest" });
      },
    };
  };
})();

/** Return a search field that calls `changed` with what is searched for. */
const searchField = (label, changed) =>
  make("input", {
    type: "search",
    placeholder: label,
    "aria-label": label,
    autocomplete: "off",
    spellcheck: "false",
    on: { input: (event) => changed(event.target.value.slice(0, LONGEST)) },
  });

/** Return a choice of one of several: {element, set(value)}. options: [[value, text], …]. */
const choice = (label, options, changed) => {
  const select = make("select", { "aria-label": label, on: { change: () => changed(select.value) } });
  const offer = (list) => select.replaceChildren(...list.map(([value, text]) => make("option", { value, text })));
  offer(options);
  return {
    element: select,
    offer,
    set(value) {
      select.value = String(value);
      if (select.selectedIndex < 0) select.selectedIndex = 0;
    },
  };
};

/** Return buttons of which one is pressed: {element, set(value)}. options: [[value, text], …]. */
const buttons = (label, options, changed) => {
  const made = options.map(([value, text]) =>
    make("button", { type: "button", "aria-pressed": "false", text, on: { click: () => changed(value) } }),
  );
  return {
    element: make("div", { class: "segments", role: "group", "aria-label": label }, ...made),
    set(value) {
      made.forEach((button, number) => button.setAttribute("aria-pressed", String(options[number][0] === value)));
    },
  };
};

/** Return whether all words of a search are in a text. */
const fits = (words, text) => {
  const low = text.toLowerCase();
  return words.every((word) => low.includes(word));
};

const wordsOf = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

/** Return a small bar of parts: [[class, number], …] as an SVG, with a sentence. */
const partsBar = (parts, sentence) => {
  const total = parts.reduce((sum, [, value]) => sum + value, 0);
  let at = 0;
  const pieces = parts
    .filter(([, value]) => value > 0)
    .map(([name, value]) => {
      const piece = svg("rect", { class: `part-${name}`, x: at, y: 0, width: (100 * value) / total, height: 10 });
      at += (100 * value) / total;
      return piece;
    });
  return svg(
    "svg",
    { class: "parts-bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img", "aria-label": sentence },
    svg("title", { text: sentence }),
    ...pieces,
  );
};

/** Return a choice of the traces of the page; null if there is only one. `changed` gets the trace's number. */
const traceChoice = async (changed) => {
  const found = [];
  for (let number = 0; ; number++) {
    const one = await stream(`summary-${number}`);
    if (!one) break;
    found.push([String(number), clean(one.header.path) + (one.header.base ? " (base)" : "")]);
  }
  return found.length > 1 ? choice("Trace", found, (value) => changed(Number(value))) : null;
};

/** Return the summary of a trace by number, that of the first one if there is no such one. */
const summaryOf = async (number) => (await stream(`summary-${number || 0}`)) || stream("summary-0");

/** Return rows of a block as objects with the numbers of their columns; −1 stands for unknown. */
const rowsOf = (block) => {
  if (!block) return [];
  const names = [...block.columns.keys()];
  const columns = names.map((name) => block.column(name));
  return Array.from(columns[0] || [], (_, row) =>
    Object.fromEntries(names.map((name, at) => [name, columns[at][row]])),
  );
};

/** Return a number, null for −1. */
const known = (value) => (value < 0 ? null : value);

/** Return rows by the value of a column: a Map of arrays, in the order in which the values come. */
const groupedBy = (rows, key) => {
  const found = new Map();
  for (const row of rows) {
    const same = found.get(row[key]);
    if (same) same.push(row);
    else found.set(row[key], [row]);
  }
  return found;
};
