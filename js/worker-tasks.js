// What a worker fetches only when it is asked for: page-tasks.js is its counterpart.
export { readAdapter } from './adapter.js';
export { fillMask } from './fill-mask.js';
export { fit } from './fit/index.js';
export { learningCurve } from './fit/learning-curve.js';
export { readQuestions } from './question-windows.js';
