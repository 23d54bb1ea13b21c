// Writes a head with its LoRA adapter as PEFT does (https://huggingface.co/docs/peft): adapter_config.json and adapter_model.safetensors,
// with labels.json, head.json and crf.safetensors where bertlet needs them (docs/formats.md), and a model card.
import { BertletError } from '../errors.js';
import { classOf, problemTypeOf, settingsOf } from './head-class.js';
import { CRF_FILE, writeTransitions } from './head-settings.js';
import { encodeJson } from './json-writer.js';
import { adapterCard } from './model-card.js';
import { nameInClass, nameInModel } from './own-names.js';
import { writeSafetensors } from './safetensors-writer.js';
import { headModules, pipelineModules, writeModules } from './sentence-transformers-writer.js';
import { deltaTensors, layerTensors } from './written-tensors.js';

/** @typedef {import('../core/dense.js').Delta} Delta */
/** @typedef {import('./families/family.js').Family} Family */
/** @typedef {import('./head-class.js').HeadClass} HeadClass */
/** @typedef {import('./safetensors-writer.js').WrittenTensor} WrittenTensor */

/** PEFT's task_type by the class. For answers there is none: its PeftModelForQuestionAnswering keeps token_type_ids from the model. */
const TASK_TYPES = {
  SequenceClassification: 'SEQ_CLS',
  TokenClassification: 'TOKEN_CLS',
  QuestionAnswering: null,
  FeatureExtraction: 'FEATURE_EXTRACTION',
};

/** What PEFT gives all modules of its classes whose name ends so a copy of, by its task_types for classification. */
const CLASSIFIERS = ['classifier', 'score'];

/**
 * Writes a head and its adapter. Throws BAD_INPUT for a head without an adapter, and for one that PEFT's files can't describe.
 * @param {import('./head-file.js').HeadData} head
 * @param {object} options
 * @param {Family} options.family of the base model
 * @param {number} options.numLayers of the base model
 * @param {number} options.hiddenSize of the base model
 * @param {string} [options.modelName] of the base model, where Python finds it; default: as `load` was told
 * @param {WrittenTensor[]} [options.saved] tensors of the encoder that were trained as a whole, under their canonical names; default: none
 * @param {number} [options.maxPositions] of the base model, for an adapter without a head
 * @param {import('./sentence-transformers.js').SentencePipeline} [options.sentencePipeline] of the base model, likewise
 * @param {number} [options.dropout] of the adapter's input in training, should it go on in Python; default 0
 * @returns {Record<string, Uint8Array<ArrayBuffer>>} by name
 */
export function writeAdapterFolder(head, options) {
  const { family, numLayers, hiddenSize, modelName = head.baseModel, saved = [], dropout = 0 } = options;
  const { lora } = head.network;
  if (!lora?.size)
    throw new BertletError(
      'BAD_INPUT',
      "This head has no adapter: fit() makes one with method: 'lora', and with 'contrastive' where tuning is better. head.save() gives the head alone.",
    );
  if (head.adapter !== undefined)
    throw new BertletError(
      'BAD_INPUT',
      `This head's adapter lies beside a model into which the adapter ${head.adapter} was merged, which PEFT can't name. ` +
        'bert.save({ head }) writes all of them as one model.',
    );
  const headClass = classOf(head, { family, numLayers, hiddenSize });
  if (headClass.pooled && headClass.layers.length > 1)
    throw new BertletError(
      'BAD_INPUT',
      'This head has hidden units, for which PEFT has no place. head.save() gives it as a file that bertlet loads.',
    );
  const problemType = problemTypeOf(head);
  const settings = {
    ...settingsOf(head, headClass),
    ...(problemType && { problem_type: problemType }),
    // Of a model with the saved tensors in it, which is another one than PEFT's base model.
    ...(saved.length === 0 && { fingerprint: head.fingerprint }),
  };
  /** @type {WrittenTensor[]} */
  const tensors = [...lora].flatMap(([name, delta]) => adapterTensors(moduleOf(name, headClass, family), name, delta));
  tensors.push(...headTensors(headClass, hiddenSize, family));
  tensors.push(...saved.map((one) => ({ ...one, name: `base_model.model.${nameInClass(one.name, family)}` })));
  const savedModules = new Set(saved.map(({ name }) => nameInModel(name.replace(/\.(weight|bias)$/, ''), family)));
  const config = {
    base_model_name_or_path: modelName,
    ...configOf(lora, headClass, [...savedModules], family, numLayers),
    lora_dropout: dropout,
  };
  return {
    'adapter_config.json': encodeJson(config),
    'adapter_model.safetensors': writeSafetensors(tensors, { format: 'pt' }),
    ...(head.labels.length > 0 && { 'labels.json': encodeJson(head.labels) }),
    'head.json': encodeJson(settings),
    ...(head.transitions && { [CRF_FILE]: writeTransitions(head.transitions) }),
    ...(isHeadless(headClass) && vectorModules(head, options)),
    'README.md': adapterCard(head, headClass, modelName),
  };
}

