// Where the cache keeps its files in Node: a folder on disk.
import { open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.js';
import { absent } from './file-error.js';
import { isPartial, makeFolder, partialName, removeAbandoned } from './partial.js';

/** The system reads less than 2 GiB at once. */
const MOST_READ = 2 ** 30;

/** @returns {Promise<import('../base/platform.js').Store>} */
export async function openStore() {
  const folder = cacheFolder('images');
  const pathOf = (/** @type {string} */ name) => join(folder, name);
  const all = () => readdir(folder).catch(absent(/** @type {string[]} */ ([])));

  return {
    async open(name) {
      const file = await open(pathOf(name)).catch(absent(undefined));
      if (!file) return undefined;
      const { size } = await file.stat();
      return {
        size,
        async read(target, position) {
          for (let done = 0; done < target.length;) {
            const length = Math.min(target.length - done, MOST_READ);
            const { bytesRead } = await file.read(target, done, length, position + done);
            if (bytesRead === 0) throw new Error(`${pathOf(name)} ends too early.`);
            done += bytesRead;
          }
        },
        close: () => file.close(),
      };
    },

    async write(name, parts) {
      await makeFolder(folder);
      const temporary = partialName(pathOf(name));
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
    },

    async list() {
      const names = (await all()).filter((name) => !isPartial(name));
      const files = names.map(async (name) => {
        const info = await stat(pathOf(name)).catch(absent(undefined)); // another process has just removed it
        return info ? [{ name, size: info.size, used: info.mtimeMs }] : [];
      });
      return (await Promise.all(files)).flat();
    },

    async touch(name) {
      const now = new Date();
      await utimes(pathOf(name), now, now);
    },

    remove: (name) => rm(pathOf(name), { force: true, recursive: true }), // whatever it is
    sweep: () => removeAbandoned(folder),
  };
}
