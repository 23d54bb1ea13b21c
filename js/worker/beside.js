// Adapters in PEFT's folders that are to lie beside a model that is loaded already, as heads with adapters of their own.
import { readAdapter } from '../checkpoint/adapter-reader.js';
import { allHeadTensors, buildHead, headTensors, planHead } from '../checkpoint/task-head.js';
import { adaptersOf } from '../engine/adapters.js';
import { BertletError } from '../errors.js';
import { ADAPTER, joinSources, openSource } from '../io/sources.js';
import { readAdapterVocabulary } from './adapter-folder.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../checkpoint/adapter.js').Adapter} Adapter */
/** @typedef {import('../checkpoint/task-head.js').TaskHead} TaskHead */

/**
 * Reads the head of an adapter's folder, with the adapter in its network.
 * @param {Engine} engine
 * @param {import('../io/description.js').Description} description of the folder
 * @param {AbortSignal} signal
 * @returns {Promise<TaskHead & { fingerprint: string }>} `fingerprint`: of the weights that the model had when the folder was compared with
 *   it. Rejects with BAD_ADAPTER if it has no head or can't lie beside the model, HEAD_MODEL_MISMATCH if it says that it was trained on another
 *   model, MISSING_TENSOR or SHAPE_MISMATCH if its head lacks something, and as `readAdapter`
 */
export async function readHeadBeside(engine, description, signal) {
  const { config, configJson, extras } = engine;
  const folder = await openSource(description, { keep: true });
  const source = joinSources(folder, ADAPTER, folder);
  try {
    const adapter = await readAdapter(source, config.family, signal);
    const { location } = adapter;
    const { fingerprint } = engine;
    const { fingerprint: wanted = fingerprint } = adapter.settings;
    if (wanted !== fingerprint) {
      throw new BertletError(
        'HEAD_MODEL_MISMATCH',
        `${location} was trained on a model with the fingerprint ${wanted}, but that of this one is ${fingerprint}. ` +
          'Load the model that it was trained on, or train it again.',
      );
    }
    await checkTokenizer(engine, source, signal);
    const isHeadless = adapter.taskType === 'FEATURE_EXTRACTION';
    const plan = isHeadless ? undefined : planHead(configJson, config.family, adapter, location);
    if (!plan && !isHeadless)
      throw new BertletError(
        'BAD_ADAPTER',
        `${location} is of a task (${adapter.taskType}) that gives no head. ${MERGE}`,
      );
    const names = headTensors(plan);
    const lora = linearLayers(engine, adapter, names);
    const tensors = new Map(
      (extras.headTensors ?? []).map(([name, { shape, values }]) => [name, { shape, values: values.slice() }]),
    );
    adapter.mergeHeads(tensors, names);
    const { network, ...head } = plan ? buildHead(plan, tensors, config) : vectorHead(engine);
    await folder.keep?.();
    const { ignoreTokenTypes } = adapter;
    return { ...head, network: { ...network, ...(lora.size > 0 && { lora }), ignoreTokenTypes }, fingerprint };
  } catch (error) {
    await folder.discard?.();
    throw error;
  }
}

/** What has no layers: `embed` gives its vectors, in the model's own way. @param {Engine} engine @returns {TaskHead} */
function vectorHead({ config, extras }) {
  const { pooling = /** @type {const} */ ('mean'), normalize = false } = extras.sentencePipeline ?? {};
  const network = { layer: config.numLayers, pooling, normalize, dense: [] };
  return { task: 'sentence-similarity', labels: [], network };
}

const MERGE = 'Merge it while the model is loaded: load(model, { adapter }).';

/**
 * What an adapter changes in the encoder. Throws BAD_ADAPTER if that is anything but linear layers of this model.
 * @param {Engine} engine
 * @param {Adapter} adapter
 * @param {Set<string>} headNames canonical names of its head's tensors
 * @returns {import('../core/dense.js').Lora}
 */
function linearLayers(engine, adapter, headNames) {
  const adapters = adaptersOf(engine);
  const shapeOf = (/** @type {string} */ name) => adapters.shapeOf(name);
  adapter.check(shapeOf, new Set([...headNames, ...allHeadTensors(engine.config.family)]));
  for (const name of [...adapter.saved.keys(), ...adapter.rows.keys()])
    if (shapeOf(name))
      throw new BertletError(
        'BAD_ADAPTER',
        `${adapter.location} replaces ${name}, or some of its rows: that can't lie beside the model. ${MERGE}`,
      );
  const lora = new Map(
    [...adapter.deltas]
      .filter(([name]) => shapeOf(name))
      .map(([name, { a, b, rank, rows, columns, scale }]) => [name, { a, b, rank, rows, columns, scale }]),
  );
  adapters.check(lora);
  return lora;
}

/**
 * Throws BAD_ADAPTER if the adapter's folder has a tokenizer that is not the model's: it may have added tokens.
 * @param {Engine} engine
 * @param {import('../base/platform.js').Source} source
 * @param {AbortSignal} signal
 */
async function checkTokenizer({ tokenizer }, source, signal) {
  const vocabulary = await readAdapterVocabulary(source, signal);
  if (!vocabulary) return;
  const pieces = new TextDecoder('utf-8', { ignoreBOM: true }).decode(vocabulary.bytes).split('\n');
  const own = pieces.map((line) => line.trimEnd());
  for (const { id, content } of vocabulary.added) own[id] = content;
  const asText = (/** @type {string[]} */ list) => list.join('\n').trimEnd();
  if (tokenizer.flags === vocabulary.flags && asText(own) === asText(tokenizer.pieces)) return;
  throw new BertletError('BAD_ADAPTER', `${vocabulary.location} is another tokenizer than the model's. ${MERGE}`);
}
