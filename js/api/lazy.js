// What a page fetches only when it is used. It is one file, since with several a bundler cuts what they share into many small ones.
export { checkExamples, checkMultiLabelExamples } from './examples.js';
export { readHead, writeHead } from '../checkpoint/head-file.js';
export { fitHead } from './fit/index.js';
export { QuestionAnswerer } from './heads/question-answerer.js';
export { TokenClassifier } from './heads/token-classifier.js';
export { curveParams, summarize } from './learning-curve.js';
export { evaluateMultiLabel, evaluatePredictions } from '../metrics/classification.js';