/** @param {HeadClass} headClass */
const isHeadless = ({ suffix }) => suffix === 'FeatureExtraction';

/**
 * The files by which sentence-transformers knows what follows the encoder: what follows the base model's.
 * @param {import('./head-file.js').HeadData} head
 * @param {Parameters<typeof writeAdapterFolder>[1]} options
 */
const vectorModules = ({ network }, { sentencePipeline: pipeline, maxPositions = 512, hiddenSize }) =>
  pipeline
    ? writeModules(pipelineModules(pipeline), hiddenSize, pipeline.maxTokens, pipeline)
    : writeModules(headModules(network), hiddenSize, maxPositions);

/**
 * @param {string} name canonical name of a tensor
 * @param {HeadClass} headClass
 * @param {Family} family
 */
const moduleOf = (name, headClass, family) =>
  (isHeadless(headClass) ? nameInModel : nameInClass)(name.replace(/\.weight$/, ''), family);

/**
 * A pair of matrices under PEFT's names.
 * @param {string} module
 * @param {string} name canonical name of the tensor that they change
 * @param {Delta} delta
 * @returns {WrittenTensor[]}
 */
function adapterTensors(module, name, delta) {
  if (!/_embeddings\.weight$/.test(name)) return deltaTensors(module, delta);
  // Of a table PEFT adapts W^T: W + scale . B . A is (W^T + scale . A^T . B^T)^T.
  const { a, b, rank, rows, columns } = delta;
  return [
    { name: `base_model.model.${module}.lora_embedding_A`, shape: [rank, rows], values: transpose(b, rows, rank) },
    {
      name: `base_model.model.${module}.lora_embedding_B`,
      shape: [columns, rank],
      values: transpose(a, rank, columns),
    },
  ];
}

/**
 * @param {Float32Array} values [rows][columns]
 * @param {number} rows
 * @param {number} columns
 * @returns {Float32Array} [columns][rows]
 */
const transpose = (values, rows, columns) => values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);

/**
 * The head's tensors. Where PEFT wants more of them than a pooled head reads, the others are those of the identity.
 * @param {HeadClass} headClass
 * @param {number} hiddenSize
 * @param {Family} family
 * @returns {WrittenTensor[]}
 */
function headTensors(headClass, hiddenSize, family) {
  const { layers, pooled } = headClass;
  if (isHeadless(headClass)) return [];
  const identity = Float32Array.from({ length: hiddenSize ** 2 }, (_, i) => Number(i % (hiddenSize + 1) === 0));
  const unread = family.textHead.slice(0, -1).filter(([module]) => pooled && isClassifier(module));
  const layer = { weight: identity, bias: new Float32Array(hiddenSize) };
  /** @type {[module: string, layer: { weight: Float32Array, bias: Float32Array }][]} */
  const all = [...layers, ...unread.map(([module]) => /** @type {[string, typeof layer]} */ ([module, layer]))];
  return all.flatMap(([module, one]) => layerTensors(`base_model.model.${nameInClass(module, family)}`, one));
}

