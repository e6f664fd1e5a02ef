// Elements with text, never with HTML.

const byId = (id) => document.getElementById(id);

const filled = (element, properties, children) => {
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") element.textContent = value;
    else if (name === "on") for (const [type, listen] of Object.entries(value)) element.addEventListener(type, listen);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};

/** Return an HTML element. properties: `text`, `on` ({type: listener}), or attributes; false, null: none. */
const make = (tag, properties = {}, ...children) => filled(document.createElement(tag), properties, children);

/** Return an SVG element, like `make`. */
const svg = (tag, properties = {}, ...children) =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);

/** Return `file:line` as a link to the repository if the file is in it, or else as text. */
const source = (file, line, linked) => {
  const text = clean(file) + (line ? `:${line}` : "");
  const href = linked ? address(file, line) : "";
  return href ? make("a", { href, text }) : make("span", { text });
};

/** Say something to screen readers. */
const announce = (text) => {
  byId("announcement").textContent = text;
};

/** Whether the reader prefers no animation. */
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
