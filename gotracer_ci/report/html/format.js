// Numbers as text, exactly as gotracer_ci/text.py writes them: three significant digits and the unit that fits.

/** Round to three significant digits; a number halfway between two goes to the even one, as in Python. */
const rounded = (value) => {
  const [digits, power] = value.toExponential(30).split("e");
  const halfway = /^-?\d\.\d[02468]50*$/.test(digits);
  return Number(halfway ? `${digits.slice(0, digits.indexOf(".") + 3)}e${power}` : value.toPrecision(3));
};

const whole = (value) => {
  const near = Math.round(value);
  return Math.abs(value % 1) === 0.5 && near % 2 ? near - 1 : near;
};

const grouped = (value) => whole(value).toLocaleString("en-US");

const threeDigits = (value) => {
  const number = rounded(value);
  return Math.abs(number) >= 1000 ? grouped(number) : String(number);
};

const DURATIONS = [[1, "ns"], [1e3, "µs"], [1e6, "ms"], [1e9, "s"]];
const SIZES = [[1, "B"], [1e3, "kB"], [1e6, "MB"], [1e9, "GB"], [1e12, "TB"]];

const scaled = (value, units) => {
  const found = units.find(([factor]) => Math.abs(rounded(value / factor)) < 1000) || units[units.length - 1];
  return `${threeDigits(value / found[0])} ${found[1]}`;
};

const minutes = (seconds) => {
  const total = Math.floor(Math.abs(seconds) / 60);
  const hours = Math.floor(total / 60);
  return `${seconds < 0 ? "-" : ""}${hours ? `${hours}h` : ""}${total % 60}m${Math.abs(seconds) % 60}s`;
};

/** Nanoseconds: `12.3 ms`, `4.5 s` or, from one minute on, `1m30s`. */
const duration = (ns) => {
  if (ns === 0) return "0 s";
  return Math.abs(rounded(ns / 1e9)) >= 60 ? minutes(whole(ns / 1e9)) : scaled(ns, DURATIONS);
};

/** Bytes: `12 B`, `338 MB`. */
const size = (bytes) => scaled(bytes, SIZES);

/** A number in full, `1,204`; a fraction with three significant digits. */
const count = (value) => (Math.abs(value) >= 100 || value === whole(value) ? grouped(value) : threeDigits(value));

/** A share of 1: `25 %`. */
const percentage = (share) => `${threeDigits(share * 100)} %`;

/** A ratio: `2.14×`. */
const ratio = (value) => `${threeDigits(value)}×`;

/** `1 trace` or `1,204 traces`. */
const plural = (number, noun) => `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;

/** An offset from the trace's start in seconds, to the microsecond: `0.812346 s`. */
const timestamp = (ns) => `${(ns / 1e9).toFixed(6)} s`;
