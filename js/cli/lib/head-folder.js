// A trained head on disk: DIR/model.safetensors, which is all that bertlet reads, and files by which Python opens it.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BertletError } from '../../errors.js';
import { keyOf } from '../../checkpoint/families/family.js';
import { families } from '../../checkpoint/families/index.js';
import { readHead } from '../../checkpoint/head-file.js';
import { CRF_FILE } from '../../checkpoint/head-settings.js';
import { encodeJson } from '../../checkpoint/json-writer.js';
import { fileError } from '../../node/file-error.js';
import { isMissing, namesIn, notOurs, replaceFolder } from './output-folder.js';

const weightsFile = 'model.safetensors';
const configFile = 'config.json';

/** What a head folder may hold; those after the second are PEFT's, of a head with an adapter. */
const FILES = [
  weightsFile,
  configFile,
  'adapter_config.json',
  'adapter_model.safetensors',
  'labels.json',
  'head.json',
  CRF_FILE,
  'README.md',
  // Of vectors, sentence-transformers' own.
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
  '1_Pooling',
];

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
export async function checkHeadOutput(folder) {
  const names = await namesIn(folder);
  if (names.length === 0) return;
  const otherFile = names.find((name) => !FILES.includes(name));
  if (otherFile !== undefined) throw notOurs(folder, `holds other files (${otherFile})`);
  if (!names.includes(weightsFile)) throw notOurs(folder, `holds other files (${names[0]})`);
  await readHeadFile(folder).catch(() => {
    throw notOurs(folder, 'holds a model that is not a head');
  });
}

/**
 * config.json for Python.
 *   A head on pooled vectors is a `sentence_transformers.models.Dense` module, whose config.json may not have other keys; which vectors
 *   it reads is in the metadata of its weights only.
 *   A head for tokens or answers is opened by `transformers` together with the base model, with as many layers as the head reads.
 *   A head with hidden units or without layers, with an adapter that PEFT can't name, or for a base model that can't be cut at the head's layer, has no class in
 *   Python; its layers are listed as PyTorch's modules.
 * @param {import('../../checkpoint/head-file.js').HeadData} head
 * @param {Record<string, unknown>} base the base model's config.json
 * @returns {Record<string, unknown>}
 */
function configFor({ task, labels, network }, base) {
  const { layer, pooling, normalize, dense, lora } = network;
  const family = /** @type {import('../../checkpoint/families/family.js').Family} */ (
    families.get(String(base.model_type)) // the model was loaded, so it is one of them
  );
  const layersKey = keyOf(family, 'num_hidden_layers');
  const cutBeforeNorm = family.finalNorm && layer < Number(base[layersKey]);
  const answers = task === 'question-answering';
  const names = answers ? ['start', 'end'] : labels;
  const id2label = Object.fromEntries(names.map((label, id) => [id, label]));
  if (dense.length !== 1 || lora || (pooling === 'none' && cutBeforeNorm)) {
    const modules = dense.flatMap(({ activation, ...one }) => [
      `Linear(${one.weight.length / one.bias.length}, ${one.bias.length})`,
      ...(activation === 'none' ? [] : [activation]),
    ]);
    return { task, base_layers: layer, pooling, normalize, modules, id2label };
  }
  if (pooling !== 'none') {
    const [{ weight, bias }] = dense;
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
 * Writes a head folder, in place of an older head. Throws as `checkHeadOutput`.
 * @param {string} folder
 * @param {Uint8Array<ArrayBuffer>} bytes the head as `head.save()` gives it
 * @param {Record<string, unknown>} base the base model's config.json
 * @param {Record<string, Uint8Array>} [peft] the head's adapter as `head.saveAdapter()` gives it: Python reads these files instead of config.json
 */
export async function writeHeadFolder(folder, bytes, base, peft) {
  await checkHeadOutput(folder);
  const forPython = peft ?? { [configFile]: encodeJson(configFor(readHead(bytes), base)) };
  await replaceFolder(folder, { ...forPython, [weightsFile]: bytes });
}
