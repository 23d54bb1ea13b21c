// Each form of a tokenizer's files, with one file damaged.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTokenizer } from '../../js/index.js';
import { fixtures } from '../support.js';
import { damagedFile, scratchFolder, subject } from './models.js';

const forms = JSON.parse(readFileSync(join(fixtures, 'tokenizer/added-token-files.json'), 'utf8'));
const bert = JSON.parse(readFileSync(join(fixtures, 'compatibility/lora-new-tokens/tokenizer.json'), 'utf8'));

/** @param {string} folder @param {string[]} texts */
async function loadAndTokenize(folder, texts) {
  const tokenizer = await loadTokenizer(folder);
  for (const text of texts) {
    const { ids, tokens, offsets } = tokenizer.tokenize(text);
    assert.equal(tokens.length, ids.length);
    assert.ok(tokens.every((token) => typeof token === 'string'));
    let last = 0;
    offsets.slice(1, -1).forEach(([start, end]) => {
      assert.ok(start >= last && end >= start && end <= text.length, `${text}: ${start} to ${end} after ${last}`);
      last = start;
    });
  }
  tokenizer.dispose();
}

/** @param {string} form @param {Record<string, unknown>} files @param {string[]} texts */
function tokenizer(form, files, texts) {
  const folder = scratchFolder();
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return Object.keys(files).map((file) => {
    const input = damagedFile(join(folder, file));
    return subject(`tokenizer, ${form}`, folder, file, input, () => loadAndTokenize(folder, texts));
  });
}

/** Every file of every form. */
export const tokenizerFiles = [
  ...Object.entries(forms).flatMap(([form, { files, cases }]) =>
    tokenizer(
      form,
      files,
      cases.slice(0, 3).map(({ text }) => text),
    ),
  ),
  ...tokenizer('of tokenizers', { 'tokenizer.json': bert }, ['the <film> was [ENT], not [MASK]']),
];
