// What a page has to fetch besides the model, in kilobytes as gzip makes them.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../scripts/shell.js';
import { here } from './setup.js';

/** @param {string[]} files */
async function gzipped(...files) {
  const sizes = await Promise.all(files.map(async (file) => gzipSync(await readFile(file), { level: 9 }).length));
  return sizes.reduce((sum, size) => sum + size) / 1000;
}

/**
 * A script and what it imports, but not what it fetches only when it is needed.
 * @param {string} file
 * @param {Set<string>} [files]
 */
async function withImports(file, files = new Set()) {
  if (files.has(file)) return files;
  files.add(file);
  const code = await readFile(file, 'utf8');
  for (const [, name] of code.matchAll(/(?:from|import)"(\.\/[^"]+)"/g))
    await withImports(join(dirname(file), name), files);
  return files;
}

/** @returns {Promise<import('./suites/suite.js').Fact[]>} */
export async function measureSizes() {
  const dist = join(root, 'dist');
  const names = await readdir(dist);
  const builds = names.filter((name) => name.endsWith('.wasm') && !name.includes('-train-'));
  const largest = Math.max(...(await Promise.all(builds.map((name) => gzipped(join(dist, name))))));
  const scripts = await withImports(join(dist, 'worker.js'), await withImports(join(dist, 'bertlet.js')));
  const all = names.filter((name) => name.endsWith('.js')).map((name) => join(dist, name));
  const peer = join(here, 'node_modules/@huggingface/transformers');
  const runtime = join(peer, 'node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded');
  const fact = (/** @type {string} */ contender, /** @type {string} */ shape, /** @type {number} */ value) => {
    return { suite: 'size', contender, dtype: '', threads: 1, shape, value, unit: 'kB' };
  };
  return [
    fact('bertlet', 'largest .wasm', largest),
    fact('bertlet', 'JavaScript', await gzipped(...scripts)),
    fact('bertlet', 'with training and all tasks', await gzipped(...all)),
    fact('transformers.js', 'largest .wasm', await gzipped(`${runtime}.wasm`)),
    fact('transformers.js', 'JavaScript', await gzipped(join(peer, 'dist/transformers.min.js'), `${runtime}.mjs`)),
  ];
}
