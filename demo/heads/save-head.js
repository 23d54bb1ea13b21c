// A head to a file.
import { download } from '../shared/download.js';
import { showProblem } from '../shared/problems.js';

/**
 * @param {import('./heads.js').AnyHead | null} head
 * @param {string} name of the file
 * @param {HTMLElement} problem
 */
export async function saveHead(head, name, problem) {
  try {
    const bytes = await head?.save();
    if (bytes) download(bytes, name);
  } catch (error) {
    showProblem(problem, error);
  }
}
