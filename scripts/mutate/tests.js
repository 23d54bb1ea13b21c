// Which tests cover a source file: the first rule that its path begins with counts.

/** For files of src/: the tests of ctest, as a regular expression, in the order in which they run. @type {[string, string[]][]} */
const CTEST = [
  ['src/base/threads', ['base_threads', 'model_encoder']],
  ['src/base/tasks', ['base_threads', 'model_encoder']],
  ['src/base/reactor', ['base_threads']],
  ['src/base/arena', ['base_arena', 'model_image']],
  ['src/base/', ['model_writer', 'model_image', 'model_encoder']],
  ['src/kernels/activate', ['kernels_activate', 'kernels_backward', 'model_encoder']],
  ['src/kernels/attention_i8', ['kernels_attention_i8', 'model_encoder']],
  ['src/kernels/attention', ['kernels_attention', 'kernels_backward', 'model_encoder', 'model_encoder_scalar']],
  ['src/kernels/dropout', ['kernels_backward', 'train_trainer']],
  ['src/kernels/layer_norm', ['kernels_rows', 'kernels_backward', 'model_encoder']],
  ['src/kernels/softmax', ['kernels_rows', 'model_encoder']],
  ['src/kernels/linear_i8', ['kernels_linear_i8', 'model_encoder']],
  ['src/kernels/pack_i8', ['kernels_quantize', 'kernels_linear_i8', 'model_encoder']],
  ['src/kernels/linear', ['kernels_linear', 'kernels_backward', 'model_encoder']],
  ['src/kernels/pack', ['kernels_linear', 'kernels_backward', 'model_encoder', 'train_trainer']],
  ['src/kernels/quantize', ['kernels_quantize', 'model_encoder']],
  ['src/kernels/logreg', ['kernels_logreg', 'train_logreg']],
  ['src/kernels/simd_math', ['kernels_math', 'kernels_activate', 'kernels_rows']],
  [
    'src/kernels/',
    [
      'kernels_linear_i8',
      'kernels_attention_i8',
      'kernels_linear',
      'kernels_attention',
      'kernels_backward',
      'model_encoder',
    ],
  ],
  ['src/model/writer', ['model_writer', 'model_encoder']],
  ['src/model/image', ['model_image', 'model_encoder']],
  ['src/model/adapter', ['train_trainer']],
  ['src/model/lora', ['model_lora', 'train_trainer']],
  ['src/model/dropout', ['train_trainer']],
  ['src/model/reader', ['train_trainer']],
  ['src/model/', ['model_writer', 'model_image', 'model_encoder', 'train_trainer']],
  ['src/tokenize/words', ['words_test']],
  [
    'src/tokenize/',
    [
      'tokenizer_test',
      'words_test',
      'tokenizer_uncased',
      'tokenizer_cased',
      'tokenizer_chinese',
      'tokenizer_characters',
    ],
  ],
  ['src/heads/pooling_backward', ['train_trainer']],
  ['src/heads/pooling', ['heads_pooling']],
  ['src/heads/dot', ['heads_dot', 'heads_layers']],
  ['src/heads/', ['heads_layers', 'heads_masked_lm', 'heads_pooling']],
  ['src/train/lbfgs', ['train_lbfgs', 'train_logreg']],
  ['src/train/line_search', ['train_line_search', 'train_lbfgs', 'train_logreg']],
  ['src/train/logreg', ['train_logreg']],
  ['src/train/crf', ['train_crf']],
  ['src/train/mlp', ['train_mlp']],
  ['src/train/', ['train_mlp', 'train_crf', 'train_trainer']],
];

/** For files of js/: test files below tests/, in the order in which they run. @type {[string, string[]][]} */
const NODE = [
  ['js/checkpoint/safetensors', ['checkpoint/safetensors', 'checkpoint/head-file', 'checkpoint/compatibility']],
  ['js/checkpoint/head-file', ['checkpoint/head-file', 'checkpoint/compatibility']],
  ['js/checkpoint/name-pattern', ['checkpoint/name-pattern', 'checkpoint/compatibility']],
  ['js/checkpoint/sentence-transformers', ['api/prompts', 'checkpoint/compatibility', 'checkpoint/families']],
  ['js/checkpoint/ranking', ['checkpoint/compatibility']],
  ['js/checkpoint/weight-files', ['checkpoint/weight-files', 'checkpoint/families']],
  ['js/checkpoint/families/', ['cli/head-folder', 'checkpoint/families']],
  ['js/checkpoint/config', ['checkpoint/config', 'checkpoint/families']],
  ['js/checkpoint/', ['checkpoint/compatibility', 'checkpoint/families']],
  ['js/io/pack', ['io/pack']],
  ['js/io/cache-contents', ['io/cache-contents', 'io/cache']],
  ['js/io/cache-room', ['io/cache-contents', 'io/cache']],
  ['js/io/cache-entry', ['io/cache-description', 'io/cache']],
  ['js/io/cache', ['io/cache', 'io/cache-description']],
  ['js/io/content', ['io/content', 'io/hub', 'api/load']],
  ['js/io/file-name', ['io/names', 'io/hub']],
  ['js/io/', ['io/content', 'io/names', 'io/hub', 'io/incomplete', 'io/cache', 'api/load']],
  ['js/tokenize/added', ['tokenize/added-tokens', 'tokenize/vocabulary']],
  ['js/tokenize/located', ['tokenize/located', 'api/windows']],
  ['js/tokenize/token-windows', ['api/windows']],
  ['js/tokenize/train-pieces', ['tokenize/train-pieces', 'api/vocabulary']],
  ['js/tokenize/piece-pairs', ['tokenize/train-pieces', 'api/vocabulary']],
  ['js/tokenize/words', ['tokenize/words', 'api/vocabulary']],
  ['js/tokenize/tokenizer.js', ['tokenize/tokenizer', 'tokenize/vocabulary', 'tokenize/added-tokens', 'api/tokenize']],
  ['js/tokenize/windows', ['tokenize/windows', 'api/windows']],
  ['js/tokenize/question-windows', ['tokenize/windows', 'api/tasks']],
  ['js/tokenize/', ['tokenize/vocabulary', 'tokenize/added-tokens', 'tokenize/located', 'api/tokenize']],
  ['js/cli/data/measure', ['cli/tasks']],
  ['js/cli/data/', ['cli/data', 'cli/suspicions']],
];

/**
 * @param {string} file of src/ or js/
 * @returns {string[]} names of ctest's tests, or paths of test files
 */
export function testsOf(file) {
  const rule = [...CTEST, ...NODE].find(([prefix]) => file.startsWith(prefix));
  if (!rule) throw new Error(`${file}: scripts/mutate/tests.js does not say which tests cover it`);
  return file.startsWith('js/') ? rule[1].map((name) => `tests/${name}.test.js`) : rule[1];
}