/** Whether a module is one of CLASSIFIERS, as PEFT sees it: "pre_classifier" is. @param {string} module */
const isClassifier = (module) => CLASSIFIERS.some((end) => module.split('.')[0].endsWith(end));

/**
 * What adapter_config.json says of the adapter.
 * @param {Map<string, Delta>} lora
 * @param {HeadClass} headClass
 * @param {string[]} savedModules of the encoder, in the names of the family
 * @param {Family} family
 * @param {number} numLayers
 */
function configOf(lora, headClass, savedModules, family, numLayers) {
  const { suffix, layers } = headClass;
  const entries = [...lora].map(([name, { rank, scale }]) => ({
    module: nameInModel(name.replace(/\.weight$/, ''), family),
    rank,
    alpha: alphaOf(scale, rank),
  }));
  const rank = mostFrequent(entries.map((entry) => entry.rank));
  const alpha = mostFrequent(entries.map((entry) => entry.alpha));
  const others = (/** @type {'rank' | 'alpha'} */ key, /** @type {number} */ usual) =>
    Object.fromEntries(
      entries.filter((entry) => entry[key] !== usual).map((entry) => [entry.module.replaceAll('.', '\\.'), entry[key]]),
    );
  const taskType = TASK_TYPES[suffix];
  const ownLayers = new Set(layers.map(([module]) => module.split('.')[0]).filter((module) => !isClassifier(module)));
  return {
    peft_type: 'LORA',
    task_type: taskType,
    auto_mapping: taskType
      ? null
      : {
          base_model_class: `${family.className}For${suffix}`,
          parent_library: `transformers.models.${pythonModule(family)}.modeling_${pythonModule(family)}`,
        },
    inference_mode: true,
    r: rank,
    lora_alpha: alpha,
    rank_pattern: others('rank', rank),
    alpha_pattern: others('alpha', alpha),
    target_modules: targetModules(
      entries.map(({ module }) => module),
      numLayers,
    ),
    modules_to_save: isHeadless(headClass) ? null : [...(taskType ? CLASSIFIERS : []), ...ownLayers, ...savedModules],
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
    use_rslora: false,
    use_dora: false,
  };
}

/** @param {Family} family */
const pythonModule = ({ modelType }) => modelType.replaceAll('-', '_');

/** alpha, where scale is alpha / rank, without what rounding left of it. @param {number} scale @param {number} rank */
function alphaOf(scale, rank) {
  const alpha = scale * rank;
  const round = Number(alpha.toPrecision(12));
  return round / rank === scale ? round : alpha;
}

/** The first of those that occur most. @param {number[]} values */
function mostFrequent(values) {
  const count = (/** @type {number} */ value) => values.filter((one) => one === value).length;
  return values.reduce((best, value) => (count(value) > count(best) ? value : best));
}

/**
 * The modules by the shortest names by which PEFT finds them and no others: without the layer's number where those of all layers have an
 * adapter, as PEFT takes a name for the end of a module's name.
 * @param {string[]} modules in the names of the family
 * @param {number} numLayers
 * @returns {string[]}
 */
function targetModules(modules, numLayers) {
  const inLayer = (/** @type {string} */ module) => /\.layer\.\d+\.(.*)$/.exec(module)?.[1];
  const isWhole = (/** @type {string} */ part) => modules.filter((one) => inLayer(one) === part).length === numLayers;
  const short = modules.map((module) => {
    const part = inLayer(module);
    // "output.dense" is the end of "attention.output.dense", too.
    const isAlone = part !== 'output.dense' || isWhole('attention.output.dense');
    return part && isWhole(part) && isAlone ? part : module;
  });
  return [...new Set(short)];
}
