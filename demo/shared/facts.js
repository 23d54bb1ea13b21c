// Numbers with their names, for a list of them.

/** @param {[name: string, value: string]} fact */
export function fact([name, value]) {
  const [group, term, description] = ['div', 'dt', 'dd'].map((tag) => document.createElement(tag));
  term.textContent = name;
  description.textContent = value;
  group.append(term, description);
  return group;
}
