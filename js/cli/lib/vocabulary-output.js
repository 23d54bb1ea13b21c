// A vocabulary on disk: vocab.txt by the name that the user gives it, with tokenizer_config.json beside it.
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BertletError } from '../../errors.js';
import { fileError } from '../../node/file-error.js';
import { makeFolder, replaceFile } from '../../node/partial.js';
import { writeVocabularyFiles } from '../../tokenize/tokenizer-files.js';
import { cannotWrite, namesIn, notOurs } from './output-folder.js';

/** @typedef {import('../../types.js').TrainedVocabulary['files']} Files */

const CONFIG = 'tokenizer_config.json';

/**
 * Checks that a vocabulary may be written. Throws OUTPUT_EXISTS if its folder holds a model, or if that would replace what no earlier run of
 * this command has written, BAD_INPUT for a folder, FILE_ACCESS if the folder can't be made.
 * @param {string} path of vocab.txt
 */
export async function checkVocabularyOutput(path) {
  const folder = dirname(resolve(path));
  const names = await namesIn(folder);
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory())
    throw new BertletError('BAD_INPUT', `${path} is a folder. Name the file: --output ${join(path, 'vocab.txt')}.`);
  const ofModel = ['config.json', 'tokenizer.json'].find((name) => names.includes(name));
  if (ofModel) throw notOurs(folder, `holds a model (${ofModel})`);
  if (names.includes(CONFIG) && !(await isOurs(join(folder, CONFIG))))
    throw notOurs(folder, `holds a ${CONFIG} that this command has not written`);
  if (there && !names.includes(CONFIG)) throw notOurs(path, 'is there, and this command has not written it');
}

/** Whether a tokenizer_config.json is one of a vocabulary without a model: it has the same settings, and no others. @param {string} path */
async function isOurs(path) {
  const keys = (/** @type {string} */ text) => Object.keys(JSON.parse(text)).join();
  const own = new TextDecoder().decode(writeVocabularyFiles([], 0)[CONFIG]);
  try {
    return keys(await readFile(path, 'utf8')) === keys(own);
  } catch {
    return false; // not to be read, or no JSON
  }
}

/**
 * Writes both files, each whole or not at all: first how texts are normalized, so that no vocabulary is without it.
 * @param {string} path of vocab.txt
 * @param {Files} files
 * @returns {Promise<void>} rejects as `checkVocabularyOutput`
 */
export async function writeVocabulary(path, files) {
  await checkVocabularyOutput(path);
  const folder = dirname(resolve(path));
  try {
    await makeFolder(folder);
    await replaceFile(join(folder, CONFIG), files[CONFIG]);
    await replaceFile(path, files['vocab.txt']);
  } catch (error) {
    cannotWrite(path)(fileError(error, path));
  }
}
