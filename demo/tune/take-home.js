// The adapter as files, and the lines that use it elsewhere.
import { zipSync } from 'fflate';
import { saveHead } from '../heads/save-head.js';
import { find } from '../shared/dom.js';
import { download } from '../shared/download.js';
import { decimal } from '../shared/format.js';
import { showProblem } from '../shared/problems.js';
import { mountSnippets } from '../shared/snippets.js';
import { toTry } from './sets.js';

/** @typedef {import('./course.js').Course} Course */
/** @typedef {import('./course.js').Heads} Heads */

/** Name of the folder in the archive, which the lines name, too. */
const FOLDER = 'tuned-adapter';

/** @param {import('../shared/store.js').Watched<{ course: Course, heads: Heads } | null>} tuned */
export function mountTakeHome(tuned) {
  const section = find(HTMLElement, '#tune-home');
  const save = find(HTMLButtonElement, '.save-adapter', section);
  const problem = find(HTMLElement, '.problem', section);
  const status = find(HTMLElement, '.copied', section);
  /** @type {Record<string, Uint8Array> | null} of the adapter's folder */
  let files = null;

  tuned.subscribe(async (present) => {
    files = null;
    save.disabled = true;
    save.textContent = 'Download the adapter (.zip)';
    status.textContent = '';
    showProblem(problem, null);
    if (!present) return;
    const { course, heads } = present;
    const { labels } = heads.tuned;
    const { model } = course;
    const sentence = toTry(course.set)[0] ?? course.examples[0].text;
    find(HTMLElement, '.python code', section).textContent = python(model, labels, sentence);
    find(HTMLElement, '.javascript code', section).textContent = javascript(model, sentence);
    try {
      const written = await heads.tuned.saveAdapter();
      if (tuned.value !== present) return;
      files = written;
      const bytes = Object.values(written).reduce((sum, { length }) => sum + length, 0);
      save.textContent = `Download the adapter (.zip, ${decimal(bytes / 1e6)} MB)`;
      save.disabled = false;
    } catch (error) {
      if (tuned.value === present) showProblem(problem, error);
    }
  });

  save.addEventListener('click', () => {
    if (files) download(zipSync({ [FOLDER]: files }, { level: 0 }), `${FOLDER}.zip`);
  });
  find(HTMLButtonElement, '.save-file', section).addEventListener('click', () =>
    saveHead(tuned.value?.heads.tuned ?? null, 'tuned.safetensors', problem),
  );
  mountSnippets(section);
}

// A string in JSON is one in Python and in JavaScript, too.
const quoted = JSON.stringify;

/**
 * Six lines of Python. The head reads the mean of the tokens' vectors, which no class of transformers computes.
 * @param {string} model
 * @param {readonly string[]} labels
 * @param {string} sentence
 */
const python = (model, labels, sentence) => `from peft import AutoPeftModelForSequenceClassification as Tuned
from transformers import AutoTokenizer
model = Tuned.from_pretrained("${FOLDER}", num_labels=${labels.length}).merge_and_unload().eval()
tokens = AutoTokenizer.from_pretrained(${quoted(model)})(${quoted(sentence)}, return_tensors="pt")
logits = model.classifier(model.base_model(**tokens).last_hidden_state.mean(1))
print(dict(zip(${quoted(labels).replaceAll('","', '", "')}, logits.softmax(1)[0].tolist())))`;

/**
 * Six lines of JavaScript.
 * @param {string} model
 * @param {string} sentence
 */
const javascript = (model, sentence) => `import { load } from "bertlet";
const bert = await load(${quoted(model)}, {
  adapter: new URL("${FOLDER}/", document.baseURI),
});
const predictions = await bert.head.classify(${quoted(sentence)});
for (const { label, score } of predictions) console.log(label, score);`;
