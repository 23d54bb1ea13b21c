// A trained head on disk: DIR/model.safetensors, which is all that bertlet reads, and DIR/config.json, by which Python opens it.
import { constants, existsSync } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BertletError } from '../../errors.js';
import { keyOf } from '../../checkpoint/families/family.js';
import { families } from '../../checkpoint/families/index.js';
import { readHead } from '../../checkpoint/head-file.js';
import { fileError } from '../../node/file-error.js';
import { makeFolder } from '../../node/partial.js';

const weightsFile = 'model.safetensors';
const configFile = 'config.json';

/**
 * Reads a head. Throws FILE_NOT_FOUND, FILE_ACCESS or BAD_HEAD.
 * @param {string} path a head folder, or the file in it
 * @returns {Promise<{ bytes: Uint8Array, head: import('../../checkpoint/head-file.js').HeadData }>}
 */
export async function readHeadFile(path) {
  let bytes;
  try {
    bytes = await readFile((await stat(path)).isDirectory() ? join(path, weightsFile) : path);
  } catch (error) {
    if (!isMissing(error)) throw fileError(error, path);
    const remedy = `"bertlet train --output ${path}" makes one`;
    throw new BertletError('FILE_NOT_FOUND', `${path}: there is no head here; ${remedy}.`, { cause: error });
  }
  try {
    return { bytes, head: readHead(bytes) };
  } catch (error) {
    if (!(error instanceof BertletError)) throw error;
    throw new BertletError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}

/**
 * Checks that a folder may become a head folder. Throws OUTPUT_EXISTS if it holds anything but an older head, FILE_ACCESS if it can't be
 * made.
 * @param {string} folder
 */
export async function checkOutput(folder) {
  let names;
  try {
    names = await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return checkParent(folder);
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOTDIR') throw notAHead(folder, 'is a file');
    throw fileError(error, folder);
  }
  const otherFile = names.find((name) => name !== weightsFile && name !== configFile);
  if (otherFile !== undefined) throw notAHead(folder, `holds other files (${otherFile})`);
  if (names.includes(weightsFile)) {
    await readHeadFile(folder).catch(() => {
      throw notAHead(folder, 'holds a model that is not a head');
    });
  } else if (names.length > 0) {
    throw notAHead(folder, `holds other files (${names[0]})`);
  }
}

/**
 * Throws if `folder` can't be made.
 * @param {string} folder
 */
async function checkParent(folder) {
  let parent = dirname(resolve(folder));
  while (!existsSync(parent)) parent = dirname(parent);
  await access(parent, constants.W_OK).catch((error) => {
    throw fileError(error, parent);
  });
}

/** Whether an error says that a file does not exist. @param {unknown} error */
const isMissing = (error) => /** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT';

/**
 * OUTPUT_EXISTS.
 * @param {string} folder
 * @param {string} why
 */
function notAHead(folder, why) {
  return new BertletError('OUTPUT_EXISTS', `${folder} ${why}; it is left as it is. Give --output a folder of its own.`);
}

/**
 * config.json for Python.
 *   A head on pooled vectors is a `sentence_transformers.models.Dense` module, whose config.json may not have other keys; which vectors
 *   it reads is in the metadata of its weights only.
 *   A head for tokens or answers is opened by `transformers` together with the base model, with as many layers as the head reads.
 *   A head with hidden units, or for a base model that can't be cut at the head's layer, has no class in Python; its layers are listed as PyTorch's modules.
 * @param {import('../../checkpoint/head-file.js').HeadData} head
 * @param {Record<string, unknown>} base the base model's config.json
 * @returns {Record<string, unknown>}
 */
function configFor({ task, labels, network }, base) {
  const { layer, pooling, normalize, dense } = network;
  const [{ weight, bias }] = dense;
  const family = /** @type {import('../../checkpoint/families/family.js').Family} */ (
    families.get(String(base.model_type)) // the model was loaded, so it is one of them
  );
  const layersKey = keyOf(family, 'num_hidden_layers');
  const cutBeforeNorm = family.finalNorm && layer < Number(base[layersKey]);
  const answers = task === 'question-answering';
  const names = answers ? ['start', 'end'] : labels;
  const id2label = Object.fromEntries(names.map((label, id) => [id, label]));
  if (dense.length > 1 || (pooling === 'none' && cutBeforeNorm)) {
    const modules = dense.flatMap(({ activation, ...one }) => [
      `Linear(${one.weight.length / one.bias.length}, ${one.bias.length})`,
      ...(activation === 'none' ? [] : [activation]),
    ]);
    return { task, base_layers: layer, pooling, normalize, modules, id2label };
  }
  if (pooling !== 'none') {
    return {
      in_features: weight.length / bias.length,
      out_features: bias.length,
      bias: true,
      activation_function: 'torch.nn.modules.linear.Identity',
    };
  }
  return {
    ...base,
    architectures: [`${family.className}For${answers ? 'QuestionAnswering' : 'TokenClassification'}`],
    [layersKey]: layer,
    id2label,
    label2id: Object.fromEntries(names.map((label, id) => [label, id])),
  };
}

/**
 * Writes a head folder, in place of an older head. It is written under a temporary name beside its final one, so that it is never
 * incomplete. Throws as `checkOutput`, and FILE_ACCESS.
 * @param {string} folder
 * @param {Uint8Array} bytes the head as `head.save()` gives it
 * @param {Record<string, unknown>} base the base model's config.json
 */
export async function writeHeadFolder(folder, bytes, base) {
  const config = configFor(readHead(bytes), base);
  try {
    await checkOutput(folder);
    await makeFolder(dirname(resolve(folder)));
    const target = await realpath(folder).catch(() => resolve(folder)); // keeps a link to a folder a link
    const partial = await mkdtemp(`${target}.partial-`);
    try {
      const head = join(partial, 'new');
      const old = join(partial, 'old');
      await mkdir(head);
      await writeFile(join(head, weightsFile), bytes, { flush: true });
      await writeFile(join(head, configFile), `${JSON.stringify(config, null, 2)}\n`, { flush: true });
      const replaces = await renameIfThere(target, old);
      await rename(head, target).catch(async (error) => {
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
