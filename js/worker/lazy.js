// What a worker in a browser fetches only when it is used. js/api/lazy.js is the same for the page.
export { adaptersOf } from '../engine/adapters.js';
export { adapterFolder, readAdapterVocabulary } from './adapter-folder.js';
export { readAdapter } from '../checkpoint/adapter-reader.js';
export { readHeadBeside } from './beside.js';
export { fillMask } from './fill-mask.js';
export { fit } from '../train/fit.js';
export { learningCurve } from '../train/learning-curve.js';
export { saveModel } from './save.js';
export { saveAdapter } from './save-adapter.js';
export { restoreHead } from './written-head.js';
export { putPrompt } from './prompts.js';
export { readQuestions } from './questions.js';
export { readTokens } from './tokens.js';
