// Mutants of JavaScript: small changes of what acorn finds in a file.
import { parse } from 'acorn';

/**
 * A file with one small change.
 * @typedef {object} Mutant
 * @property {string} file relative to the root folder
 * @property {number} start where the changed text begins in the file, in UTF-16 code units
 * @property {number} end where it ends
 * @property {string} text what stands there instead
 * @property {string} operator what kind of change it is
 */

/** @typedef {Omit<Mutant, 'file'>} Change */

/** What each binary operator becomes. @type {Map<string, string[]>} */
export const BINARY = new Map([
  ['<', ['<=', '>']],
  ['<=', ['<', '>']],
  ['>', ['>=', '<']],
  ['>=', ['>', '<']],
  ['==', ['!=']],
  ['!=', ['==']],
  ['===', ['!==']],
  ['!==', ['===']],
  ['+', ['-']],
  ['-', ['+']],
  ['*', ['/']],
  ['/', ['*']],
  ['%', ['*']],
  ['&', ['|']],
  ['|', ['&']],
  ['<<', ['>>']],
  ['>>', ['<<']],
  ['&&', ['||']],
  ['||', ['&&']],
]);

/** @param {string} operator */
export const kindOf = (operator) =>
  /^[<>]=?$|^[=!]==?$/.test(operator) ? 'comparison' : /^(&&|\|\|)$/.test(operator) ? 'logic' : 'arithmetic';

/**
 * All changes of a file, in its order.
 * @param {string} source an ES module
 * @returns {Change[]}
 */
export function javascriptChanges(source) {
  /** @type {Change[]} */
  const changes = [];
  const add = (/** @type {any} */ { start, end }, /** @type {string} */ text, /** @type {string} */ operator) =>
    changes.push({ start, end, text, operator });
  visit(parse(source, { ecmaVersion: 'latest', sourceType: 'module' }), (node) => {
    switch (node.type) {
      case 'BinaryExpression':
      case 'LogicalExpression':
        if ([node.left, node.right].some(isText)) break;
        for (const other of BINARY.get(node.operator) ?? []) {
          const start = source.indexOf(node.operator, node.left.end);
          add({ start, end: start + node.operator.length }, other, kindOf(node.operator));
        }
        break;
      case 'UnaryExpression':
        if (node.operator === '!') add({ start: node.start, end: node.start + 1 }, '', 'negation');
        break;
      case 'Literal':
        if (typeof node.value === 'number') add(node, String(node.value + 1), 'constant');
        if (typeof node.value === 'boolean') add(node, String(!node.value), 'constant');
        break;
      case 'ExpressionStatement':
        if (!node.directive) add(node, ';', 'dropped statement');
        break;
      case 'ThrowStatement':
      case 'ContinueStatement':
      case 'BreakStatement':
        add(node, ';', 'dropped statement');
    }
  });
  return changes.sort((a, b) => a.start - b.start);
}

/** Whether it is a text for certain, for which `-` means nothing. @param {any} node */
const isText = (node) => node.type === 'TemplateLiteral' || typeof node.value === 'string';

/**
 * Calls a function for a node of acorn's and all below it. Imports and exports of names have nothing to change.
 * @param {any} node
 * @param {(node: any) => void} use
 */
function visit(node, use) {
  if (!node || typeof node !== 'object') return;
  if (Array.isArray(node)) return node.forEach((one) => visit(one, use));
  if (node.type === 'ImportDeclaration') return;
  if (node.type) use(node);
  for (const [key, value] of Object.entries(node)) if (key !== 'type') visit(value, use);
}
