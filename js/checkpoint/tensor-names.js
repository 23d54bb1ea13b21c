// One name for each tensor, whatever wrote the checkpoint: that of a `BertModel`, which the core has too.

/** What wraps the model: PEFT, sentence-transformers, a model with a head. */
const PREFIX = /^(base_model\.(model\.)?)?(0\.auto_model\.)?((bert|distilbert|electra|ernie)\.)?/;

/** The oldest checkpoints call layer norm's parameters as TensorFlow does. @type {[RegExp, string][]} */
const OLD = [
  [/LayerNorm\.gamma$/, 'LayerNorm.weight'],
  [/LayerNorm\.beta$/, 'LayerNorm.bias'],
];

/** @type {[RegExp, string][]} */
const DISTILBERT = [
  [/^transformer\.layer\./, 'encoder.layer.'],
  [/\.attention\.q_lin\b/, '.attention.self.query'],
  [/\.attention\.k_lin\b/, '.attention.self.key'],
  [/\.attention\.v_lin\b/, '.attention.self.value'],
  [/\.attention\.out_lin\b/, '.attention.output.dense'],
  [/\.sa_layer_norm\b/, '.attention.output.LayerNorm'],
  [/\.ffn\.lin1\b/, '.intermediate.dense'],
  [/\.ffn\.lin2\b/, '.output.dense'],
  [/\.output_layer_norm\b/, '.output.LayerNorm'],
];

/**
 * @param {string} name of a tensor or a module, as a checkpoint or an adapter has it
 * @param {string} modelType
 */
export function canonicalName(name, modelType) {
  const table = modelType === 'distilbert' ? [...OLD, ...DISTILBERT] : OLD;
  return table.reduce((changed, [pattern, by]) => changed.replace(pattern, by), name.replace(PREFIX, ''));
}
