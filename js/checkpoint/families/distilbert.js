// DistilBERT (Sanh et al. 2019, https://arxiv.org/abs/1910.01108): a BERT without token types and without a pooler.
import { bert } from './bert.js';

/** @type {import('./family.js').Family} */
export const distilbert = {
  ...bert,
  modelType: 'distilbert',
  className: 'DistilBert',
  keys: {
    hidden_size: 'dim',
    embedding_size: 'dim',
    num_hidden_layers: 'n_layers',
    num_attention_heads: 'n_heads',
    intermediate_size: 'hidden_dim',
    hidden_act: 'activation',
  },
  constants: { type_vocab_size: 0, layer_norm_eps: 1e-12 },
  renames: [
    [/^distilbert\./, ''],
    [/^transformer\.layer\./, 'encoder.layer.'],
    [/\.attention\.q_lin\b/, '.attention.self.query'],
    [/\.attention\.k_lin\b/, '.attention.self.key'],
    [/\.attention\.v_lin\b/, '.attention.self.value'],
    [/\.attention\.out_lin\b/, '.attention.output.dense'],
    [/\.sa_layer_norm\b/, '.attention.output.LayerNorm'],
    [/\.ffn\.lin1\b/, '.intermediate.dense'],
    [/\.ffn\.lin2\b/, '.output.dense'],
    [/\.output_layer_norm\b/, '.output.LayerNorm'],
  ],
  textHead: [
    ['pre_classifier', 'relu'],
    ['classifier', 'none'],
  ],
  maskedHead: {
    transform: 'vocab_transform',
    norm: 'vocab_layer_norm',
    decoder: 'vocab_projector',
    bias: ['vocab_projector.bias'],
  },
};
