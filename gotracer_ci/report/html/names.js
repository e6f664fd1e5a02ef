// Names from traces, which anyone may have written: clean and short enough to draw.

const LONGEST = 200;
const BLANKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
/** Every character that could control how text is shown; the same as in gotracer_ci/report/safe.py. */
const UNSAFE = new RegExp(
  "[\\x00-\\x1f\\x7f-\\x9f\\u00ad\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u180e\\u200b-\\u200f" +
    "\\u2028-\\u202e\\u2060-\\u206f\\ud800-\\udfff\\ufeff\\ufff9-\\ufffb\\ufffe\\uffff\\u{110bd}\\u{110cd}" +
    "\\u{13430}-\\u{13455}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e007f}]",
  "gu",
);

/** Return text on one line, at most 200 characters, with U+FFFD for what could control how it is shown. */
const clean = (text) => {
  const start = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  return start.replace(BLANKS, " ").replace(UNSAFE, "\ufffd");
};

/** Return a function without the path of its package: `store.(*Cache).Get`. */
const short = (name) => {
  const types = name.indexOf("[");
  const end = types < 0 ? name.length : types;
  return clean(name.slice(name.lastIndexOf("/", end) + 1));
};

/** Return the address of a line of a file of the repository at the traced commit; "" if there is none. */
const address = (path, line) => {
  const { blob, folder } = document.documentElement.dataset;
  const parts = (folder ? `${folder}/${path}` : path).split("/");
  if (!blob || clean(path) !== path || parts.some((part) => ["", ".", ".."].includes(part))) return "";
  return blob + parts.map(encodeURIComponent).join("/") + (line > 0 ? `#L${line}` : "");
};
