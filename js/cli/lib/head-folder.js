// A trained head on disk: DIR/model.safetensors, which is all that bertlet needs, and DIR/config.json, with which Python opens it.
import { constants, existsSync } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BertletError } from '../../errors.js';
import { keyOf } from '../../checkpoint/families/family.js';
import { families } from '../../checkpoint/families/index.js';
import { readHead } from '../../checkpoint/head-file.js';
import { fileError } from '../../node/file-error.js';

const weightsFile = 'model.safetensors';
const configFile = 'config.json';

/**
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
 * Says no to a folder that can't become a head folder: one that holds anything but an older head, or that can't be made.
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
 * Fails if `folder` can't be made.
 * @param {string} folder
 */
async function checkParent(folder) {
  let parent = dirname(resolve(folder));
  while (!existsSync(parent)) parent = dirname(parent);
  await access(parent, constants.W_OK).catch((error) => {
    throw fileError(error, parent);
  });
}

/**
 * Makes a folder and those above it. (Node's own recursive mkdir never ends below /proc, where nothing can be made.)
 * @param {string} folder
 */
async function makeFolder(folder) {
  if (existsSync(folder)) return;
  await makeFolder(dirname(folder));
  await mkdir(folder).catch((error) => {
    if (error.code !== 'EEXIST') throw error; // another run has made it meanwhile
  });
}

/** @param {unknown} error */
const isMissing = (error) => /** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT';

/**
 * @param {string} folder
 * @param {string} why
 */
function notAHead(folder, why) {
  return new BertletError('OUTPUT_EXISTS', `${folder} ${why}; it is left as it is. Give --output a folder of its own.`);
}

/**
 * config.json for Python: a head on pooled vectors is a `sentence_transformers.models.Dense` module, which refuses keys that it
 * does not know (what it reads is in the weights' metadata only); one for tokens or answers goes with the base model, of which
 * `transformers` then makes no more layers than the head reads. A head with hidden units is none of these, nor one for a base model
 * that can't be cut there; what it is made of is said in words of PyTorch.
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
 * Writes a head folder under a temporary name beside its final place and renames it, so that there is never half a head. An
 * older head is replaced.
 * @param {string} folder
 * @param {Uint8Array} bytes the head as `head.save()` gives it
 * @param {Record<string, unknown>} base the base model's config.json
 */
export async function writeHeadFolder(folder, bytes, base) {
  const config = configFor(readHead(bytes), base);
  try {
    await checkOutput(folder);
    await makeFolder(dirname(resolve(folder)));
    const target = await realpath(folder).catch(() => resolve(folder)); // a link stays a link
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
 * @param {string} from
 * @param {string} to
 * @returns {Promise<boolean>} whether it was there
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
