import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { damagedJson } from '../../properties/damage.js';
import { below, pick } from '../driver.js';
import { files, MODEL, startServer, temporaryFolder, vectorOf } from '../shared.js';

export const name = 'cache';
export const what =
  'entries of the cache cut, changed, swapped, with other descriptions under a right digest; the model loads';
export const rounds = 8;

/** Where the header says how long description and files are, and where these begin. */
const [LENGTHS, DESCRIBED] = [40, 48];

/** With the digest of what it holds now. @param {Buffer} entry */
function redigest(entry) {
  const size = entry.readUInt32LE(LENGTHS) + entry.readUInt32LE(LENGTHS + 4);
  createHash('sha256')
    .update(entry.subarray(DESCRIBED, DESCRIBED + size))
    .digest()
    .copy(entry, 8);
  return entry;
}

/** Whose description is damaged JSON. @param {Buffer} entry @param {() => number} next */
function redescribe(entry, next) {
  const length = entry.readUInt32LE(LENGTHS);
  const description = JSON.parse(String(entry.subarray(DESCRIBED, DESCRIBED + length)));
  const [text] = fc.sample(damagedJson(description), { seed: below(next, 2 ** 31), numRuns: 1 });
  const bytes = Buffer.from(text);
  const changed = Buffer.concat([entry.subarray(0, DESCRIBED), bytes, entry.subarray(DESCRIBED + length)]);
  changed.writeUInt32LE(bytes.length, LENGTHS);
  return redigest(changed);
}

/** @type {Record<string, (entry: Buffer, next: () => number) => Buffer>} */
const DAMAGES = {
  cut: (entry, next) => entry.subarray(0, below(next, entry.length)),
  longer: (entry, next) => Buffer.concat([entry, entry.subarray(0, 1 + below(next, 1000))]),
  byte: (entry, next) => {
    entry[below(next, entry.length)] ^= 1 << below(next, 8);
    return entry;
  },
  header: (entry, next) => {
    entry[below(next, DESCRIBED)] = below(next, 256);
    return entry;
  },
  zeros: (entry, next) => entry.fill(0, below(next, entry.length)),
  noise: (entry, next) => Buffer.from(entry.map(() => below(next, 256))),
  description: redescribe,
};

export async function start() {
  const home = process.env.BERTLET_HOME;
  const { folder, remove } = temporaryFolder();
  process.env.BERTLET_HOME = folder;
  const server = await startServer((req, res) => {
    const bytes = files[/** @type {string} */ (/** @type {string} */ (req.url).split('/').pop())];
    if (!bytes) return res.writeHead(404).end();
    res.writeHead(200, { 'Content-Length': bytes.length, ETag: '"1"' }).end(req.method === 'HEAD' ? undefined : bytes);
  });
  const expected = await vectorOf(MODEL, { dtype: 'int8', cache: false });
  await vectorOf(server.url, { dtype: 'int8' });
  const path = join(folder, 'images', readdirSync(join(folder, 'images'))[0]);
  const whole = await readFile(path);
  return {
    async trial(next) {
      const kind = pick(next, Object.keys(DAMAGES));
      await writeFile(path, DAMAGES[kind](Buffer.from(whole), next));
      assert.deepEqual(await vectorOf(server.url, { dtype: 'int8' }), expected, kind);
      await writeFile(path, whole);
      return 'right';
    },
    async end() {
      server.stop();
      process.env.BERTLET_HOME = home;
      await remove();
    },
  };
}
