// What is selected, as seen on the canvas: a frame, arrows from who made it runnable, and the selected range.

/** Return where a record is drawn, {x0, x1, y, height}; null if its row is not there. */
const boxOf = (timeline, record, key) => {
  const { lanes } = timeline.picture;
  const number = timeline.rows.number.get(key);
  if (number === undefined) return null;
  return {
    x0: timeline.x(lanes.start[record]),
    x1: timeline.x(lanes.end(record)),
    y: timeline.rows.tops[number] - timeline.scroll.scrollTop + 3,
    height: ROW_HEIGHTS[timeline.rows.rows[number].kind] - 6,
  };
};

/** Return the record that made another one's goroutine runnable, and when; null if unknown. */
const wakerOf = (lanes, record) => {
  const row = record < 0 ? -1 : lanes.row[record];
  if (row < 0 || lanes.waker[row] < 0) return null;
  const time = lanes.start[record] - lanes.queued[row];
  return { goroutine: lanes.waker[row], record: lanes.latest(lanes.waker[row], time), time };
};

const drawArrow = (context, x0, y0, x1, y1) => {
  const bend = Math.max(12, Math.min(60, Math.abs(x1 - x0) / 2));
  context.strokeStyle = context.fillStyle = color("--accent");
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(x0, y0);
  context.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1 - 4, y1);
  context.stroke();
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x1 - 7, y1 - 4);
  context.lineTo(x1 - 7, y1 + 4);
  context.fill();
  context.beginPath();
  context.arc(x0, y0, 2.5, 0, 7);
  context.fill();
};

/** Draw the selection over the lanes. */
const drawSelection = (timeline, context, height) => {
  const { picture, view, selected } = timeline;
  drawRangeShade(timeline, context, height);
  for (const mark of timeline.marks) {
    if (mark.finding !== timeline.chosen || mark.to < view.from || mark.from > view.to) continue;
    context.fillStyle = color("--error");
    context.globalAlpha = 0.12;
    context.fillRect(timeline.x(mark.from), 0, Math.max(1, (mark.to - mark.from) / view.scale), height);
    context.globalAlpha = 1;
  }
  if (!selected || selected.record < 0) return;
  const { lanes } = picture;
  const life = timeline.goroutines.life(selected.goroutine, selected.time);
  const keys = [`p${lanes.laneOf(selected.record)}`, `l${life}`];
  context.strokeStyle = color("--text");
  context.lineWidth = 2;
  for (const key of keys) {
    const box = boxOf(timeline, selected.record, key);
    if (box) context.strokeRect(box.x0 - 1, box.y - 1, Math.max(3, box.x1 - box.x0 + 1), box.height + 2);
  }
  const waker = wakerOf(lanes, selected.record);
  if (!waker || waker.record < 0) return;
  const wakers = [`p${lanes.laneOf(waker.record)}`, `l${timeline.goroutines.life(waker.goroutine, waker.time)}`];
  wakers.forEach((key, number) => {
    const from = boxOf(timeline, waker.record, key);
    const to = boxOf(timeline, selected.record, keys[number]);
    if (from && to) drawArrow(context, timeline.x(waker.time), from.y + from.height / 2, to.x0, to.y + to.height / 2);
  });
};

/** Shade the selected range. */
const drawRangeShade = (timeline, context, height) => {
  if (!timeline.range) return;
  const [x0, x1] = timeline.range.map((time) => timeline.x(time));
  context.fillStyle = color("--accent");
  context.globalAlpha = 0.16;
  context.fillRect(x0, 0, x1 - x0, height);
  context.globalAlpha = 1;
  context.fillRect(x0, 0, 1, height);
  context.fillRect(x1 - 1, 0, 1, height);
};

/** Cover the time of which the report has no lanes. */
const drawOutside = (timeline, context, height) => {
  const { lanes } = timeline.picture;
  const [x0, x1] = [timeline.x(lanes.from), timeline.x(lanes.to)];
  context.fillStyle = stripes(context, "--line");
  if (x0 > 0) context.fillRect(0, 0, x0, height);
  if (x1 < timeline.view.width - 1) context.fillRect(x1, 0, timeline.view.width - x1, height);
};
