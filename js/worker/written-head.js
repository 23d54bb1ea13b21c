// The head of a model's folder that bertlet.save() wrote, as far as no class of transformers has it: `bertlet` in config.json says so
// (docs/formats.md). Only who loads such a folder fetches this file.
import { checkHeadSettings, CRF_FILE, readTransitions } from '../checkpoint/head-settings.js';
import { labelsOf, TEXT_TASKS } from '../checkpoint/task-head.js';
import { outputCount } from '../core/dense.js';
import { BertletError } from '../errors.js';
import { openFile } from '../io/sources.js';
import { readAll } from '../io/streams.js';

/**
 * The head with what `bertlet` in config.json says of it.
 * @param {import('../engine/engine.js').Engine} engine its extras have the head of the checkpoint's class, if it has one, and the sentence
 *   pipeline, whose dense layers become the head's
 * @param {import('../base/platform.js').Source} source
 * @param {any} configJson config.json
 * @param {AbortSignal} signal
 * @returns {Promise<import('../checkpoint/task-head.js').TaskHead | undefined>} rejects with BAD_CONFIG, or as `readTransitions`
 */
export async function restoreHead({ extras, config }, source, configJson, signal) {
  const location = source.locate('config.json');
  const { pooling, crf, report } = checkHeadSettings(configJson.bertlet, location, 'BAD_CONFIG');
  let { head } = extras;
  const pipeline = extras.sentencePipeline;
  if (pooling !== undefined && pipeline) {
    const { normalize, dense } = pipeline;
    const network = { layer: config.numLayers, pooling: pipeline.pooling, normalize, dense };
    head = moduleHead(configJson, network, location);
    extras.sentencePipeline = { ...pipeline, dense: [] };
  }
  if (!head) return undefined;
  if (report) head.report = report;
  if (crf) {
    const bytes = await readAll(await openFile(source, CRF_FILE, signal), source.locate(CRF_FILE));
    head.transitions = readTransitions(bytes, source.locate(CRF_FILE), head.labels.length);
  }
  return head;
}

/**
 * The head whose layers are those of modules.json. Throws SHAPE_MISMATCH if it does not fit the labels.
 * @param {any} configJson config.json
 * @param {import('../core/dense.js').HeadNetwork} network
 * @param {string} location URL or path of config.json, for messages
 * @returns {import('../checkpoint/task-head.js').TaskHead}
 */
function moduleHead(configJson, network, location) {
  const outputs = outputCount(network.dense);
  const labels = labelsOf(configJson) ?? [];
  if (labels.length !== outputs)
    throw new BertletError(
      'SHAPE_MISMATCH',
      `${location} names ${labels.length} labels, but the last Dense module has ${outputs} outputs. They must be of the same model.`,
    );
  const said = TEXT_TASKS.get(configJson.problem_type) ?? 'text-classification';
  // A single output goes through a sigmoid, as in a head of a class of transformers.
  const task = said === 'text-classification' && outputs === 1 ? 'multi-label' : said;
  return { task, labels, network };
}
