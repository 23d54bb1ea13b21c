// Where the cache keeps its files in Node: a folder on disk.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './model-folder.js';

/** Ends the names of files that are being written. */
const PARTIAL = '.partial';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Files that were not read for so many days are removed, since their model may be gone. */
const UNUSED_DAYS = 60;

/** @returns {Promise<import('../base/platform.js').Store>} */
export async function openStore() {
  const folder = cacheFolder('images');
  const pathOf = (/** @type {string} */ name) => join(folder, name);
  const all = () => readdir(folder).catch(absent(/** @type {string[]} */ ([])));

  /** Removes unused files, and unfinished ones of processes that were killed. */
  async function removeUnused() {
    for (const name of await all()) {
      const age = Date.now() - (await stat(pathOf(name)).catch(absent({ mtimeMs: Date.now() }))).mtimeMs;
      if (age > DAY_MS * (name.endsWith(PARTIAL) ? 1 : UNUSED_DAYS)) await rm(pathOf(name), { force: true });
    }
  }

  return {
    async open(name) {
      const file = await open(pathOf(name)).catch(absent(undefined));
      if (!file) return undefined;
      const now = new Date();
      await utimes(pathOf(name), now, now).catch(() => {}); // of a folder that may only be read
      const { size } = await file.stat();
      return {
        size,
        async read(target, position) {
          for (let done = 0; done < target.length;) {
            const { bytesRead } = await file.read(target, done, target.length - done, position + done);
            if (bytesRead === 0) throw new Error(`${pathOf(name)} ends too early.`);
            done += bytesRead;
          }
        },
        close: () => file.close(),
      };
    },

    async write(name, parts) {
      await mkdir(folder, { recursive: true });
      const temporary = pathOf(`${name}.${randomUUID()}${PARTIAL}`);
      try {
        const file = await open(temporary, 'wx');
        try {
          for (const part of parts) await file.writeFile(part); // appends
          const { size } = await file.stat();
          if (size !== parts.reduce((sum, part) => sum + part.length, 0)) throw new Error(`${temporary} is cut off.`);
        } finally {
          await file.close();
        }
        await rename(temporary, pathOf(name));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      await removeUnused();
    },

    names: async () => (await all()).filter((name) => !name.endsWith(PARTIAL)),
    remove: (name) => rm(pathOf(name), { force: true }),
  };
}

/**
 * For `catch`: a value in place of a file or folder that does not exist; other errors are thrown.
 * @template T
 * @param {T} instead
 * @returns {(error: NodeJS.ErrnoException) => T}
 */
const absent = (instead) => (error) => {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return instead;
  throw error;
};
