// What of the encoder a method trains, and how the tuner is to compute it.
import { dropoutOf } from './dropout.js';
import { loraTensors, trainedTensors } from './tensors.js';
import { adapterScale, keepsEmbeddings } from './tuner-plan.js';

/**
 * What of the encoder is trained; checked.
 * @typedef {object} EncoderTuning
 * @property {number} rank and the following five: of 'lora'
 * @property {number} alpha
 * @property {boolean} rslora
 * @property {number} dropout
 * @property {string | string[]} targetModules
 * @property {string[]} modulesToSave
 * @property {number} layers of 'layers'
 */

/**
 * Throws BAD_INPUT for modules that are not there.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {string[]} names of all tensors, in the core's order
 * @param {'lora' | 'layers' | 'full'} method
 * @param {EncoderTuning} how
 */
export function encoderPlan(engine, names, method, how) {
  const { config, configJson, isInt8 } = engine;
  const begin = method === 'layers' ? config.numLayers - how.layers : 0;
  const isLora = method === 'lora';
  const tuning = isLora
    ? loraTensors(names, config.family, how.targetModules, how.modulesToSave)
    : trainedTensors(names, begin, method === 'full');
  const trainsEmbeddings = names.some((name, i) => name.startsWith('embeddings') && tuning[i] === 'TRAINED');
  const { hidden, attention } = dropoutOf(configJson);
  return {
    tuning,
    begin,
    weights: /** @type {'f32' | 'int8'} */ (isInt8 ? 'int8' : 'f32'),
    embeds: trainsEmbeddings || (begin === 0 && keepsEmbeddings(engine)),
    rank: isLora ? how.rank : 0,
    scale: adapterScale(how),
    dropout: { hidden, attention, adapter: isLora ? how.dropout : 0 },
  };
}

/**
 * What of the encoder was trained, for a report.
 * @param {'lora' | 'layers' | 'full'} method
 * @param {EncoderTuning} how
 */
export function reportTuned(method, { rank, alpha, rslora, dropout, targetModules, modulesToSave, layers }) {
  const lora = { rank, alpha, rslora, dropout, targetModules, ...(modulesToSave.length > 0 && { modulesToSave }) };
  return { ...(method === 'lora' && { lora }), ...(method === 'layers' && { layers }) };
}
