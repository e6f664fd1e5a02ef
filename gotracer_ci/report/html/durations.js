// How long tasks and regions took: by type, and as histograms.

const durations = (() => {
  /** Return the bucket of a duration in ns: five a decade, as in Go's task page. */
  const bucket = (ns) => {
    let index = Math.floor(5 * Math.log10(Math.max(ns, 1)));
    // the logarithm is near enough to start from
    while (index > 0 && ns < bound(index)) index--;
    while (ns >= bound(index + 1)) index++;
    return index;
  };
  const bound = (index) => (index ? 10 ** (index / 5) : 0);

  /** Return how many durations are in each bucket: {first, counts}. */
  const histogram = (lengths) => {
    const buckets = lengths.map(bucket);
    const first = buckets.reduce((low, one) => Math.min(low, one), Infinity);
    const last = buckets.reduce((high, one) => Math.max(high, one), -Infinity);
    const counts = new Array(Math.max(0, last - first + 1)).fill(0);
    for (const one of buckets) counts[one - first]++;
    return { first, counts };
  };

  const percentile = (sorted, percent) =>
    sorted.length ? sorted[Math.ceil((sorted.length * percent) / 100) - 1] : null;

  /** Return the rows of each type: {type, rows, count, open, total, p50, p90, max, lengths}. */
  const byType = (rows, isComplete) =>
    [...groupedBy(rows, "type")].map(([type, same]) => {
      const lengths = same
        .filter(isComplete)
        .map(({ length }) => length)
        .sort((a, b) => a - b);
      const total = same.reduce((sum, { length }) => sum + length, 0);
      return {
        type,
        rows: same,
        count: same.length,
        open: same.length - lengths.length,
        total,
        p50: percentile(lengths, 50),
        p90: percentile(lengths, 90),
        p99: percentile(lengths, 99),
        max: lengths.at(-1) ?? null,
        lengths,
      };
    });

  /** Return a small histogram as an SVG, on the axis from bucket `from` to `to`. */
  const spark = (lengths, from, to) => {
    const { first, counts } = histogram(lengths);
    const most = counts.reduce((high, one) => Math.max(high, one), 1);
    const bars = counts.map((one, at) =>
      svg("rect", {
        class: "part-accent",
        x: first - from + at + 0.05,
        width: 0.9,
        y: 20 - (one ? Math.max(1, (20 * one) / most) : 0),
        height: one ? Math.max(1, (20 * one) / most) : 0,
      }),
    );
    const sentence = lengths.length
      ? `from ${duration(lengths[0])} to ${duration(lengths.at(-1))}`
      : "none is complete";
    return svg(
      "svg",
      {
        class: "spark",
        viewBox: `0 0 ${Math.max(1, to - from + 1)} 20`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": sentence,
      },
      svg("title", { text: sentence }),
      ...bars,
    );
  };

  const typesTable = (noun, types, chosen) => {
    const all = types.flatMap(({ lengths }) => (lengths.length ? [bucket(lengths[0]), bucket(lengths.at(-1))] : []));
    const from = all.reduce((low, one) => Math.min(low, one), Infinity);
    const to = all.reduce((high, one) => Math.max(high, one), -Infinity);
    const ns = (key, title, about) => ({ key, title, kind: "ns", about, value: (row) => row[key] });
    return dataTable({
      label: `Types of ${noun}`,
      sort: "total",
      isCurrent: ({ type }) => type !== "" && type === chosen(),
      columns: [
        {
          key: "type",
          title: "Type",
          kind: "text",
          value: ({ type }) => type || "unknown",
          cell: ({ type }) =>
            make("button", {
              type: "button",
              text: clean(type || "unknown"),
              on: { click: () => go({ type: chosen() === type ? "" : type, n: null }) },
            }),
        },
        { key: "count", title: "Count", kind: "count", value: (row) => row.count },
        {
          key: "open",
          title: "Incomplete",
          kind: "count",
          about: "How many began before the trace or had not ended when it did",
          value: (row) => row.open,
        },
        {
          key: "spark",
          title: "How long",
          kind: "text",
          about: "How many took how long, on a logarithmic axis; sorts by the median",
          value: ({ p50 }) => String(p50 ?? 0).padStart(24, "0"),
          cell: ({ lengths }) => spark(lengths, from, to),
        },
        ns("p50", "P50", "The median of the complete ones"),
        ns("p90", "P90", "Their 90th percentile"),
        ns("p99", "P99", "Their 99th percentile"),
        ns("max", "Max", "The longest complete one"),
        ns("total", "Total", "The sum of all"),
      ],
    });
  };

  /** Return from when to when a bucket is, in words. */
  const span = (index) => `${duration(Math.round(bound(index)))} to ${duration(Math.round(bound(index + 1)))}`;

  /** Return the figure of how many durations are in each bucket; null if there is only one. picked: called with one. */
  const histogramPlot = (noun, lengths, picked) => {
    if (lengths.length < 2) return null;
    const { first, counts } = histogram(lengths);
    const xs = counts.map((_, at) => Math.max(bound(first + at), 1));
    const ends = counts.map((_, at) => bound(first + at + 1));
    const most = counts.reduce((high, one) => Math.max(high, one), 1);
    const words = (at) =>
      `${span(first + at)}: ${count(counts[at])} of ${count(lengths.length)} (${percentage(counts[at] / lengths.length)})`;
    const table = () => {
      const made = dataTable({
        label: `How long ${noun} took`,
        sort: "+from",
        columns: [
          {
            key: "from",
            title: "From",
            kind: "ns",
            value: (at) => bound(first + at),
            cell: (at, text) => make("button", { type: "button", text, on: { click: () => picked(first + at) } }),
          },
          { key: "to", title: "To", kind: "ns", value: (at) => ends[at] },
          { key: "count", title: "Count", kind: "count", value: (at) => counts[at] },
          { key: "share", title: "Share", kind: "share", value: (at) => counts[at] / lengths.length },
        ],
      });
      made.show(counts.map((_, at) => at));
      return made.element;
    };
    return plot({
      title: `How long ${noun} took`,
      note: "five buckets per decade",
      height: 150,
      x: { from: xs[0], to: ends.at(-1), unit: "ns", log: true },
      y: { from: 0, to: most * 1.05, unit: "count" },
      series: [{ name: "", kind: "bars", color: "--accent", xs, ends, ys: counts }],
      sentence: `${plural(lengths.length, "duration")} from ${duration(lengths[0])} to ${duration(lengths.at(-1))}, median ${duration(percentile(lengths, 50))}.`,
      at: (value) => words(Math.min(counts.length - 1, Math.max(0, bucket(value) - first))),
      picked: (value) => picked(Math.min(first + counts.length - 1, Math.max(first, bucket(value)))),
      table,
    });
  };

  return { bucket, byType, span, typesTable, histogramPlot };
})();
