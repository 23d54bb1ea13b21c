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
import { METHODS, broughtHead, createOwns, methodOf } from './task-head.js';
import { mountTraining } from './training-view.js';
import { mountTrying } from './try-view.js';

/** @typedef {import('../dist/bertlet.js').Model} Model */
/** @typedef {import('../dist/bertlet.js').TextClassifier} TextClassifier */

/** Which tab shows what a head does. @type {Record<import('./task-head.js').Method, string>} */
const TABS = { classify: 'sentiment', entities: 'entities', answer: 'questions' };

const bert = createStore(/** @type {Model | null} */ (null));
const owns = createOwns();
const examples = restoreExamples();
const heads = perKind(() => createStore(/** @type {TextClassifier | null} */ (null)));
const head = chosen(examples, Object.values(heads), ({ kind }) => heads[kind]);

mountNotices();
const tab = mountTabs();
const page = { bert, owns, place: mountModel(bert), tab };
bert.subscribe((model) => {
  for (const method of METHODS) owns[method].set(broughtHead(page, method));
  if (model?.head) tab.set(TABS[methodOf(model.head)]);
});
mountKinds(examples);
mountExamples(examples);
const opened = mountTraining(bert, examples, heads);
mountTrying(head, examples);
mountSentiment(page);
mountEntities(page);
mountQuestions(page);
mountSimilar(page);
mountFilling(page);
mountLearningCurve(page, examples);
mountFiles(
  bert,
  head,
  (saved, name) => {
    const method = methodOf(saved);
    if ('classify' in saved) {
      examples.set(examples.of(kindFor(saved.task, examples.value.kind)));
      opened(saved, name);
      tab.set('classify');
    } else {
      owns[method].set({ head: saved, origin: 'This is what you opened.' });
      tab.set(TABS[method]);
    }
  },
  mountPasting(examples),
);
