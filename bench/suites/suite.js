// What the suites have in common. They run in Node and in a page alike.
import { cosines, quantile } from '../measure.js';

/**
 * @typedef {object} Place where the files are, as paths or as URLs
 * @property {string} model folder with config.json, tokenizer.json, model.safetensors
 * @property {string} exported folder with a copy of the small ones and onnx/
 * @property {string} [wasm] folder of onnxruntime-web's .wasm files, in a page
 * @property {string} [tfjs] folder of TF.js's .wasm files, in a page
 * @property {(path: string) => Promise<Uint8Array>} read
 */

/** @typedef {import('../../js/types.js').Dtype} Dtype */

/**
 * Someone who takes part, and with which types of weights: [''] where there are no weights.
 * @template T
 * @template {Dtype | ''} [D=Dtype]
 * @typedef {object} Contender
 * @property {string} name
 * @property {D[]} dtypes
 * @property {(place: Place, dtype: D, threads: number) => Promise<T>} create
 */

/**
 * @typedef {object} Options
 * @property {boolean} quick
 * @property {Dtype[]} dtypes
 * @property {number[]} [threads] default: one
 * @property {Texts} texts
 * @property {(message: string) => void} say
 */

/** @typedef {{ sentences: string[], paragraphs: string[] }} Texts empty where the data is not there */

/** @typedef {{ contender: string, dtype: string, threads: number }} Who `dtype` is '' where there are no weights */

/**
 * What one contender did in one comparison.
 * @typedef {object} Result
 * @property {string} suite
 * @property {string} shape of the work
 * @property {number} median milliseconds: of a call, a sentence, a megabyte, a fit
 * @property {[number, number]} quartiles
 * @property {number} rounds
 * @property {Record<string, number>} ours how many times as fast each of ours is: the median over the rounds
 * @property {number} [cosine] mean to the vectors of the first peer in f32
 */

/** @typedef {Who & Result} Row */

/**
 * A single number, of what is not raced.
 * @typedef {Who & { suite: string, shape: string, value: number, unit: string }} Fact
 */

// How closely vectors must agree with the first peer's in f32: in f32 to rounding, in int8 so that it is still the same model.
const LEAST_COSINE = /** @type {Record<string, number>} */ ({ f32: 0.99999, int8: 0.85 });

/**
 * @template T
 * @template {Dtype | ''} D
 * @param {Contender<T, D>[]} contenders
 * @param {Place} place
 * @param {Options} options
 */
export async function createAll(contenders, place, { dtypes, threads = [1], say }) {
  const created = [];
  for (const { name, dtypes: offered, create } of contenders) {
    for (const dtype of offered.filter((one) => one === '' || dtypes.includes(one))) {
      say(`loading ${name} ${dtype}`);
      for (const count of threads) {
        const who = { contender: name, dtype, threads: count };
        created.push({ who, runner: await create(place, dtype, count) });
      }
    }
  }
  return created;
}

/**
 * Mean cosine of every contender's vectors to those of the first peer in f32; throws when someone computes something else.
 * @param {{ who: Who }[]} entries
 * @param {Float32Array[]} outputs
 * @param {number} size of a vector
 */
export function agreement(entries, outputs, size) {
  const peer = entries.findIndex(({ who }) => who.contender !== 'bertlet' && who.dtype === 'f32');
  const reference = outputs[Math.max(peer, 0)];
  return outputs.map((output, index) => {
    const { contender, dtype } = entries[index].who;
    const { mean, lowest } = cosines(reference, output, size);
    const value = dtype === 'f32' ? lowest : mean;
    if (!(value >= LEAST_COSINE[dtype])) {
      throw new Error(`${contender} ${dtype} computes something else: cosine ${value} to the others`);
    }
    return mean;
  });
}

/** @param {Who} who */
export const nameOf = ({ contender, dtype, threads }) =>
  [contender, dtype, threads > 1 ? `${threads} threads` : ''].filter(Boolean).join(' ');

/**
 * The rows of one comparison.
 * @param {{ suite: string, shape: string }} what
 * @param {{ who: Who }[]} entries
 * @param {number[][]} measured [entries][rounds] milliseconds
 * @param {number[]} [cosine] [entries]
 * @returns {Row[]}
 */
export function compare(what, entries, measured, cosine) {
  const own = [...entries.entries()].filter(([, { who }]) => who.contender === 'bertlet');
  return entries.map(({ who }, index) => {
    const times = (/** @type {number} */ mine) =>
      quantile(measured[index].map((ms, round) => ms / measured[mine][round]));
    return {
      ...what,
      ...who,
      median: quantile(measured[index]),
      quartiles: [quantile(measured[index], 0.25), quantile(measured[index], 0.75)],
      rounds: measured[index].length,
      ours: Object.fromEntries(own.map(([mine, entry]) => [nameOf(entry.who), times(mine)])),
      ...(cosine && { cosine: cosine[index] }),
    };
  });
}
