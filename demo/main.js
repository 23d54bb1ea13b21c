// The page's three pieces of state, and the views that show and change them.
import { mountExamples } from './examples-view.js';
import { restoreExamples } from './examples.js';
import { mountFiles } from './files.js';
import { mountModel } from './model-view.js';
import { mountNotices } from './notices.js';
import { mountPasting } from './pasting.js';
import { createStore } from './store.js';
import { mountTraining } from './training-view.js';
import { mountTrying } from './try-view.js';

/** @typedef {import('../dist/bertlet.js').Model} Model */
/** @typedef {import('../dist/bertlet.js').TextClassifier} Head */

const bert = createStore(/** @type {Model | null} */ (null));
const head = createStore(/** @type {Head | null} */ (null));
const examples = restoreExamples();

mountNotices();
mountExamples(examples);
const opened = mountTraining(bert, examples, head);
mountTrying(head, examples);
mountFiles(bert, head, opened, mountPasting(examples));
mountModel(bert);
