// BERT (Devlin et al. 2019, https://arxiv.org/abs/1810.04805). The other families are made of it and of what they do otherwise.

/** @type {import('./family.js').Family} */
export const bert = {
  modelType: 'bert',
  className: 'Bert',
  architecture: 'BERT',
  finalNorm: false,
  keys: { embedding_size: 'hidden_size' },
  constants: {},
  refused: {},
  names: [[/^bert\./, '']],
  textHead: [
    ['pooler.dense', 'tanh'],
    ['classifier', 'none'],
  ],
  maskedHead: {
    transform: 'cls.predictions.transform.dense',
    norm: 'cls.predictions.transform.LayerNorm',
    decoder: 'cls.predictions.decoder',
    bias: ['cls.predictions.decoder.bias', 'cls.predictions.bias'], // the same, unless the decoder has weights of its own
  },
};
