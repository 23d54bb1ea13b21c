// The model as a folder, and the lines that use it elsewhere.
import { zipSync } from 'fflate';
import { find } from '../shared/dom.js';
import { download } from '../shared/download.js';
import { showProblem } from '../shared/problems.js';
import { mountSnippets } from '../shared/snippets.js';

/** Name of the folder in the archive, which the lines name, too. */
const FOLDER = 'my-bert';

/**
 * @param {import('../shared/store.js').Watched<import('./course.js').Pair | null>} ready
 * @param {() => string} sentenceOf a sentence with a [MASK]
 */
export function mountTakeHome(ready, sentenceOf) {
  const section = find(HTMLElement, '#pretrain-home');
  const save = find(HTMLButtonElement, '.save-model', section);
  const problem = find(HTMLElement, '.problem', section);

  ready.subscribe((present) => {
    save.disabled = present === null;
    showProblem(problem, null);
    if (!present) return;
    find(HTMLElement, '.python code', section).textContent = python(sentenceOf());
    find(HTMLElement, '.javascript code', section).textContent = javascript(sentenceOf());
  });
  save.addEventListener('click', async () => {
    if (!ready.value) return;
    save.disabled = true;
    try {
      download(zipSync({ [FOLDER]: await bytesOf(await ready.value.learned.save()) }, { level: 0 }), `${FOLDER}.zip`);
    } catch (error) {
      showProblem(problem, error);
    }
    save.disabled = ready.value === null;
  });
  mountSnippets(section);
}

/**
 * @param {Record<string, Blob | Uint8Array>} files
 * @returns {Promise<Record<string, Uint8Array>>}
 */
async function bytesOf(files) {
  const read = Object.entries(files).map(async ([name, content]) => [
    name,
    content instanceof Blob ? new Uint8Array(await content.arrayBuffer()) : content,
  ]);
  return Object.fromEntries(await Promise.all(read));
}

// A string in JSON is one in Python and in JavaScript, too.
const quoted = JSON.stringify;

/** @param {string} sentence */
const python = (sentence) => `from transformers import pipeline
fill = pipeline("fill-mask", model="${FOLDER}")
for guess in fill(${quoted(sentence)}):
    print(guess["token_str"], guess["score"])`;

/** @param {string} sentence */
const javascript = (sentence) => `import { load } from "bertlet";
const bert = await load(new URL("${FOLDER}/", document.baseURI));
for (const { token_str, score } of await bert.fillMask(${quoted(sentence)}))
  console.log(token_str, score);`;
