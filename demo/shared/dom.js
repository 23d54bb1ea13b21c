// The little that the views need of a framework.

/**
 * The one element that matches, of the type that is asked for.
 * @template {Element} T
 * @param {new () => T} type
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {T}
 */
export function find(type, selector, root = document) {
  const element = root.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`The page has no ${type.name} ${selector}`);
  return element;
}

/**
 * A new copy of the element in a `<template>`.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function clone(id) {
  const { firstElementChild } = find(HTMLTemplateElement, `#${id}`).content;
  return /** @type {HTMLElement} */ (/** @type {Element} */ (firstElementChild).cloneNode(true));
}

/**
 * Makes `children` the children of `parent` and moves only those that stand elsewhere, so that the others keep focus,
 * selection and transitions.
 * @param {Element} parent
 * @param {Element[]} children
 */
export function arrange(parent, children) {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  children.forEach((child, index) => {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
}

/**
 * One view per key, made when it is first asked for and forgotten when it is not asked for any more.
 * @template K, V
 * @param {(key: K) => V} make
 * @returns {(keys: K[]) => V[]}
 */
export function keyed(make) {
  /** @type {Map<K, V>} */
  let views = new Map();
  return (keys) => {
    views = new Map(keys.map((key) => [key, views.get(key) ?? make(key)]));
    return [...views.values()];
  };
}
