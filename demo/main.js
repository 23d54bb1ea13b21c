// The page's few pieces of state, and the views that show and change them.
import { mountEntities } from './entities-view.js';
import { mountExamples } from './examples-view.js';
import { restoreExamples } from './examples.js';
import { mountFilling } from './fill-view.js';
import { mountFiles } from './files.js';
import { mountLearningCurve } from './learning-curve-view.js';
import { mountModel } from './model-view.js';
import { mountNotices } from './notices.js';
import { mountPasting } from './pasting.js';
import { mountQuestions } from './questions-view.js';
import { mountSentiment } from './sentiment-view.js';
import { mountSimilar } from './similar-view.js';
import { createStore } from './store.js';
import { mountTabs } from './tabs.js';
import { mountTraining } from './training-view.js';
import { mountTrying } from './try-view.js';

/** @typedef {import('../dist/bertlet.js').Model} Model */
/** @typedef {import('../dist/bertlet.js').TextClassifier} TextClassifier */
/** @typedef {import('./task-head.js').AnyHead} AnyHead */

/** Which tab shows what a head does that was trained elsewhere. @type {Record<AnyHead['task'], string>} */
const TABS = {
  'text-classification': 'sentiment',
  'multi-label': 'sentiment',
  'token-classification': 'entities',
  'question-answering': 'questions',
};

const bert = createStore(/** @type {Model | null} */ (null));
const head = createStore(/** @type {TextClassifier | null} */ (null));
const ownHead = createStore(/** @type {AnyHead | null} */ (null));
const examples = restoreExamples();
bert.subscribe((model) => ownHead.set(model?.head ?? null));

mountNotices();
const tab = mountTabs();
mountExamples(examples);
const opened = mountTraining(bert, examples, head);
mountTrying(head, examples);
mountFiles(
  bert,
  head,
  (saved, name) => {
    if (!('classify' in saved)) return ownHead.set(saved);
    opened(saved, name);
    tab.set('classify');
  },
  mountPasting(examples),
);
const page = { bert, ownHead, place: mountModel(bert), tab };
mountSentiment(page);
mountEntities(page);
mountQuestions(page);
mountSimilar(page);
mountFilling(page);
mountLearningCurve(page, examples);

ownHead.subscribe((own) => own && tab.set(TABS[own.task]));
