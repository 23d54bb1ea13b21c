// What the suites have in common. They run in Node and in a page alike.
import { cosines } from '../measure.js';

/**
 * @typedef {object} Place where the files are, as paths or as URLs
 * @property {string} model folder with config.json, tokenizer.json, model.safetensors
 * @property {string} exported folder with a copy of the small ones and onnx/
 * @property {string} [wasm] folder of onnxruntime-web's .wasm files, in a page
 * @property {string} [tfjs] folder of TF.js's .wasm files, in a page
 * @property {(path: string) => Promise<Uint8Array>} read
 */

/**
 * Someone who takes part, and with which types of weights.
 * @template T
 * @typedef {object} Contender
 * @property {string} name
 * @property {string[]} dtypes
 * @property {(place: Place, dtype: string, threads: number) => Promise<T>} create
 */

/**
 * @typedef {object} Options
 * @property {boolean} quick
 * @property {string[]} dtypes
 * @property {Texts} texts
 * @property {(message: string) => void} say
 */

/** @typedef {{ sentences: string[], paragraphs: string[] }} Texts empty where the data is not there */

/**
 * @typedef {object} Labels
 * @property {string} suite
 * @property {string} unit of the numbers: 'ms', or something a second
 * @property {string} contender
 * @property {string} dtype of the weights; '' where there are none
 * @property {number} threads
 * @property {string} shape
 * @property {number} [cosine] mean to the reference's vectors
 */

/** @typedef {Labels & import('../measure.js').Timing} Row */

const THREADS = 1;

// Whose vectors the others must agree with, and how closely: in f32 to rounding; in int8 so that it is still the same model.
const REFERENCE = { contender: 'onnxruntime-web', dtype: 'f32' };
const LEAST_COSINE = /** @type {Record<string, number>} */ ({ f32: 0.99999, int8: 0.85 });

/**
 * @template T
 * @param {Contender<T>[]} contenders
 * @param {Place} place
 * @param {Options} options
 */
export async function createAll(contenders, place, { dtypes, say }) {
  const created = [];
  for (const { name, dtypes: offered, create } of contenders) {
    for (const dtype of offered.filter((one) => dtypes.includes(one) || one === '')) {
      say(`loading ${name} ${dtype}`);
      created.push({ who: { contender: name, dtype, threads: THREADS }, runner: await create(place, dtype, THREADS) });
    }
  }
  return created;
}

/**
 * Mean cosine of every contender's vectors to the reference's; throws when someone computes something else.
 * @param {{ who: { contender: string, dtype: string } }[]} entries
 * @param {Float32Array[]} outputs
 * @param {number} size of a vector
 */
export function agreement(entries, outputs, size) {
  const reference = entries.findIndex((one) => one.contender === REFERENCE.contender && one.dtype === REFERENCE.dtype);
  return outputs.map((output, index) => {
    const { contender, dtype } = entries[index].who;
    const { mean, lowest } = cosines(outputs[Math.max(reference, 0)], output, size);
    const value = dtype === 'f32' ? lowest : mean;
    if (!(value >= LEAST_COSINE[dtype])) {
      throw new Error(`${contender} ${dtype} computes something else: cosine ${value} to the others`);
    }
    return mean;
  });
}
