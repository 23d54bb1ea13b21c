// A tuned model on disk: a folder as Hugging Face's libraries have it, with the head.
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONVERTED } from '../../base/converted.js';
import { CRF_FILE } from '../../checkpoint/head-settings.js';
import { METADATA_KEY } from '../../base/converted.js';
import { namesIn, notOurs, replaceFolder } from './output-folder.js';

/** How a model was pre-trained, or tuned without a head whose report the model has, beside its files. */
export const REPORT_FILE = 'pretraining.json';
export const TUNING_FILE = 'tuning.json';

const WEIGHTS = 'model.safetensors';

/** What `bert.save()` writes, and that; see docs/formats.md: files, and folders of modules. */
const FILES = [
  'config.json',
  WEIGHTS,
  CONVERTED,
  'README.md',
  CRF_FILE,
  'vocab.txt',
  'tokenizer.json',
  'tokenizer_config.json',
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
  REPORT_FILE,
  TUNING_FILE,
];

/** Within how many bytes of a file of weights its metadata begin: bertlet writes them first. */
const HEADER_BYTES = 256;

const MODULE = /^\d+_(Pooling|Dense|Normalize)$/;

/**
 * Checks that a folder may become a model's. Throws OUTPUT_EXISTS if it holds anything but a model that was tuned or converted earlier,
 * FILE_ACCESS if it can't be made.
 * @param {string} folder
 */
export async function checkModelOutput(folder) {
  const names = await namesIn(folder);
  const other = names.find((name) => !FILES.includes(name) && !MODULE.test(name));
  if (other !== undefined) throw notOurs(folder, `holds other files (${other})`);
  if (
    names.length === 0 ||
    names.includes(REPORT_FILE) ||
    names.includes(TUNING_FILE) ||
    (await wasTuned(folder)) ||
    (await wasConverted(folder, names))
  )
    return;
  throw notOurs(folder, 'holds a model that bertlet has not tuned or converted');
}

/** Whether a folder's model was written after its training. @param {string} folder */
async function wasTuned(folder) {
  try {
    const { bertlet } = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    return ['lora', 'layers', 'full', 'contrastive'].includes(bertlet.report.method);
  } catch {
    return false; // not to be read, or without such a report
  }
}

/** Whether a folder holds what `convert` has written, and nothing else of weights. @param {string} folder @param {string[]} names in it */
async function wasConverted(folder, names) {
  if (!names.includes(WEIGHTS)) return names.includes(CONVERTED);
  if (names.includes(CONVERTED)) return false; // somebody has put both together
  const file = await open(join(folder, WEIGHTS));
  try {
    const start = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await file.read(start, 0, HEADER_BYTES, 8);
    return start.subarray(0, bytesRead).includes(`"${METADATA_KEY}"`);
  } finally {
    await file.close();
  }
}

/**
 * Writes a model folder, in place of an older one. Throws as `checkModelOutput`.
 * @param {string} folder
 * @param {Record<string, Uint8Array | Blob>} files as `bert.save()` gives them
 */
export async function writeModelFolder(folder, files) {
  await checkModelOutput(folder);
  await replaceFolder(folder, files);
}
