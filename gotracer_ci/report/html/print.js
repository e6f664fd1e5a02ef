// Printing: rows are open on paper, and the timeline is there once it has been drawn.

/** With more rows only those that got worse are opened. */
const MOST_PRINTED = 200;

const printed = () => {
  const rows = [...document.querySelectorAll("details.row, details.effects")];
  const chosen = () => rows.filter((row) => row.open || rows.length <= MOST_PRINTED || row.matches(".flagged, .effects"));
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = chosen().filter((row) => !row.open);
    for (const row of opened) row.open = true;
  });
  addEventListener("afterprint", () => {
    for (const row of opened) row.open = false;
    opened = [];
  });

  const frame = () => new Promise(requestAnimationFrame);
  byId("print").hidden = false;
  byId("print").addEventListener("click", async () => {
    const { theme } = root.dataset;
    const hash = location.hash || "#";
    themed("light");
    history.replaceState(null, "", written({ ...state, v: "timeline" }));
    await route();
    await frame();
    await frame();
    history.replaceState(null, "", hash);
    await route();
    await Promise.all(chosen().slice(0, MOST_PRINTED).map(momentsOf));
    print();
    themed(theme || "");
  });
  // the browser's own printing waits for nothing that has to be drawn first
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "p" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    byId("print").click();
  });
};
printed();
