// What harnesses share: a small model, what it gives when all is well, places of their own.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BertletError, load } from '../../js/index.js';
import { fixtures } from '../support.js';

/** A classifier of three labels with a vocab.txt. */
export const MODEL = join(fixtures, 'checkpoints/bert-text');

export const TEXT = 'the movie was great';

/** The model's files, by name. @type {Record<string, Buffer>} */
export const files = Object.fromEntries(
  readdirSync(MODEL)
    .filter((name) => name !== 'expected.json')
    .map((name) => [name, readFileSync(join(MODEL, name))]),
);

/** Loads a model, and gives the vector of TEXT. */
export async function vectorOf(spec, options = {}) {
  const bert = await load(spec, { threads: 1, ...options });
  try {
    return await bert.embed(TEXT);
  } finally {
    await bert.dispose();
  }
}

/** A new folder, and a function that removes it. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'bertlet-soak-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A server on this machine, and a function that ends it. @param {import('node:http').RequestListener} handle */
export async function startServer(handle) {
  const server = createServer(handle);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/`, stop };
}

/**
 * The code of an error that a call may end with: a BertletError that blames neither bertlet nor its worker. Throws for any other.
 * @param {unknown} error
 */
export function refusal(error) {
  if (!(error instanceof BertletError)) throw error;
  assert.ok(!['INTERNAL', 'WORKER_FAILED', 'DISPOSED'].includes(error.code), `${error.code}: ${error.message}`);
  return error.code;
}

/** Memory of this process in MB, after the garbage collector ran where it can be asked to. */
export function memory() {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
}
