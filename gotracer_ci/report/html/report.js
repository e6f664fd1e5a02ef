"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  byId("theme").hidden = false;
  byId("theme").addEventListener("click", () => {
    const now = root.dataset.theme || (dark.matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
  });

  const open = () => {
    const row = location.hash.startsWith("#f-") && byId(location.hash.slice(1));
    if (row) {
      row.open = true;
      row.scrollIntoView();
    }
  };
  addEventListener("hashchange", open);
  open();

  const form = byId("filters");
  if (!form) return;
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  const rows = [...document.querySelectorAll("details.row")];
  const search = byId("search");
  const filters = ["severity", "rule", "verdict"].map((name) => [name, byId(name)]).filter(([, select]) => select);
  const texts = new Map();
  const textOf = (row) => {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const fits =
        filters.every(([name, select]) => !select.value || row.dataset[name] === select.value) &&
        words.every((word) => textOf(row).includes(word));
      row.hidden = !fits;
      count += fits;
    }
    const all = `${rows.length.toLocaleString("en")} finding${rows.length === 1 ? "" : "s"}`;
    byId("count").value = count === rows.length ? all : `${count.toLocaleString("en")} of ${all}`;
    byId("empty").hidden = count > 0;
  };
  form.addEventListener("input", apply);
  byId("reset").addEventListener("click", () => {
    form.reset();
    apply();
    search.focus();
  });
  apply();
})();
