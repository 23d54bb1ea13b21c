// What a page fetches only when it is used. It is a single file, because bundlers split what several would share into many small ones.
export { writeHead } from '../checkpoint/head-file.js';
export { fillMask } from './fill-mask.js';
export { fit } from './fit/index.js';
export { evaluateClassifier } from './heads/evaluate-classifier.js';
export { createLazyHead } from './heads/create-lazy.js';
export { learningCurve } from './learning-curve.js';
export { numberOf } from './heads/number-of.js';
export { newModel } from './new-model.js';
export { openHead } from './open-head.js';
export { pretrain } from './pretrain.js';
export { saveAdapter } from './save-adapter.js';
export { saveModel } from './save-model.js';
