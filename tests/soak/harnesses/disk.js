import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { below, pick, Skip } from '../driver.js';
import { files, MODEL, startServer, TEXT, temporaryFolder, vectorOf } from '../shared.js';
import { fromRoot } from '../../support.js';

export const name = 'disk';
export const what = 'disks that are full at any byte, files that may not grow, read-only places, too few open files';
export const rounds = 3;

const run = promisify(execFile);

export async function start() {
  if (process.platform !== 'linux') throw new Skip('its limits are those of Linux');
  const { folder, remove } = temporaryFolder();
  const expected = [...(await vectorOf(MODEL, { dtype: 'int8', cache: false }))];
  const total = Object.values(files).reduce((sum, { length }) => sum + length, 0);
  const server = await startServer((req, res) => {
    const bytes = files[/** @type {string} */ (/** @type {string} */ (req.url).split('/').pop())];
    if (!bytes) return res.writeHead(404).end();
    res.writeHead(200, { 'Content-Length': bytes.length, ETag: '"1"' }).end(req.method === 'HEAD' ? undefined : bytes);
  });
  /** File systems that are mounted, which only root may. @type {Set<string>} */
  const mounted = new Set();
  const mount = (/** @type {string} */ home, /** @type {string} */ options) => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', home], { stdio: 'ignore' });
    mounted.add(home);
  };
  const unmount = (/** @type {string} */ home) => {
    if (mounted.delete(home)) execFileSync('umount', ['-l', home]);
  };
  const mayMount = (() => {
    try {
      mkdirSync(join(folder, 'try'));
      mount(join(folder, 'try'), 'size=4k');
      unmount(join(folder, 'try'));
      return true;
    } catch {
      return false;
    }
  })();

  /** Loads in a process with limits of bash's `ulimit`. */
  async function load(home, spec, limit) {
    const options = { dtype: 'int8', hub: server.url };
    const command = `trap '' XFSZ; ${limit}; exec "$0" "$@"`;
    const args = [
      '-c',
      command,
      process.execPath,
      fromRoot('tests/soak/load-child.js'),
      JSON.stringify({ spec, options, text: TEXT }),
    ];
    const { stdout } = await run('bash', args, { env: { ...process.env, BERTLET_HOME: home, HF_HOME: home } });
    return JSON.parse(stdout);
  }

  return {
    async trial(next) {
      const home = join(folder, randomUUID());
      mkdirSync(home);
      const spec = next() < 0.5 ? 'org/name' : `${server.url}model/`;
      const kind = pick(next, mayMount ? ['full', 'read-only', 'limit', 'files'] : ['limit', 'files']);
      try {
        if (kind === 'full') mount(home, `size=${4 * (1 + below(next, total / 2048))}k`);
        if (kind === 'read-only') mount(home, 'ro');
        const limits = { limit: `ulimit -f ${below(next, total / 512)}`, files: `ulimit -n ${20 + below(next, 40)}` };
        // Where Node itself has no files left it may not come so far.
        const result = await load(home, spec, limits[kind] ?? ':').catch((error) => {
          if (kind === 'files') return { code: 'Node does not start' };
          throw error;
        });
        if (result.vector) assert.deepEqual(result.vector, expected, kind);
        else if (kind !== 'files') assert.equal(result.code, 'FILE_ACCESS', `${kind}: ${result.message}`);
        else assert.notEqual(result.code, 'INTERNAL', result.message);
        unmount(home);
        const again = await load(home, spec, ':');
        assert.deepEqual(again.vector, expected, `after ${kind}: ${again.message}`);
        return `${kind}: ${result.code ?? (result.notes.some((note) => /cache/.test(note)) ? 'right, with a note' : 'right')}`;
      } finally {
        unmount(home);
        await rm(home, { recursive: true, force: true });
      }
    },
    async end() {
      server.stop();
      await remove();
    },
  };
}
