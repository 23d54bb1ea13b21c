// Folders of models with one file damaged, loaded by the worker's own code on this thread, and used.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sigmoid, softmax } from '../../js/base/probabilities.js';
import { writeAdapterFolder } from '../../js/checkpoint/adapter-writer.js';
import { families } from '../../js/checkpoint/families/index.js';
import { weightsOf } from '../../js/core/dense.js';
import { forEachBatch } from '../../js/engine/batches.js';
import { fillMask } from '../../js/worker/fill-mask.js';
import { loadEngine } from '../../js/worker/load.js';
import { goldenHead, randomFloats, saveWith } from '../checkpoint/written.js';
import { fixtures } from '../support.js';
import { damagedBytes, damagedJsonFile, damagedSafetensors, damagedText } from './damage.js';

/** Texts with pairs, added tokens, special tokens, and more tokens than the models take. */
const TEXTS = [
  ['the movie was great'],
  [''],
  ['a dull film', 'not good'],
  ['[MASK] <ent> [NEW] naïve covid19'],
  ['very '.repeat(60)],
];

// Each load compiles the same bytes, which would take most of the time.
const { compile } = WebAssembly;
/** @type {Map<number, Promise<WebAssembly.Module>>} */
const compiled = new Map();
WebAssembly.compile = (bytes) => {
  if (!compiled.has(bytes.byteLength)) compiled.set(bytes.byteLength, compile(bytes));
  return compiled.get(bytes.byteLength);
};

/** A call that nobody listens to. */
const context = () => ({ signal: new AbortController().signal, emit() {} });

/**
 * Loads a model and asks it for all that it has. Throws an AssertionError if an answer can't be right.
 * @param {string} path of the model
 * @param {string} [adapter] path
 */
async function loadAndUse(path, adapter) {
  const engine = await loadEngine(
    {
      description: { kind: 'directory', path },
      ...(adapter && { adapter: { kind: 'directory', path: adapter } }),
      dtype: 'f32',
      threads: 1,
    },
    context(),
  );
  const { vocabSize, hiddenSize, numLayers } = engine.config;
  for (const text of TEXTS) {
    const { ids, tokens, offsets } = engine.tokenizer.tokenize(text);
    assert.equal(tokens.length, ids.length);
    assert.ok(ids.every((id) => id >= 0 && id < vocabSize));
    assert.ok(tokens.every((token) => typeof token === 'string'));
    assert.ok(offsets.every(([start, end]) => start >= 0 && start <= end));
  }
  const { sentencePipeline: pipeline, head, maskedHead } = engine.extras;
  const dense = pipeline?.dense ?? [];
  const spec = {
    pooling: pipeline?.pooling ?? 'mean',
    normalize: pipeline?.normalize ?? false,
    dense,
    weights: weightsOf(dense),
  };
  const columns = dense.at(-1)?.bias.length ?? hiddenSize;
  await eachBatch(engine, numLayers, pipeline?.maxTokens, (batch) => {
    const vectors = engine.vectors(batch, spec);
    assert.equal(vectors.length, batch.indices.length * columns);
    assert.ok(columns > 0 && vectors.every(Number.isFinite), 'vectors are numbers');
  });
  if (head) {
    assert.equal(head.labels.length, head.task === 'question-answering' ? 0 : head.network.dense.at(-1).bias.length);
    assert.ok(head.labels.every((label) => typeof label === 'string'));
    assert.ok(head.network.dense.at(-1).bias.length > 0, 'a head has outputs');
    const ready = { ...head.network, weights: weightsOf(head.network.dense) };
    await eachBatch(engine, head.network.layer, undefined, (batch) => {
      const logits = engine.logits(batch, ready);
      for (const scores of [softmax(logits), logits.map(sigmoid)])
        assert.ok(scores.every((score) => score >= 0 && score <= 1));
    });
  }
  if (maskedHead) {
    const [[[best]]] = await fillMask(engine, { texts: [['a [MASK] film']], topK: 1 }, context());
    assert.ok(best.score > 0 && best.score <= 1 && typeof best.token_str === 'string');
  }
}

const eachBatch = (engine, layer, maxTokens, use) =>
  forEachBatch(engine, TEXTS, { phase: 'embed', layers: [layer], maxTokens }, use, context());

/** What stands in a vocab.txt and means something. */
const VOCABULARY_MARKS = ['\n', '\r\n', '\r', '##', '[UNK]\n', '[CLS]', ' ', '\ufeff', '\u0000'];

