// A tuned model on disk: a folder as Hugging Face's libraries have it, with the head.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CRF_FILE } from '../../checkpoint/head-settings.js';
import { namesIn, notOurs, replaceFolder } from './output-folder.js';

/** How a model was pre-trained, beside its files. */
export const REPORT_FILE = 'pretraining.json';

/** What `bert.save()` writes, and that; see docs/formats.md: files, and folders of modules. */
const FILES = [
  'config.json',
  'model.safetensors',
  'README.md',
  CRF_FILE,
  'vocab.txt',
  'tokenizer.json',
  'tokenizer_config.json',
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
  REPORT_FILE,
];
const MODULE = /^\d+_(Pooling|Dense|Normalize)$/;

/**
 * Checks that a folder may become a model's. Throws OUTPUT_EXISTS if it holds anything but a model that was tuned earlier, FILE_ACCESS if it
 * can't be made.
 * @param {string} folder
 */
export async function checkModelOutput(folder) {
  const names = await namesIn(folder);
  const other = names.find((name) => !FILES.includes(name) && !MODULE.test(name));
  if (other !== undefined) throw notOurs(folder, `holds other files (${other})`);
  if (names.length > 0 && !names.includes(REPORT_FILE) && !(await wasTuned(folder)))
    throw notOurs(folder, 'holds a model that bertlet has not tuned');
}

/** Whether a folder's model was written after its training. @param {string} folder */
async function wasTuned(folder) {
  try {
    const { bertlet } = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    return ['lora', 'layers', 'full'].includes(bertlet.report.method);
  } catch {
    return false; // not to be read, or without such a report
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
