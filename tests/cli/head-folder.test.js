// The config.json of a head folder: one that Python can open, or, where no class of Python is the same model, none that it opens wrongly.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeHead } from '../../js/checkpoint/head-file.js';
import { writeHeadFolder } from '../../js/cli/lib/head-folder.js';
import { fixtures, temporaryFolder } from '../support.js';

/** config.json of a tagger on a layer of one of the fixtures. */
async function configOf(t, base, layer) {
  const dense = [{ weight: new Float32Array(2 * 16), bias: new Float32Array(2), activation: 'none' }];
  const bytes = writeHead({
    task: 'token-classification',
    labels: ['O', 'B-x'],
    network: { layer, pooling: 'none', normalize: false, dense },
    baseModel: base,
    fingerprint: '0',
  });
  const folder = join(await temporaryFolder(t), 'head');
  const json = await readFile(join(fixtures, 'checkpoints', base, 'config.json'), 'utf8');
  await writeHeadFolder(folder, bytes, JSON.parse(json));
  return JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
}

test('the class and the number of layers under the names of the family', async (t) => {
  const { architectures, num_hidden_layers: layers, id2label } = await configOf(t, 'bert', 1);
  assert.deepEqual(architectures, ['BertForTokenClassification']);
  assert.deepEqual([layers, id2label], [1, { 0: 'O', 1: 'B-x' }]);
  const distilbert = await configOf(t, 'distilbert', 1);
  assert.deepEqual(distilbert.architectures, ['DistilBertForTokenClassification']);
  assert.deepEqual([distilbert.n_layers, distilbert.num_hidden_layers], [1, undefined]);
});

test('a base model with a layer norm after its last layer: whole, or nothing that Python would open without it', async (t) => {
  const { architectures, num_hidden_layers: layers } = await configOf(t, 'megatron-bert', 2);
  assert.deepEqual([architectures, layers], [['MegatronBertForTokenClassification'], 2]);
  assert.deepEqual(await configOf(t, 'megatron-bert', 1), {
    task: 'token-classification',
    base_layers: 1,
    pooling: 'none',
    normalize: false,
    modules: ['Linear(16, 2)'],
    id2label: { 0: 'O', 1: 'B-x' },
  });
});
