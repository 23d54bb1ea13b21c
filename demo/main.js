// The page's few pieces of state, and the views that show and change them.
import { mountEntities } from './entities-view.js';
import { mountExamples } from './examples-view.js';
import { restoreExamples } from './examples.js';
import { mountFilling } from './fill-view.js';
import { mountFiles } from './files.js';
import { mountKinds } from './kinds-view.js';
import { kindFor, perKind } from './kinds.js';
import { mountLearningCurve } from './learning-curve-view.js';
import { mountModel } from './model-view.js';
import { mountNotices } from './notices.js';
import { mountPasting } from './pasting.js';
import { mountQuestions } from './questions-view.js';
import { mountSentiment } from './sentiment-view.js';
import { mountSimilar } from './similar-view.js';
import { chosen, createStore } from './store.js';
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
const ownHead = createStore(/** @type {AnyHead | null} */ (null));
const examples = restoreExamples();
const heads = perKind(() => createStore(/** @type {TextClassifier | null} */ (null)));
const head = chosen(examples, Object.values(heads), ({ kind }) => heads[kind]);
bert.subscribe((model) => ownHead.set(model?.head ?? null));

mountNotices();
const tab = mountTabs();
mountKinds(examples);
mountExamples(examples);
const opened = mountTraining(bert, examples, heads);
mountTrying(head, examples);
mountFiles(
  bert,
  head,
  (saved, name) => {
    if (!('classify' in saved)) return ownHead.set(saved);
    examples.set(examples.of(kindFor(saved.task, examples.value.kind)));
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
