// The measurements themselves, the same in Node and in a page.
import { shapes, tokenIds } from './inputs.js';
import { cosines, race, summarize, time } from './measure.js';

/**
 * A loaded encoder.
 * @typedef {object} Encoder
 * @property {(ids: Int32Array, batch: number, tokens: number) => () => Promise<Float32Array>} prepare ids [batch][tokens] to a
 *   function that computes the last hidden states [batch][tokens][size], which are valid until its next call
 * @property {() => unknown} dispose
 */

/**
 * Texts in, unit vectors out.
 * @typedef {object} Embedder
 * @property {(texts: string[]) => Promise<Float32Array[]>} embed
 * @property {() => unknown} dispose
 */

/**
 * @typedef {object} Place where the files are, as paths or as URLs
 * @property {string} model folder with config.json, tokenizer.json, model.safetensors
 * @property {string} exported folder with a copy of the small ones and onnx/
 * @property {string} [wasm] folder of onnxruntime-web's .wasm files, where they aren't found by themselves
 * @property {(path: string) => Promise<Uint8Array>} read
 */

/**
 * @template T
 * @typedef {(place: Place, dtype: string, threads: number) => Promise<T>} Create
 */

/**
 * Someone who takes part, and with which types of weights.
 * @template T
 * @typedef {{ name: string, dtypes: string[], create: Create<T> }} Contender
 */

/**
 * @typedef {import('./measure.js').Timing & {
 *   suite: 'encoder' | 'texts', contender: string, dtype: string, threads: number, shape: string, cosine: number
 * }} Row `median` is milliseconds a call in 'encoder', texts a second in 'texts'; `cosine` the mean to the reference's vectors
 */

/**
 * @typedef {object} Options
 * @property {boolean} quick
 * @property {string[]} dtypes
 * @property {(message: string) => void} say
 */

const THREADS = 1;
const QUICK_SHAPE = '1x128';

// Whose vectors the others must agree with, and how closely: in f32 to rounding; in int8 so that it is still the same model.
const REFERENCE = { contender: 'onnxruntime-web', dtype: 'f32' };
const LEAST_COSINE = /** @type {Record<string, number>} */ ({ f32: 0.99999, int8: 0.85 });

/**
 * @template T
 * @param {Contender<T>[]} contenders
 * @param {Place} place
 * @param {Options} options
 */
async function createAll(contenders, place, { dtypes, say }) {
  const created = [];
  for (const { name, dtypes: offered, create } of contenders) {
    for (const dtype of offered.filter((one) => dtypes.includes(one))) {
      say(`loading ${name} ${dtype}`);
      created.push({ contender: name, dtype, threads: THREADS, runner: await create(place, dtype, THREADS) });
    }
  }
  return created;
}

/**
 * Mean cosine of every contender's vectors to the reference's; throws when someone computes something else.
 * @param {{ contender: string, dtype: string }[]} entries
 * @param {Float32Array[]} outputs
 * @param {number} size
 */
function agreement(entries, outputs, size) {
  const reference = entries.findIndex((one) => one.contender === REFERENCE.contender && one.dtype === REFERENCE.dtype);
  return outputs.map((output, index) => {
    const { contender, dtype } = entries[index];
    const { mean, lowest } = cosines(outputs[Math.max(reference, 0)], output, size);
    const value = dtype === 'f32' ? lowest : mean;
    if (!(value >= LEAST_COSINE[dtype])) {
      throw new Error(`${contender} ${dtype} computes something else: cosine ${value} to ${REFERENCE.contender}'s f32`);
    }
    return mean;
  });
}

/**
 * Milliseconds from token ids to hidden states.
 * @param {Contender<Encoder>[]} contenders
 * @param {Place} place
 * @param {Options} options
 * @returns {Promise<Row[]>}
 */
export async function encoderSuite(contenders, place, options) {
  const entries = await createAll(contenders, place, options);
  /** @type {Row[]} */
  const rows = [];
  for (const [batch, tokens] of shapes) {
    const shape = `${batch}x${tokens}`;
    if (options.quick && shape !== QUICK_SHAPE) continue;
    options.say(`measuring ${shape}`);
    const ids = tokenIds(batch, tokens);
    const calls = entries.map(({ runner }) => runner.prepare(ids, batch, tokens));
    const outputs = [];
    for (const call of calls) outputs.push((await call()).slice());
    const mean = agreement(entries, outputs, outputs[0].length / ids.length);
    const timings = await race(calls, options.quick ? 1000 : 3000);
    for (const [index, { contender, dtype, threads }] of entries.entries()) {
      rows.push({ suite: 'encoder', contender, dtype, threads, shape, cosine: mean[index], ...timings[index] });
    }
  }
  for (const { runner } of entries) await runner.dispose();
  return rows;
}

const PORTIONS = 10;

/**
 * Texts a second through the public interfaces: tokenizer, encoder, pooling.
 * @param {Contender<Embedder>[]} contenders
 * @param {string[]} texts
 * @param {Place} place
 * @param {Options} options
 * @returns {Promise<Row[]>}
 */
export async function textsSuite(contenders, texts, place, options) {
  const entries = await createAll(contenders, place, options);
  const size = Math.ceil(texts.length / PORTIONS);
  const rates = entries.map(() => /** @type {number[]} */ ([]));
  const vectors = entries.map(() => /** @type {Float32Array[]} */ ([]));
  for (const { runner } of entries) await runner.embed(texts.slice(0, size));
  for (let portion = 0; portion * size < texts.length; ++portion) {
    options.say(`embedding texts, part ${portion + 1} of ${PORTIONS}`);
    const some = texts.slice(portion * size, (portion + 1) * size);
    for (let turn = 0; turn < entries.length; ++turn) {
      const index = (portion + turn) % entries.length;
      const ms = await time(async () => vectors[index].push(...(await entries[index].runner.embed(some))));
      rates[index].push((1000 * some.length) / ms);
    }
  }
  const outputs = vectors.map((list) => Float32Array.from(list.flatMap((vector) => [...vector])));
  const mean = agreement(entries, outputs, vectors[0][0].length);
  for (const { runner } of entries) await runner.dispose();
  return entries.map(({ contender, dtype, threads }, index) => {
    const shape = `${texts.length} sentences`;
    return { suite: 'texts', contender, dtype, threads, shape, cosine: mean[index], ...summarize(rates[index]) };
  });
}
