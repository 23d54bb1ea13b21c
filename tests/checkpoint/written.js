// What the tests of written folders share: heads made of the files in tests/fixtures/written, and files read without the code under test.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { families } from '../../js/checkpoint/families/index.js';
import { describe } from '../../js/io/describe.js';
import { loadEngine } from '../../js/worker/load.js';
import { saveModel } from '../../js/worker/save.js';
import { fixtures, splitAdapterTensors } from '../support.js';

const TASKS = { text: 'text-classification', tokens: 'token-classification', answers: 'question-answering' };

/** The tensors of a safetensors file of F32, by name. @returns {Map<string, { shape: number[], values: Float32Array }>} */
export function parseFile(bytes) {
  const { header, data } = splitAdapterTensors(bytes);
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
  return new Map(
    entries.map(([name, { shape, data_offsets: offsets }]) => [
      name,
      { shape, values: new Float32Array(data.slice(...offsets).buffer) },
    ]),
  );
}

/** Names of modules in transformers, as BERT has them. */
const asInBert = (name) =>
  name
    .replace(/^base_model\.model\.(bert|distilbert|electra)\./, '')
    .replace('transformer.layer.', 'encoder.layer.')
    .replace('attention.q_lin', 'attention.self.query')
    .replace('ffn.lin2', 'output.dense');

/** The head that PEFT's files in tests/fixtures/written hold, with their ranks and alphas. */
export function goldenHead(type, task, baseModel = join(fixtures, 'checkpoints', type)) {
  const tensors = parseFile(readFileSync(join(fixtures, 'written', `${type}-${task}`, 'adapter_model.safetensors')));
  const lora = new Map();
  for (const [name, { shape, values }] of tensors) {
    if (!name.endsWith('.lora_A.weight')) continue;
    const module = name.slice(0, -'.lora_A.weight'.length);
    const b = tensors.get(`${module}.lora_B.weight`);
    const [rank, columns] = shape;
    const special = task === 'text' && /layer\.0\.(output\.dense|ffn\.lin2)$/.test(module);
    const delta = { a: values, b: b.values, rank, rows: b.shape[0], columns, scale: (special ? 5 : 3) / rank };
    lora.set(`${asInBert(module)}.weight`, delta);
  }
  const last = task === 'answers' ? 'qa_outputs' : families.get(type).textHead.at(-1)[0];
  const module = task === 'tokens' ? 'classifier' : last;
  const [weight, bias] = ['weight', 'bias'].map((part) => tensors.get(`base_model.model.${module}.${part}`).values);
  const pooling = task === 'text' ? 'mean' : 'none';
  return {
    task: TASKS[task],
    labels: task === 'answers' ? [] : ['a', 'b', 'c'],
    network: { layer: 2, pooling, normalize: false, dense: [{ weight, bias, activation: 'none' }], lora },
    baseModel,
    fingerprint: '',
  };
}

/** The flat logits of each text. */
export async function logitsOf(head, texts) {
  const results = [];
  await head.logits(texts, {}, (index, logits) => (results[index] = [...logits]));
  return results;
}

let seed = 1;

/** Numbers from -1 to 1. */
export const randomFloats = (length) =>
  Float32Array.from({ length }, () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed / 2 ** 31 - 1;
  });

const context = { signal: new AbortController().signal, emit() {} };

/** The files of a model with a head, as its worker writes them. `model`, `adapter`: as `load` takes them */
export async function saveWith(model, { head, adapter } = {}) {
  const [{ description, close }, other] = await Promise.all([describe(model), adapter && describe(adapter)]);
  const params = { description, adapter: other?.description, names: { model }, dtype: 'f32', threads: 1 };
  const engine = await loadEngine(params, context);
  close(); // an open port would keep Node from exiting
  return saveModel(engine, { head: head && { ...head, fingerprint: engine.fingerprint } }, context);
}

/** Transitions in the numbers of files. */
export const inFloats = ({ start, next, end }) => ({
  start: Float32Array.from(start),
  next: Float32Array.from(next),
  end: Float32Array.from(end),
});