/** A folder of this process, for the damaged models. */
const scratch = mkdtempSync(join(tmpdir(), 'bertlet-damaged-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

let folders = 0;

/** The path of a folder that is not there yet. */
export const scratchFolder = () => join(scratch, `${folders++}`);

/**
 * A copy of a folder whose files can be changed.
 * @param {string} original
 * @param {Record<string, string>} [more] files that it has too
 */
function copyOf(original, more = {}) {
  const folder = scratchFolder();
  cpSync(original, folder, { recursive: true });
  for (const [name, content] of Object.entries(more)) writeFileSync(join(folder, name), content);
  return folder;
}

/** Damaged contents of a file, by its kind. @param {string} path */
export function damagedFile(path) {
  const bytes = new Uint8Array(readFileSync(path));
  if (path.endsWith('.json')) return damagedJsonFile(JSON.parse(new TextDecoder().decode(bytes)));
  if (path.endsWith('.safetensors')) return damagedSafetensors(bytes);
  return path.endsWith('.txt') ? damagedText(new TextDecoder().decode(bytes), VOCABULARY_MARKS) : damagedBytes(bytes);
}

/**
 * A reader of one file of a folder.
 * @param {string} name
 * @param {string} folder a copy, in which the file is damaged
 * @param {string} file
 * @param {import('fast-check').Arbitrary<Uint8Array>} input contents of the file
 * @param {() => Promise<void>} use loads what the folder is of
 */
export function subject(name, folder, file, input, use) {
  const path = join(folder, file);
  const whole = readFileSync(path);
  return {
    name: `${name}: ${file}`,
    whole,
    input,
    async read(bytes) {
      writeFileSync(path, bytes);
      try {
        await use();
      } finally {
        writeFileSync(path, whole);
      }
    },
  };
}

const checkpoints = join(fixtures, 'checkpoints');
const compatibility = join(fixtures, 'compatibility');

/** The files that bertlet reads of a folder; expected.json is the tests' own. @param {string} folder */
const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(json|safetensors|txt)$/.test(name) && !/^(expected|fill-mask)\.json$/.test(name))
    .sort();

/** A model by itself. */
function model(name, original, more) {
  const folder = copyOf(original, more);
  return filesOf(folder).map((file) =>
    subject(name, folder, file, damagedFile(join(folder, file)), () => loadAndUse(folder)),
  );
}

/** An adapter on its model. */
function adapter(name, original, more) {
  const folder = copyOf(original, more);
  const base = join(checkpoints, 'bert');
  return filesOf(folder).map((file) =>
    subject(name, folder, file, damagedFile(join(folder, file)), () => loadAndUse(base, folder)),
  );
}

const olderFiles = {
  'added_tokens.json': JSON.stringify({ '<ent>': 90, covid19: 91 }),
  'special_tokens_map.json': JSON.stringify({
    cls_token: '[CLS]',
    mask_token: { content: '[MASK]', lstrip: true, normalized: false, rstrip: false, single_word: false },
    additional_special_tokens: ['<ent>', { content: 'dark', single_word: true, normalized: false }],
  }),
  'tokenizer_config.json': JSON.stringify({ do_lower_case: true, model_max_length: 40, strip_accents: null }),
};

/** A head with all that heads are saved with. */
const tagger = {
  ...goldenHead('bert', 'tokens'),
  transitions: { start: randomFloats(3), next: randomFloats(9), end: randomFloats(3) },
  report: { examples: 3, layer: 2, pooling: 'none', scheme: 'IOB2' },
};
const adapterOf = (head) => writeAdapterFolder(head, { family: families.get('bert'), numLayers: 2, hiddenSize: 16 });

/** Writes files into a folder. @param {Record<string, Blob | Uint8Array>} files */
async function writtenFolder(files) {
  const folder = scratchFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), new Uint8Array(await new Blob([content]).arrayBuffer()));
  }
  return folder;
}

/** Every file of a model's folder or an adapter's that is read. */
export const modelFiles = [
  ...model('a classifier', join(checkpoints, 'bert-text'), olderFiles),
  ...model('a tagger', join(checkpoints, 'electra-tokens')),
  ...model('a masked-LM', join(checkpoints, 'bert-masked')),
  ...model('shards', join(checkpoints, 'bert-shards')),
  ...model('a sentence-transformers folder', join(checkpoints, 'sentence-dense')),
  ...model('a cross-encoder', join(compatibility, 'cross-encoder')),
  ...adapter('an adapter with a head', join(checkpoints, 'lora-text'), {
    'labels.json': JSON.stringify(['a', 'b', 'c']),
    'head.json': JSON.stringify({ pooling: 'mean' }),
  }),
  ...adapter('a tagger that bertlet saved as an adapter', await writtenFolder(adapterOf(tagger))),
  ...model(
    'a classifier that bertlet saved',
    await writtenFolder(await saveWith(join(checkpoints, 'bert'), { head: goldenHead('bert', 'text') })),
  ),
  ...model(
    'a tagger that bertlet saved',
    await writtenFolder(await saveWith(join(checkpoints, 'bert'), { head: tagger })),
  ),
  ...adapter('an adapter with tokens', join(compatibility, 'lora-new-tokens')),
  ...adapter('an adapter of rows', join(compatibility, 'lora-token-indices')),
  ...adapter('an adapter of sentence-transformers', join(compatibility, 'lora-sentence')),
];
