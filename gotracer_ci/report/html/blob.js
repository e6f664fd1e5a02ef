// The data of the pictures: streams of columns, inflated and decoded when they are first asked for.

/** One block of a stream: `count(name)` numbers of a column; `column(name)` is a Float64Array. */
class Block {
  constructor(columns) {
    this.columns = columns;
    this.found = new Map();
  }

  has(name) {
    return this.columns.has(name);
  }

  count(name) {
    return this.columns.get(name).count;
  }

  column(name) {
    if (!this.found.has(name)) this.found.set(name, decoded(this.columns.get(name)));
    return this.found.get(name);
  }
}

const decoded = ({ flags, count, bytes }) => {
  const numbers = new Float64Array(count);
  let at = 0;
  let last = 0;
  for (let i = 0; i < count; i++) {
    let value = 0;
    let unit = 1;
    let byte = bytes[at++];
    while (byte > 127) {
      value += (byte & 127) * unit;
      unit *= 128;
      byte = bytes[at++];
    }
    value += byte * unit;
    if (flags & 1) value = value % 2 ? -(value + 1) / 2 : value / 2;
    if (flags & 2) value = last += value;
    numbers[i] = value;
  }
  return numbers;
};

/** Parse the bytes of a stream: {header, blocks: Map of Block}. */
const parsed = (buffer) => {
  const size = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  for (const name of ["strings", "reasons"]) header[name] &&= header[name].map(clean);
  const blocks = new Map();
  let at = 4 + size;
  for (const [name, columns] of header.blocks) {
    const found = new Map();
    for (const [column, flags, count, length] of columns) {
      found.set(column, { flags, count, bytes: new Uint8Array(buffer, at, length) });
      at += length;
    }
    blocks.set(name, new Block(found));
  }
  return { header, blocks };
};

/** Inflate the bytes of a stream, and parse it. */
const inflated = async (bytes) => {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return parsed(await new Response(stream).arrayBuffer());
};

/** Return the codes of a text's characters; a loop takes a tenth of the time of Uint8Array.from. */
const bytesOf = (text) => {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
};

const streams = new Map();

/** Return a promise of a stream by name: "summary-0", "calls", "lanes", "tables"; null if the page has no such one. */
const stream = (name) => {
  if (!streams.has(name)) {
    const element = document.getElementById(`data-${name}`);
    streams.set(name, element ? inflated(bytesOf(atob(element.textContent))) : Promise.resolve(null));
  }
  return streams.get(name);
};
