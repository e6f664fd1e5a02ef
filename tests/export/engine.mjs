// Perfetto's trace processor as a filter: each line of stdin is a JSON object {file, queries}, each line of stdout the
// rows of every query. One process loads many traces, because starting the engine takes most of a small one's time.
import {readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';
import {runInThisContext} from 'node:vm';

const [folder] = process.argv.slice(2);
const APPEND = 1, FINALIZE = 2, QUERY = 3, RESET = 11;
const CHUNK = 1 << 22;

// The engine believes that it runs in a browser's worker.
globalThis.self = globalThis;
globalThis.WorkerGlobalScope = class {};
globalThis.location = {href: `file://${folder}/engine_bundle.js`};
globalThis.importScripts = () => {};
globalThis.XMLHttpRequest = class {
  open(_method, url) { this.url = url; }
  send() { this.response = readFileSync(`${folder}/${this.url.split('/').pop()}`); }
};
console.log = console.warn = text => node.stderr.write(`${text}\n`);
const {process: node} = globalThis;
delete globalThis.process;
runInThisContext(readFileSync(`${folder}/engine_bundle.js`, 'utf8'));
let reply;
const port = {postMessage: data => reply.push(...messages(data))};
self.onmessage({data: port});
await new Promise(resolve => setTimeout(resolve, 0));
globalThis.process = node;

function varint(number) {
  const bytes = [];
  for (; number > 127; number = Math.floor(number / 128)) bytes.push(number % 128 | 128);
  return Buffer.from([...bytes, number]);
}
const field = (number, data) => Buffer.concat([varint(number * 8 + 2), varint(data.length), data]);
const count = (number, value) => Buffer.concat([varint(number * 8), varint(value)]);

let sequence = 0;
function call(method, extra = Buffer.alloc(0)) {
  reply = [];
  const message = Buffer.concat([count(1, sequence++), count(2, method), extra]);
  port.onmessage({data: new Uint8Array(field(1, message))});
  return reply;
}

/** Decode a message into [field, value] pairs: numbers as BigInt, everything else as bytes. */
function* fields(data) {
  let at = 0;
  const number = () => {
    let value = 0n, shift = 0n, byte;
    do { byte = data[at++]; value |= BigInt(byte & 127) << shift; shift += 7n; } while (byte > 127);
    return value;
  };
  while (at < data.length) {
    const tag = Number(number());
    if ((tag & 7) === 0) yield [tag >> 3, number()];
    else if ((tag & 7) === 1) { yield [tag >> 3, data.subarray(at, at + 8)]; at += 8; }
    else { const size = Number(number()); yield [tag >> 3, data.subarray(at, at + size)]; at += size; }
  }
}
const text = data => Buffer.from(data).toString();
const messages = data => [...fields(data)].map(([, message]) => message);

function rows(replies) {
  const names = [], values = [];
  for (const message of replies) for (const [number, result] of fields(message)) {
    if (number === 5) throw new Error(text(result));
    if (number !== 203) continue;
    for (const [part, data] of fields(result)) {
      if (part === 1) names.push(text(data));
      else if (part === 2 && data.length) throw new Error(text(data));
      else if (part === 3) values.push(...cells(data));
    }
  }
  const table = [];
  for (let i = 0; names.length && i < values.length; i += names.length) table.push(values.slice(i, i + names.length));
  return table;
}

function* cells(batch) {
  let kinds = [], numbers = [], floats = [], strings = [];
  for (const [number, data] of fields(batch)) {
    if (number === 1) kinds = [...data];
    else if (number === 2) numbers = [...packed(data)];
    else if (number === 3) floats = data;
    else if (number === 5) strings = text(data).split('\0');
  }
  let n = 0, f = 0, s = 0;
  for (const kind of kinds) {
    if (kind === 1) yield null;
    else if (kind === 2) yield Number(BigInt.asIntN(64, numbers[n++]));
    else if (kind === 3) yield Buffer.from(floats.subarray(8 * f, 8 * ++f)).readDoubleLE();
    else yield strings[s++];
  }
}
function* packed(data) {
  let value = 0n, shift = 0n;
  for (const byte of data) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte < 128) { yield value; value = 0n; shift = 0n; }
  }
}

for await (const line of createInterface({input: node.stdin})) {
  const {file, queries} = JSON.parse(line);
  const answer = {};
  try {
    call(RESET);
    const data = readFileSync(file);
    for (let at = 0; at < data.length; at += CHUNK) {
      for (const message of call(APPEND, field(101, data.subarray(at, at + CHUNK))))
        for (const [number, result] of fields(message))
          if (number === 201) for (const [part, error] of fields(result)) if (part === 2) throw new Error(text(error));
    }
    call(FINALIZE);
    answer.rows = queries.map(sql => rows(call(QUERY, field(103, field(1, Buffer.from(sql))))));
  } catch (error) {
    answer.error = String(error);
  }
  node.stdout.write(`${JSON.stringify(answer)}\n`);
}
