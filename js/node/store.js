// Node's place for the cache: a folder.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './model-folder.js';

const PARTIAL = '.partial';
const A_DAY = 24 * 60 * 60 * 1000;

/** Files that nobody has read for so long are removed: models in folders come and go. */
const UNUSED_DAYS = 60;

/** @returns {Promise<import('../base/platform.js').Store>} */
export async function openStore() {
  const folder = cacheFolder('images');
  const at = (/** @type {string} */ name) => join(folder, name);
  const all = () => readdir(folder).catch(absent(/** @type {string[]} */ ([])));

  async function removeUnused() {
    for (const name of await all()) {
      const age = Date.now() - (await stat(at(name)).catch(absent({ mtimeMs: Date.now() }))).mtimeMs;
      if (age > A_DAY * (name.endsWith(PARTIAL) ? 1 : UNUSED_DAYS)) await rm(at(name), { force: true });
    }
  }

  return {
    async open(name) {
      const file = await open(at(name)).catch(absent(undefined));
      if (!file) return undefined;
      const now = new Date();
      await utimes(at(name), now, now).catch(() => {}); // in a folder that others own it is only read
      const { size } = await file.stat();
      return {
        size,
        async read(target, position) {
          for (let done = 0; done < target.length;) {
            const { bytesRead } = await file.read(target, done, target.length - done, position + done);
            if (bytesRead === 0) throw new Error(`${at(name)} ends too early.`);
            done += bytesRead;
          }
        },
        close: () => file.close(),
      };
    },

    async write(name, parts) {
      await mkdir(folder, { recursive: true });
      const temporary = at(`${name}.${randomUUID()}${PARTIAL}`);
      try {
        const file = await open(temporary, 'wx');
        try {
          for (const part of parts) await file.writeFile(part); // from where the last one ended
          const { size } = await file.stat();
          if (size !== parts.reduce((sum, part) => sum + part.length, 0)) throw new Error(`${temporary} is cut off.`);
        } finally {
          await file.close();
        }
        await rename(temporary, at(name));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      await removeUnused();
    },

    names: async () => (await all()).filter((name) => !name.endsWith(PARTIAL)),
    remove: (name) => rm(at(name), { force: true }),
  };
}

/**
 * @template T
 * @param {T} instead of a file or folder that is not there
 * @returns {(error: NodeJS.ErrnoException) => T}
 */
const absent = (instead) => (error) => {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return instead;
  throw error;
};
