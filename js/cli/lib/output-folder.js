// A folder that a training writes: whole or not at all, and never in place of what is not bertlet's.
import { constants, existsSync } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BertletError } from '../../errors.js';
import { fileError } from '../../node/file-error.js';
import { makeFolder } from '../../node/partial.js';

/** Whether an error says that a file does not exist. @param {unknown} error */
export const isMissing = (error) => /** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT';

/**
 * OUTPUT_EXISTS.
 * @param {string} folder
 * @param {string} why
 * @param {string} [option] that names it
 */
export const notOurs = (folder, why, option = 'output') =>
  new BertletError('OUTPUT_EXISTS', `${folder} ${why}; it is left as it is. Give --${option} a folder of its own.`);

/**
 * For `catch`: a clearer error for a folder in which nothing can be made. For some, such as /proc, the system says "no such file".
 * @param {string} folder
 * @returns {(error: unknown) => never}
 */
export const cannotWrite = (folder) => (error) => {
  if (!(error instanceof BertletError && error.code === 'FILE_NOT_FOUND')) throw error;
  throw new BertletError('FILE_ACCESS', `${folder} can't be made or written. Give --output another place.`, {
    cause: error,
  });
};

/**
 * The names of what is in a folder that is to be written. Throws OUTPUT_EXISTS if it is a file, FILE_ACCESS if it can't be made.
 * @param {string} folder
 * @param {string} [option] that names it
 * @returns {Promise<string[]>} none if there is no such folder
 */
export async function namesIn(folder, option) {
  try {
    return await readdir(folder);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOTDIR') throw notOurs(folder, 'is a file', option);
    if (!isMissing(error)) throw fileError(error, folder);
  }
  let parent = dirname(resolve(folder));
  while (!existsSync(parent)) parent = dirname(parent);
  await access(parent, constants.W_OK).catch((error) => {
    throw fileError(error, parent);
  });
  return [];
}

/**
 * Writes a folder, in place of the one that is there. It is written under a temporary name beside its final one, so that it is never
 * incomplete. Throws FILE_ACCESS.
 * @param {string} folder
 * @param {Record<string, Uint8Array | Blob>} files by their paths in it
 */
export async function replaceFolder(folder, files) {
  try {
    await makeFolder(dirname(resolve(folder)));
    const target = await realpath(folder).catch(() => resolve(folder)); // keeps a link to a folder a link
    const partial = await mkdtemp(`${target}.partial-`);
    try {
      const whole = join(partial, 'new');
      const old = join(partial, 'old');
      await mkdir(whole);
      for (const [name, content] of Object.entries(files)) {
        await makeFolder(dirname(join(whole, name)));
        await writeFile(join(whole, name), content instanceof Blob ? content.stream() : content, { flush: true });
      }
      const replaces = await renameIfThere(target, old);
      await rename(whole, target).catch(async (error) => {
        if (replaces) await rename(old, target);
        throw error;
      });
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  } catch (error) {
    throw fileError(error, folder);
  }
}

/**
 * Renames a file or folder if it exists.
 * @param {string} from
 * @param {string} to
 * @returns {Promise<boolean>} whether it exists
 */
async function renameIfThere(from, to) {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
