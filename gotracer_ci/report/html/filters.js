// Filters of rows that the page already has: by words, and by the values of selects.

/**
 * Let a form filter rows, and keep its values in the state of a tab.
 *
 * names: of the selects, which are also those of the rows' data. noun: what a row is. hidden: called after each change.
 */
const filtered = (form, rows, names, noun, hidden = () => {}) => {
  const search = form.querySelector("input[type=search]");
  const selects = names.map((name) => [name, form.elements[name]]).filter(([, select]) => select);
  const texts = new Map();
  const textOf = (row) => {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };
  const values = () => Object.fromEntries([["q", search.value.slice(0, LONGEST)], ...selects.map(([name, select]) => [name, select.value])]);

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => go(values()));

  /** Show the rows that fit the state. */
  return (now) => {
    if (search.value !== now.q) search.value = now.q;
    for (const [name, select] of selects) {
      select.value = now[name];
      if (select.selectedIndex < 0) select.value = "";
    }
    const parts = now.q.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const row of rows) {
      const fits =
        selects.every(([name, select]) => !select.value || row.dataset[name] === select.value) &&
        parts.every((part) => textOf(row).includes(part));
      row.hidden = !fits;
      found += fits;
    }
    const all = plural(rows.length, noun);
    form.querySelector("output").value = found === rows.length ? all : `${count(found)} of ${all}`;
    hidden(found);
  };
};
