// A WebAssembly module as its sections, and the step from what is linked to what ships: only the exports that js/wasm.js uses.
//
//   node cmake/wasm-exports.js LINKED SHIPPED
//
// The linker keeps a function callable only if it exports it, which the kernels must be for their tests (tests/kernels/run.js).
// The package needs none of that: in SHIPPED everything is as in LINKED, but for those exports.
import { Buffer } from 'node:buffer';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const HEADER = 8; // bytes: "\0asm", version
const EXPORTS = 7; // the section's id
const SHIPPED = /^(bertlet_\w+|__heap_base|__stack_pointer)$/;

/**
 * @typedef {object} Section
 * @property {number} id
 * @property {Uint8Array} body without id and size
 */

/** LEB128. @returns {[value: number, end: number]} */
function readUnsigned(/** @type {Uint8Array} */ bytes, /** @type {number} */ at) {
  for (let value = 0, scale = 1; ; scale *= 128) {
    const byte = bytes[at++];
    value += (byte & 127) * scale;
    if (byte < 128) return [value, at];
  }
}

function unsigned(/** @type {number} */ value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}

/**
 * @param {Uint8Array} module
 * @returns {Section[]}
 */
export function sections(module) {
  const all = [];
  for (let at = HEADER; at < module.length;) {
    const id = module[at];
    const [size, begin] = readUnsigned(module, at + 1);
    at = begin + size;
    all.push({ id, body: module.subarray(begin, at) });
  }
  return all;
}

/** All sections but that of the exports. @param {Uint8Array} module */
export const allButExports = (module) => sections(module).filter(({ id }) => id !== EXPORTS);

/** @param {Uint8Array} body of the section */
function shippedExports(body) {
  let [count, at] = readUnsigned(body, 0);
  const kept = [];
  for (; count > 0; count--) {
    const begin = at;
    const [size, name] = readUnsigned(body, at);
    [, at] = readUnsigned(body, name + size + 1); // after the name its kind, a byte, and its index
    if (SHIPPED.test(Buffer.from(body.subarray(name, name + size)).toString())) kept.push(body.subarray(begin, at));
  }
  return Buffer.concat([Uint8Array.from(unsigned(kept.length)), ...kept]);
}

/** @param {Uint8Array} linked */
export function toShipped(linked) {
  const parts = sections(linked).flatMap(({ id, body }) => {
    const content = id === EXPORTS ? shippedExports(body) : body;
    return [Uint8Array.from([id, ...unsigned(content.length)]), content];
  });
  return Buffer.concat([linked.subarray(0, HEADER), ...parts]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [linked, shipped] = process.argv.slice(2);
  await mkdir(dirname(shipped), { recursive: true });
  await writeFile(shipped, toShipped(await readFile(linked)));
}
