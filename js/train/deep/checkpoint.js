// A training that was interrupted, as a safetensors file: from it the same fit goes on as if never interrupted.
import { range } from '../../base/numbers.js';
import { parseSafetensors } from '../../checkpoint/safetensors.js';
import { writeSafetensors } from '../../checkpoint/safetensors-writer.js';
import { BertletError } from '../../errors.js';

/** @typedef {import('./train.js').Standing<any>} Standing */
/** @typedef {import('./tuner.js').TunerState} TunerState */

const VERSION = 1;

/**
 * What must be the same when a training goes on: the model, the options, and the examples, of which a hash is enough.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {any} params of `tune`
 * @param {{ epochs: number } | { steps: number }} length
 * @returns {string} JSON
 */
export function describeRun(engine, { tuning, task, seed, validation, ...examples }, length) {
  const options = { ...tuning, resume: undefined, checkpoints: undefined, live: undefined };
  const given = JSON.stringify(examples, (_, value) =>
    ArrayBuffer.isView(value) ? [.../** @type {any} */ (value)] : value,
  );
  return JSON.stringify({
    model: engine.fingerprint,
    task,
    seed,
    validation,
    ...options,
    ...length,
    examples: hash(given),
  });
}

/** FNV-1a over UTF-16 units, from two starts: 16 hexadecimal digits. @param {string} text */
function hash(text) {
  let [low, high] = [0x811c9dc5, 0x9dc5811c];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x01000193);
  }
  return [low, high].map((part) => (part >>> 0).toString(16).padStart(8, '0')).join('');
}

/**
 * @param {string} run what must be the same when it goes on, see `describeRun`
 * @param {Standing} standing
 * @param {TunerState} state
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function writeCheckpoint(run, { best, finished, ...standing }, { floats, steps }) {
  const tensors = [{ name: 'state', shape: [3, floats.length / 3], values: floats }];
  if (best) tensors.push({ name: 'best', shape: [best.values.length], values: best.values });
  finished?.forEach((values, i) => tensors.push({ name: finishedName(i), shape: [values.length], values }));
  const json = { version: VERSION, run, steps, standing, best: best?.epoch, finished: finished?.length };
  return writeSafetensors(tensors, { format: 'pt', 'bertlet.checkpoint': JSON.stringify(json) });
}

/** @param {number} i number of a training */
const finishedName = (i) => `finished.${i}`;

/** @param {string} what a sentence */
const bad = (what) =>
  new BertletError('BAD_CHECKPOINT', `${what} Begin anew without it, or give the checkpoint of this training.`);

/**
 * Throws BAD_CHECKPOINT if it is damaged, or of another training.
 * @param {Uint8Array} bytes
 * @param {string} run
 * @param {{ trained: number, finished?: number }} counts of the numbers that are trained, and of what each finished training has left
 * @returns {{ standing: Standing, state: TunerState }}
 */
export function readCheckpoint(bytes, run, { trained, finished: ofFinished = 0 }) {
  let header;
  let json;
  try {
    header = parseSafetensors(bytes, 'The checkpoint');
    json = JSON.parse(header.metadata['bertlet.checkpoint']);
  } catch (error) {
    throw Object.assign(bad('This is not a checkpoint of a training, or it is damaged.'), { cause: error });
  }
  if (json?.version !== VERSION) throw bad(`This checkpoint has version ${json?.version}, not ${VERSION}.`);
  if (json.run !== run) throw bad(`This checkpoint is of another training (${firstDifference(json.run, run)}).`);
  const { tensors, dataStart } = header;
  const read = (/** @type {string} */ name, /** @type {number} */ length) => {
    const tensor = tensors.find((one) => one.name === name);
    if (tensor?.dtype !== 'F32' || tensor.end - tensor.begin !== 4 * length)
      throw bad(`The checkpoint lacks "${name}", or has too much or too little of it.`);
    return new Float32Array(bytes.slice(dataStart + tensor.begin, dataStart + tensor.end).buffer);
  };
  const { standing, steps, best, finished } = json;
  return {
    standing: {
      ...standing,
      best: best === undefined ? undefined : { epoch: best, values: read('best', trained) },
      ...(finished !== undefined && { finished: range(0, finished).map((i) => read(finishedName(i), ofFinished)) }),
    },
    state: { floats: read('state', 3 * trained), steps },
  };
}

/**
 * What two runs differ in, for a message.
 * @param {unknown} theirs
 * @param {string} ours
 */
function firstDifference(theirs, ours) {
  const before = JSON.parse(String(theirs));
  const now = JSON.parse(ours);
  const name = Object.keys(now).find((key) => JSON.stringify(before?.[key]) !== JSON.stringify(now[key]));
  return name === 'examples'
    ? 'its examples are others'
    : `its ${name} is ${JSON.stringify(before?.[name ?? ''])}, not ${JSON.stringify(now[name ?? ''])}`;
}
