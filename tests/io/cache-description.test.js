// An entry of the cache whose digest is right and whose description is not: the model loads from where it came from.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from '../../js/index.js';
import { serve, temporaryFolder, tinyFiles } from '../support.js';

test('descriptions that are not what was written', async (t) => {
  const home = process.env.BERTLET_HOME;
  process.env.BERTLET_HOME = await temporaryFolder(t);
  t.after(() => (process.env.BERTLET_HOME = home));
  const files = await tinyFiles();
  const url = await serve(t, (req, res) => {
    const bytes = files[req.url.split('/').pop()];
    if (!bytes) return res.writeHead(404).end();
    res.writeHead(200, { 'Content-Length': bytes.length, ETag: '"1"' }).end(req.method === 'HEAD' ? undefined : bytes);
  });
  const use = async () => {
    const bert = await load(url, { dtype: 'int8', threads: 1 });
    const vector = await bert.embed('the movie was great');
    await bert.dispose();
    return { fromCache: bert.info.fromCache, vector };
  };
  const { vector } = await use();
  const images = join(process.env.BERTLET_HOME, 'images');
  const path = join(images, (await readdir(images))[0]);
  const whole = await readFile(path);
  const end = 48 + whole.readUInt32LE(40);
  const config = (description) => description.files.find(({ name }) => name === 'config.json');
  for (const change of [
    (description) => (config(description).size -= 1), // JSON that is cut, and all files after it
    (description) => (config(description).name = 7),
    (description) => (description.files = {}),
    (description) => (description.files = []),
    (description) => (config(description).error = { code: 'BAD_CONFIG', message: 'x' }),
  ]) {
    const description = JSON.parse(String(whole.subarray(48, end)));
    change(description);
    const bytes = Buffer.from(JSON.stringify(description));
    const entry = Buffer.concat([whole.subarray(0, 48), bytes, whole.subarray(end)]);
    entry.writeUInt32LE(bytes.length, 40);
    const described = entry.subarray(48, 48 + bytes.length + entry.readUInt32LE(44));
    createHash('sha256').update(described).digest().copy(entry, 8);
    await writeFile(path, entry);
    assert.deepEqual(await use(), { fromCache: false, vector }, String(change));
    assert.deepEqual(await use(), { fromCache: true, vector }, 'it was written anew');
  }
});
