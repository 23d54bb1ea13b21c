// Runs one test program of the kernels on one of the builds that ship:
//
//   node tests/kernels/wasm.js BUILD TEST [--seed N] [--bench]
//
// The program is a module of its own, instantiated on the same memory as the shipped one, whose exports are its imports. Its
// data and its stack begin at 1 MB, beyond those of the shipped module (CMakeLists.txt).
import assert from 'node:assert/strict';
import { writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { allButExports } from '../../cmake/wasm-exports.js';

const PAGES = 1024; // 64 MB, as the test programs declare
const PROGRAM_BASE = 2 ** 20;
const [build, test, ...args] = process.argv.slice(2);

const read = (path) => readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)));

/** The shipped build as it was linked: every byte the same, but that it exports the kernels too. What trains is in one of its own. */
async function linkedBuild() {
  const name = test === 'backward' ? `bertlet-train-${build}` : `bertlet-${build}`;
  const [shipped, linked] = await Promise.all(['dist', 'build/wasm'].map((folder) => read(`${folder}/${name}.wasm`)));
  assert.deepEqual(allButExports(linked), allButExports(shipped), 'build/wasm and dist/ hold the same code');
  return linked;
}

/** The program, whose memory is declared as not shared; if it is, one bit of the import's type says so. */
async function program(shared) {
  const bytes = await read(`build/wasm/tests/kernels/kernels_${test}.wasm`);
  const memory = Buffer.from('\x03env\x06memory\x02\x01', 'latin1'); // kind of import: a memory; flags: it has a maximum
  const at = bytes.indexOf(memory);
  assert.ok(at >= 0 && bytes.indexOf(memory, at + 1) < 0, 'the program imports one memory');
  if (shared) bytes[at + memory.length - 1] = 3;
  return bytes;
}

/** What the programs use of WASI: arguments, a clock, standard output. */
function wasi(memory) {
  const view = new DataView(memory.buffer);
  const words = [test, ...args].map((word) => Buffer.from(`${word}\0`));
  return {
    args_sizes_get(count, size) {
      view.setUint32(count, words.length, true);
      view.setUint32(size, Buffer.concat(words).length, true);
      return 0;
    },
    args_get(pointers, at) {
      words.forEach((word, i) => {
        view.setUint32(pointers + 4 * i, at, true);
        new Uint8Array(memory.buffer).set(word, at);
        at += word.length;
      });
      return 0;
    },
    clock_time_get(_id, _precision, time) {
      view.setBigUint64(time, process.hrtime.bigint(), true);
      return 0;
    },
    fd_write(fd, vectors, count, written) {
      let total = 0;
      for (let i = vectors; i < vectors + 8 * count; i += 8) {
        const [at, length] = [view.getUint32(i, true), view.getUint32(i + 4, true)];
        if (length > 0) writeSync(fd, Uint8Array.from(new Uint8Array(memory.buffer, at, length)));
        total += length;
      }
      view.setUint32(written, total, true);
      return 0;
    },
    proc_exit: (code) => process.exit(code),
  };
}

const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: build.endsWith('-mt') });
const core = await WebAssembly.instantiate(await WebAssembly.compile(await linkedBuild()), { env: { memory } });
assert.ok(core.exports.__heap_base.value <= PROGRAM_BASE, 'the program begins where the build ends');

const module = await WebAssembly.compile(await program(build.endsWith('-mt')));
const env = { memory };
for (const { name, kind } of WebAssembly.Module.imports(module)) {
  if (kind !== 'function' || wasi(memory)[name]) continue;
  env[name] = core.exports[name] ?? core.exports[name.replace(/_simd$/, '_scalar')]; // "scalar" has but those
  assert.ok(env[name], `the build exports ${name} (KERNEL_EXPORTS in cmake/wasm.cmake)`);
}
const { exports } = await WebAssembly.instantiate(module, { env, wasi_snapshot_preview1: wasi(memory) });
exports._start();
