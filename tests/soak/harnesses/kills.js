import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { below } from '../driver.js';
import { files, MODEL, startServer, TEXT, temporaryFolder, vectorOf } from '../shared.js';
import { fromRoot } from '../../support.js';

export const name = 'kills';
export const what = 'processes killed (SIGKILL) while they download and write; the next load is right and tidies up';
export const rounds = 3;

export async function start() {
  const home = process.env.BERTLET_HOME;
  const { folder, remove } = temporaryFolder();
  process.env.BERTLET_HOME = folder;
  const expected = await vectorOf(MODEL, { dtype: 'int8', cache: false });
  let asked = () => {};
  const server = await startServer((req, res) => {
    const name = /** @type {string} */ (/** @type {string} */ (req.url).split('/').pop());
    const bytes = files[name];
    if (!bytes) return res.writeHead(404).end();
    if (name === 'model.safetensors' && req.method === 'GET') asked();
    res.writeHead(200, { 'Content-Length': bytes.length, ETag: '"1"' }).end(req.method === 'HEAD' ? undefined : bytes);
  });
  return {
    async trial(next) {
      const fromHub = next() < 0.5;
      const spec = fromHub ? `org/${randomUUID()}` : `${server.url}${randomUUID()}/`;
      const options = { hub: server.url, dtype: 'int8' };
      const child = spawn(
        process.execPath,
        [fromRoot('tests/soak/load-child.js'), JSON.stringify({ spec, options, text: TEXT })],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      let output = '';
      child.stdout.on('data', (text) => (output += text));
      const ended = new Promise((resolve) => child.on('exit', resolve));
      // Weights are the last to come: what follows is packing them and writing the copy.
      await Promise.race([new Promise((resolve) => (asked = () => resolve(undefined))), ended]);
      asked = () => {};
      const waiting = setTimeout(() => child.kill('SIGKILL'), below(next, 150));
      await ended;
      clearTimeout(waiting);
      const when = output === '' ? 'killed before the end' : 'killed at the end';
      assert.deepEqual(await vectorOf(spec, options), expected, when);
      const left = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
        file.endsWith('.partial'),
      );
      // A copy of another folder is tidied up when that is next loaded.
      const own = left.filter((file) => file.startsWith('images') || file.includes(spec));
      assert.deepEqual(own, [], when);
      return when;
    },
    async end() {
      server.stop();
      process.env.BERTLET_HOME = home;
      await remove();
    },
  };
}
