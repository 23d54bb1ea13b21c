// config.json to the numbers that the core wants, and what is refused of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../js/checkpoint/config.js';
import { tinyFiles } from '../support.js';

const encode = (value) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

const config = JSON.parse(String((await tinyFiles())['config.json']));
const parse = (changes) => parseConfig(encode({ ...config, ...changes }), 'config.json');

test('a config that transformers wrote', () => {
  const { family, ...numbers } = parse();
  assert.equal(family.modelType, 'bert');
  assert.deepEqual(numbers, {
    vocabSize: 94,
    hiddenSize: 32,
    embeddingSize: 32,
    numLayers: 2,
    numHeads: 4,
    intermediateSize: 64,
    maxPositions: 40,
    typeVocabSize: 2,
    activation: 'gelu',
    epsilon: 1e-12,
  });
});

test('activations', () => {
  const names = ['gelu', 'gelu_new', 'gelu_pytorch_tanh', 'relu'];
  assert.deepEqual(
    names.map((hidden_act) => parse({ hidden_act }).activation),
    ['gelu', 'gelu_tanh', 'gelu_tanh', 'relu'],
  );
});

const refused = [
  [{ model_type: 'roberta' }, 'UNSUPPORTED_MODEL', /"roberta"/],
  [{ model_type: 'constructor' }, 'UNSUPPORTED_MODEL', /"constructor"/],
  [{ model_type: undefined }, 'UNSUPPORTED_MODEL', /no model_type/],
  [{ position_embedding_type: 'relative_key' }, 'UNSUPPORTED_MODEL', /relative_key/],
  [{ is_decoder: true }, 'UNSUPPORTED_MODEL', /decoder/],
  [{ hidden_act: 'swish' }, 'UNSUPPORTED_MODEL', /swish/],
  [{ hidden_act: 'toString' }, 'UNSUPPORTED_MODEL', /toString/],
  [{ hidden_size: undefined }, 'BAD_CONFIG', /hidden_size is undefined/],
  [{ hidden_size: '32' }, 'BAD_CONFIG', /hidden_size is "32"/],
  [{ num_hidden_layers: 0 }, 'BAD_CONFIG', /num_hidden_layers/],
  [{ num_hidden_layers: 2 ** 24 }, 'BAD_CONFIG', /from 1 to 1000/],
  [{ max_position_embeddings: 1 }, 'BAD_CONFIG', /from 2/],
  [{ vocab_size: 1e12 }, 'BAD_CONFIG', /vocab_size/],
  [{ hidden_size: 36 }, 'BAD_CONFIG', /multiple of 8/],
  [{ model_type: 'distilbert' }, 'BAD_CONFIG', /dim is undefined/],
  [{ model_type: 'electra', embedding_size: 20 }, 'BAD_CONFIG', /embedding_size \(20\) a multiple of 8/],
  [{ model_type: 'ernie', use_task_id: true }, 'UNSUPPORTED_MODEL', /use_task_id/],
  [{ num_attention_heads: 5 }, 'BAD_CONFIG', /num_attention_heads \(5\)/],
  [{ layer_norm_eps: -1 }, 'BAD_CONFIG', /layer_norm_eps/],
];
for (const [change, code, message] of refused) {
  test(`config.json with ${JSON.stringify(change)}`, () => assert.throws(() => parse(change), { code, message }));
}

test('config.json that is not an object', () => {
  assert.throws(() => parseConfig(encode('{'), 'config.json'), { code: 'BAD_CONFIG', message: /not valid JSON/ });
  assert.throws(() => parseConfig(encode('null'), 'config.json'), { code: 'BAD_CONFIG', message: /object/ });
});
