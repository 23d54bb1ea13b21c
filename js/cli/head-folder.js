// A trained head on disk: DIR/model.safetensors, which is all that bertlet needs, and DIR/config.json, with which DIR opens in
// Python as a `sentence_transformers.models.Dense` module.
import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BertletError } from '../errors.js';
import { readHead } from '../head-file.js';
import { fileError } from './files.js';

const weightsFile = 'model.safetensors';
const configFile = 'config.json';

/**
 * @param {string} path a head folder, or the file in it
 * @returns {Promise<{ bytes: Uint8Array, baseModel: string }>}
 */
export async function readHeadFile(path) {
  try {
    const isFolder = (await stat(path)).isDirectory();
    const bytes = await readFile(isFolder ? join(path, weightsFile) : path);
    return { bytes, baseModel: readHead(bytes).baseModel };
  } catch (error) {
    const found = fileError(error, path);
    if (found instanceof BertletError && found.code === 'FILE_NOT_FOUND') {
      throw new BertletError(
        'FILE_NOT_FOUND',
        `${path}: there is no head here. "bertlet train --output ${path}" makes one.`,
      );
    }
    throw found;
  }
}

/**
 * Says no to a folder that can't become a head folder: one that holds anything but an older head.
 * @param {string} folder
 */
export async function checkOutput(folder) {
  let names;
  try {
    names = await readdir(folder);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return;
    throw /** @type {NodeJS.ErrnoException} */ (error).code === 'ENOTDIR'
      ? notAHead(folder, 'is a file')
      : fileError(error, folder);
  }
  const other = names.find((name) => name !== weightsFile && name !== configFile);
  if (other !== undefined) throw notAHead(folder, `holds other files (${other})`);
  if (names.includes(weightsFile)) {
    await readHeadFile(folder).catch(() => {
      throw notAHead(folder, 'holds a model that is not a head');
    });
  } else if (names.length > 0) {
    throw notAHead(folder, `holds other files (${names[0]})`);
  }
}

/**
 * @param {string} folder
 * @param {string} why
 */
function notAHead(folder, why) {
  return new BertletError('OUTPUT_EXISTS', `${folder} ${why}; it is left as it is. Give --output a folder of its own.`);
}

/**
 * Writes a head folder under a temporary name beside its final place and renames it, so that there is never half a head. An
 * older head is replaced.
 * @param {string} folder
 * @param {Uint8Array} bytes the head as `head.save()` gives it
 * @param {{ inFeatures: number, outFeatures: number }} shape
 */
export async function writeHeadFolder(folder, bytes, { inFeatures, outFeatures }) {
  // PyTorch's names, as `sentence_transformers.models.Dense` reads them.
  const config = {
    in_features: inFeatures,
    out_features: outFeatures,
    bias: true,
    activation_function: 'torch.nn.modules.linear.Identity',
  };
  try {
    await checkOutput(folder);
    await mkdir(dirname(resolve(folder)), { recursive: true });
    const target = await realpath(folder).catch(() => resolve(folder)); // a link stays a link
    const partial = await mkdtemp(`${target}.partial-`);
    try {
      const head = join(partial, 'new');
      const old = join(partial, 'old');
      await mkdir(head);
      await writeFile(join(head, weightsFile), bytes, { flush: true });
      await writeFile(join(head, configFile), `${JSON.stringify(config, null, 2)}\n`, { flush: true });
      await rename(target, old).catch(ignoreMissing);
      await rename(head, target);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  } catch (error) {
    throw fileError(error, folder);
  }
}

/** @param {NodeJS.ErrnoException} error */
function ignoreMissing(error) {
  if (error.code !== 'ENOENT') throw error;
}
