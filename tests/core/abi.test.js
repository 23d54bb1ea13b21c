// js/core/abi.js and abi-training.js against src/bertlet.h: the same constants, enumerators and fields, in the same order, with the same values and types.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as forTraining from '../../js/core/abi-training.js';
import * as forAll from '../../js/core/abi.js';
import { writeConfig } from '../../js/engine/core-config.js';
import { fromRoot } from '../support.js';

const abi = { ...forAll, ...forTraining };

const header = readFileSync(fromRoot('src/bertlet.h'), 'utf8').replace(/\/\*[^]*?\*\//g, '');

/** @param {string} name bertlet_fit_state -> FIT_STATE */
const exportName = (name) => name.replace('bertlet_', '').toUpperCase();

/** What all names begin with, up to an underscore. @param {string[]} names */
function commonPrefix(names) {
  let prefix = names[0];
  while (!names.every((name) => name.startsWith(prefix))) prefix = prefix.slice(0, -1);
  return prefix.slice(0, prefix.lastIndexOf('_') + 1);
}

/** The enumerators of an enum with their values, without what all their names begin with. @param {string} body */
function parseEnum(body) {
  let next = 0;
  const pairs = body.split(',').map((part) => {
    const [, name, value] = /^\s*(\w+)\s*(?:=\s*(-?\d+))?\s*$/.exec(part);
    const number = value === undefined ? next : Number(value);
    next = number + 1;
    return [name, number];
  });
  const prefix = commonPrefix(pairs.map(([name]) => name));
  return pairs.map(([name, number]) => [name.slice(prefix.length), number]);
}

/** The fields of a struct with their types. @param {string} body */
const parseStruct = (body) => [...body.matchAll(/^ *(\w+) (\w+); *$/gm)].map(([, type, name]) => [name, type]);

const all = (pattern, parse) =>
  new Map([...header.matchAll(pattern)].map(([, name, body]) => [exportName(name), parse(body)]));
const enums = all(/typedef enum (\w+) \{([^}]*)\}/g, parseEnum);
const structs = all(/typedef struct (\w+) \{([^}]*)\}/g, parseStruct);
const constants = new Map(
  [...header.matchAll(/^#define BERTLET_(\w+) (\S+)$/gm)]
    .filter(([, name]) => name !== 'API')
    .map(([, name, value]) => [name, Number(value)]),
);

test('the header was understood', () => {
  const count = (pattern) => [...header.matchAll(pattern)].length;
  assert.ok(enums.size >= 8 && structs.size >= 1 && constants.size >= 2);
  assert.equal(enums.size, count(/\benum \w+ \{/g));
  assert.equal(structs.size, count(/\bstruct \w+ \{/g));
  for (const [, body] of header.matchAll(/typedef struct \w+ \{([^}]*)\}/g))
    assert.equal(parseStruct(body).length, body.split(';').length - 1, body);
  for (const value of constants.values()) assert.ok(Number.isInteger(value));
});

test('what is in the header is in JavaScript, and nothing else', () => {
  const sizes = [...structs.keys()].map((name) => `${name}_BYTES`);
  const inHeader = [...constants.keys(), ...enums.keys(), ...structs.keys(), ...sizes];
  assert.deepEqual(Object.keys(abi).sort(), inHeader.sort());
});

for (const [name, value] of constants) test(name, () => assert.equal(abi[name], value));

for (const [name, enumerators] of enums) {
  test(`enum ${name}`, () => {
    const own = Object.entries(abi[name]);
    assert.deepEqual(
      own.map(([key, value]) => [key.toUpperCase(), value]),
      enumerators,
    );
  });
}

for (const [name, fields] of structs) {
  test(`struct ${name}`, () => {
    assert.deepEqual(Object.entries(abi[name]), fields);
    assert.ok(fields.every(([, type]) => ['int32_t', 'float'].includes(type))); // of 4 bytes, so there are no holes
    assert.equal(abi[`${name}_BYTES`], 4 * fields.length);
  });
}

test('a config is written where the header has its fields', () => {
  const config = {
    family: { architecture: 'MEGATRON_BERT' },
    vocabSize: 1,
    hiddenSize: 2,
    numLayers: 3,
    numHeads: 4,
    intermediateSize: 5,
    maxPositions: 6,
    typeVocabSize: 7,
    activation: 'relu',
    epsilon: 0.5,
    embeddingSize: 8,
  };
  const memory = { buffer: new ArrayBuffer(abi.CONFIG_BYTES + 12) };
  writeConfig({ memory }, 4, config, 9, 'int8');
  const view = new DataView(memory.buffer, 4);
  const written = structs.get('CONFIG').map(([name, type], i) => {
    return [name, type === 'float' ? view.getFloat32(4 * i, true) : view.getInt32(4 * i, true)];
  });
  assert.deepEqual(Object.fromEntries(written), {
    vocab_size: 1,
    hidden_size: 2,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    intermediate_size: 5,
    max_position_embeddings: 6,
    type_vocab_size: 7,
    hidden_act: Object.fromEntries(enums.get('ACTIVATION')).RELU,
    layer_norm_eps: 0.5,
    max_batch_tokens: 9,
    weights: Object.fromEntries(enums.get('WEIGHTS')).INT8,
    embedding_size: 8,
    architecture: Object.fromEntries(enums.get('ARCHITECTURE')).MEGATRON_BERT,
  });
  assert.ok(new Uint8Array(memory.buffer, 4 + abi.CONFIG_BYTES).every((byte) => byte === 0));
});
