// The tab of findings, and that of verdicts: their filters, and the finding that the hash names.

/** Return whether a finding has a function in its place or stack. */
const isInFindings = (name) => {
  isInFindings.names ||= new Set(
    [...document.querySelectorAll("details.row .stack b, details.row .place .function")].map((one) => one.textContent),
  );
  return isInFindings.names.has(clean(name));
};

const findingsTab = () => {
  const rows = [...document.querySelectorAll("details.row")];
  const effects = [...document.querySelectorAll("details.effects")];
  const groups = [...document.querySelectorAll(".group")];
  const headings = [...document.querySelectorAll("#rows > h2")];
  const names = ["severity", "rule", "verdict"];
  const byFingerprint = new Map(rows.map((row) => [row.dataset.fingerprint, row]));
  let apply = () => {};
  let chosen = "";

  const open = () => {
    const form = byId("filters");
    if (!form) return;
    apply = filtered(form, rows, names, "finding", (found) => {
      for (const group of effects) {
        group.hidden = !group.querySelector("details.row:not([hidden])");
        group.open = found < rows.length && !group.hidden;
      }
      for (const group of groups) group.hidden = !group.querySelector("details.row:not([hidden])");
      for (const heading of headings) {
        let next = heading.nextElementSibling;
        while (next && next.hidden && next.matches(".group")) next = next.nextElementSibling;
        heading.hidden = !next || !next.matches(".group");
      }
      byId("empty").hidden = found > 0;
    });
    byId("reset").addEventListener("click", () => {
      go({ q: "", severity: "", rule: "", verdict: "" });
      byId("search").focus();
    });
  };

  const change = (now) => {
    apply(now);
    const row = byFingerprint.get(now.f);
    if (row && chosen !== now.f) {
      for (let outer = row; !outer.matches(".group"); outer = outer.parentElement) {
        outer.hidden = false;
        if (outer.matches("details")) outer.open = true;
      }
      row.closest(".group").hidden = false;
      row.scrollIntoView();
    }
    chosen = now.f;
  };

  tab("findings", { open, change });
};
findingsTab();

const compareTab = () => {
  const panel = byId("compare");
  let apply = () => {};

  const open = () => {
    const form = panel.querySelector("form");
    const rows = [...panel.querySelectorAll(".verdicts tbody tr")];
    if (form) apply = filtered(form, rows, ["verdict"], "verdict", (found) => (panel.querySelector(".empty").hidden = found > 0));
    return tracesDrawn(panel.querySelector(".traced"));
  };

  tab("compare", { open, change: (now) => apply(now) });
};
compareTab();
tab("traces", { open: (panel) => tracesDrawn(panel.querySelector(".traced")) });
