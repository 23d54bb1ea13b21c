// What the JavaScript tests share: the small checkpoints, a server, safetensors files made to order.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @param {string} path relative to the repository */
export const fromRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

export const fixtures = fromRoot('tests/fixtures');
export const shared = fromRoot('../shared/data');

/** From code points, in which Python counts, to UTF-16 units. @param {string} text */
export function unitOf(text) {
  const units = [0];
  for (const character of text) units.push(units.at(-1) + character.length);
  return (/** @type {number} */ codePoint) => units[codePoint];
}

/** A random checkpoint of 32 hidden units and 40 positions. */
export const tiny = (dtype = 'f32') => join(fixtures, 'model', `tiny-${dtype}`);

/** The default model, where the set-up puts it; tests that need it skip without it. */
const cache = process.env.BERTLET_HOME || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bertlet');
export const minilm = join(cache, 'models/sentence-transformers/all-MiniLM-L6-v2');
export const withoutMinilm = existsSync(join(minilm, 'model.safetensors'))
  ? false
  : 'all-MiniLM-L6-v2 is not in the local model folder';

// What a test keeps goes with it, and no test finds what another one kept.
process.env.BERTLET_HOME = mkdtempSync(join(tmpdir(), 'bertlet-home-'));
symlinkSync(join(cache, 'models'), join(process.env.BERTLET_HOME, 'models'));
process.env.HF_HOME = join(process.env.BERTLET_HOME, 'huggingface');
for (const name of ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_TOKEN', 'HF_ENDPOINT']) delete process.env[name];
process.on('exit', () => rmSync(process.env.BERTLET_HOME, { recursive: true, force: true }));

/** The files of a tiny checkpoint, by name. */
export async function tinyFiles(dtype = 'f32') {
  const names = ['config.json', 'vocab.txt', 'model.safetensors'];
  const contents = await Promise.all(names.map((name) => readFile(join(tiny(dtype), name))));
  return Object.fromEntries(names.map((name, i) => [name, contents[i]]));
}

/** A folder that goes when the test is over. */
export async function temporaryFolder(t) {
  const folder = await mkdtemp(join(tmpdir(), 'bertlet-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * A server on this machine, until the test is over.
 * @param {import('node:http').RequestListener} handle
 * @returns {Promise<string>} its address, ending in a slash
 */
export async function serve(t, handle) {
  const server = createServer(handle);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}/`;
}

/** A handler that serves files by the last part of the path. @param {Record<string, Uint8Array>} files */
export const serveFiles = (files) => (req, res) => {
  const bytes = files[req.url.split('/').pop()];
  if (bytes) res.writeHead(200, { 'Content-Length': bytes.length }).end(bytes);
  else res.writeHead(404, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Not found</title>');
};

/**
 * @param {object} header as an object, or
 * @param {Uint8Array} [data]
 */
export function safetensors(header, data = new Uint8Array(0)) {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

/** The header and data of a file, read without the code under test. */
export function splitAdapterTensors(buffer) {
  const bytes = new Uint8Array(buffer); // a copy; and its slice() copies, which a Buffer's does not
  const view = new DataView(bytes.buffer);
  const length = Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  return { header, data: bytes.subarray(8 + length) };
}

/** The tensors of one of the `expected.safetensors`. */
export async function readExpected(path) {
  const { header, data } = splitAdapterTensors(await readFile(path));
  const types = { F32: Float32Array, I32: Int32Array };
  return Object.fromEntries(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(([name, { dtype, data_offsets: offsets }]) => [name, new types[dtype](data.slice(...offsets).buffer)]),
  );
}

/**
 * How close vectors are to those expected, rows of the given size.
 * @returns {{ meanCosine: number, worstCosine: number, maxAbs: number }}
 */
export function compare(actual, expected, size) {
  assert.equal(actual.length, expected.length);
  let meanCosine = 0;
  let worstCosine = 1;
  let maxAbs = 0;
  for (let row = 0; row < actual.length; row += size) {
    let [ab, aa, bb] = [0, 0, 0];
    for (let i = row; i < row + size; i++) {
      ab += actual[i] * expected[i];
      aa += actual[i] ** 2;
      bb += expected[i] ** 2;
      maxAbs = Math.max(maxAbs, Math.abs(actual[i] - expected[i]));
    }
    const cosine = ab / Math.sqrt(aa * bb);
    meanCosine += (cosine * size) / actual.length;
    worstCosine = Math.min(worstCosine, cosine);
  }
  return { meanCosine, worstCosine, maxAbs };
}

/** Chunks of a file cut at the given places. */
export async function* cutAt(bytes, cuts) {
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < places.length; i++) yield bytes.subarray(places[i - 1], places[i]);
}

/** Labelled texts that a model of random weights can tell apart too: each label has words of its own. */
export function toyExamples(count, labels = ['pos', 'neg']) {
  const words = {
    pos: ['good', 'great', 'love', 'best'],
    neg: ['bad', 'awful', 'hate', 'worst'],
    other: ['new', 'old', 'dark'],
  };
  return Array.from({ length: count }, (_, i) => {
    const label = labels[i % labels.length];
    const own = words[label];
    return {
      text: `the ${own[i % own.length]} ${own[(i * 7 + 1) % own.length]} movie ${'very '.repeat(i % 5)}`,
      label,
    };
  });
}
