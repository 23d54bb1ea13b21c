// What a tuner trains and how, as the core is told it, and how much memory that takes.
import { TRAINING, TRAINING_BYTES, TUNING } from '../../core/abi-training.js';
import { ACTIVATION, CONFIG_BYTES, POOLING } from '../../core/abi.js';
import { writeStruct } from '../../core/struct.js';
import { writeConfig } from '../../engine/core-config.js';
import { measureThreads } from '../../engine/threads.js';
import { BertletError } from '../../errors.js';
import { maskedBytes } from './masked-head.js';

/** @typedef {import('../../core/instance.js').Core} Core */

/**
 * @typedef {object} TunerPlan
 * @property {(keyof typeof TUNING)[]} tuning [tensors] what is done with each tensor, in the order of `tensorNames`
 * @property {number} [begin] the first layer that runs, default 0
 * @property {boolean} [embeds] whether the embeddings are computed here; else batches bring the hidden states that layer `begin` gets, and
 *   there is no copy of the word embeddings, which are half of a small model and nearly all of a multilingual one. Default: where `begin` is 0
 * @property {number} [end] the layer after the last that runs; default: all
 * @property {'f32' | 'int8'} [weights] what those that are not trained are multiplied in, default f32; 'int8' only for an int8 model, with the
 *   embeddings computed here and nothing 'TRAINED'
 * @property {number} maxTokens of a batch
 * @property {number} [keptLayers] how many layers keep what they compute for the backward pass; default: all that run
 * @property {'mean' | 'cls' | 'max' | 'none'} pooling of what the head reads; 'none': it reads each token
 * @property {boolean} [normalize] whether a pooled vector is divided by its length
 * @property {number} [rank] of adapters
 * @property {number} [scale] of adapters: alpha / rank
 * @property {{ hidden?: number, attention?: number, adapter?: number, features?: number }} [dropout] rates, default 0
 * @property {number} outputs of the head, a linear layer; 0 for none
 * @property {keyof typeof ACTIVATION} [maskedHead] the activation of a masked-LM head, which is trained; default: there is none
 * @property {number} [lossParameters] that the loss has, and that are trained along with the head's; default 0
 * @property {number} [lossBytes] scratch memory that losses use, in bytes; default: room for four numbers for each token, and one for each
 *   logit
 */

/** Bytes of each part of the memory. @typedef {ReturnType<typeof measure>} Sizes */

/**
 * @param {Core} probe an instance to compute sizes with
 * @param {number} threads
 * @param {import('../../checkpoint/config.js').Config} config
 * @param {TunerPlan} plan
 */
export function measure(probe, threads, config, plan) {
  const { maxTokens, outputs, lossParameters = 0, rank = 0, tuning } = plan;
  const { hiddenSize, intermediateSize } = config;
  const { fn } = probe;
  const given = writePlan(probe, probe.scratch(CONFIG_BYTES + TRAINING_BYTES + tuning.length), config, plan);
  const head = outputs > 0 ? fn.mlp_bytes(hiddenSize, 0, outputs, maxTokens, lossParameters) >>> 0 : 0;
  const headParameters = outputs > 0 ? (hiddenSize + 1) * outputs + lossParameters : 0;
  const trainer = fn.trainer_bytes(given.config, threads, given.training, given.tuning, headParameters) >>> 0;
  if ((outputs > 0 && head === 0) || trainer === 0)
    throw new BertletError('OUT_OF_MEMORY', 'What is to be trained needs more than the 4 GB of WebAssembly.');
  return {
    threads: measureThreads(probe, threads),
    plan: CONFIG_BYTES + TRAINING_BYTES + tuning.length,
    model: fn.model_bytes(given.config, threads) >>> 0,
    head,
    trainer,
    ids: 4 * maxTokens,
    tokenTypeIds: 4 * maxTokens,
    starts: 4 * (maxTokens + 1),
    rows: 4 * maxTokens,
    logits: 4 * maxTokens * outputs,
    features: 4 * maxTokens * hiddenSize,
    hidden: embedsIn(plan) ? 0 : 4 * maxTokens * hiddenSize,
    losses: plan.lossBytes ?? (plan.maskedHead ? maskedBytes(config, maxTokens) : 4 * maxTokens * (outputs + 4)),
    adapter: 4 * rank * (hiddenSize + intermediateSize), // one that is read or written
  };
}

/**
 * By what adapters are multiplied, in PEFT and here.
 * @param {{ alpha: number, rank: number, rslora: boolean }} how
 */
export const adapterScale = ({ alpha, rank, rslora }) => alpha / (rslora ? Math.sqrt(rank) : rank);

/**
 * Whether a model that is trained from its first layer on needs its embeddings in the trainer, although they are not trained: those that are
 * projected are dropped before that, and those of an int8 model take little room.
 * @param {import('../../engine/engine.js').Engine} engine
 */
export const keepsEmbeddings = ({ isInt8, config }) => isInt8 || config.embeddingSize !== config.hiddenSize;

/** Whether the embeddings are computed by the trainer. @param {Pick<TunerPlan, 'begin' | 'embeds'>} plan */
export const embedsIn = ({ begin = 0, embeds = begin === 0 }) => embeds;

/**
 * Writes the structs that describe what is trained.
 * @param {Core} core
 * @param {number} address of room for all three
 * @param {import('../../checkpoint/config.js').Config} config
 * @param {TunerPlan} plan
 * @returns {{ config: number, training: number, tuning: number }} their addresses
 */
export function writePlan(core, address, config, plan) {
  const at = { config: address, training: address + CONFIG_BYTES, tuning: address + CONFIG_BYTES + TRAINING_BYTES };
  const { begin = 0, end = config.numLayers, dropout = {} } = plan;
  const copied = embedsIn(plan) ? config : { ...config, vocabSize: 1 }; // a table has a row at least
  writeConfig(core, at.config, copied, 1, plan.weights ?? 'f32'); // the model gets no room for batches: the trainer has its own
  /** @type {Record<keyof typeof TRAINING, number>} */
  const values = {
    begin,
    end,
    max_tokens: plan.maxTokens,
    kept_layers: plan.keptLayers ?? end - begin,
    pooling: plan.pooling === 'none' ? -1 : POOLING[plan.pooling],
    normalize: plan.normalize ? 1 : 0,
    rank: plan.rank ?? 0,
    adapter_scale: plan.scale ?? 1,
    hidden_dropout: dropout.hidden ?? 0,
    attention_dropout: dropout.attention ?? 0,
    adapter_dropout: dropout.adapter ?? 0,
    feature_dropout: dropout.features ?? 0,
    masked_lm: plan.maskedHead ? 1 : 0,
    masked_act: ACTIVATION[plan.maskedHead ?? 'gelu'],
  };
  writeStruct(core, at.training, TRAINING, values);
  core.bytes(at.tuning, plan.tuning.length).set(plan.tuning.map((how) => TUNING[how]));
  return at;
}
