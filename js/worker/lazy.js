// What a worker fetches only when it is asked for: page-tasks.js is its counterpart.
export { readAdapter } from '../checkpoint/adapter-reader.js';
export { fillMask } from './fill-mask.js';
export { fit } from '../train/fit.js';
export { learningCurve } from '../train/learning-curve.js';
export { readQuestions } from './questions.js';
export { encodeLocated } from '../tokenize/located.js';
