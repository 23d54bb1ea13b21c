// The page's few pieces of state, and the views that show and change them.
import { mountTraining } from './classify/training-view.js';
import { mountTrying } from './classify/try-view.js';
import { mountEntities } from './entities/entities-view.js';
import { mountExamples } from './examples/examples-view.js';
import { restoreExamples } from './examples/kept-examples.js';
import { mountKinds } from './examples/kinds-view.js';
import { kindFor, perKind } from './examples/kinds.js';
import { mountPasting } from './examples/pasting.js';
import { mountFilling } from './fill-mask/fill-view.js';
import { mountFiles } from './heads/head-files.js';
import { broughtHead, createOwns, methodOf, METHODS } from './heads/heads.js';
import { mountLearningCurve } from './learning-curve/learning-curve-view.js';
import { mountModel } from './model/model-view.js';
import { mountPretraining } from './pretrain/pretrain-view.js';
import { mountQuestions } from './questions/questions-view.js';
import { mountSentiment } from './sentiment/sentiment-view.js';
import { chosen, createStore } from './shared/store.js';
import { mountTabs } from './shared/tabs.js';
import { mountUndo } from './shared/undo.js';
import { mountSimilar } from './similar/similar-view.js';
import { mountTuning } from './tune/tune-view.js';

/** @typedef {import('bertlet').Model} Model */
/** @typedef {import('bertlet').TextClassifier} TextClassifier */

/** Which tab shows what a head does. @type {Record<import('./heads/heads.js').Method, string>} */
const TABS = { classify: 'sentiment', entities: 'entities', answer: 'questions' };

const bert = createStore(/** @type {Model | null} */ (null));
const owns = createOwns();
const examples = restoreExamples();
const heads = perKind(() => createStore(/** @type {TextClassifier | null} */ (null)));
const head = chosen(examples, Object.values(heads), ({ kind }) => heads[kind]);

mountUndo();
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
const openPasting = mountPasting(examples);
mountTuning(page, examples, () => openPasting());
mountPretraining(page, examples);
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
  openPasting,
);
