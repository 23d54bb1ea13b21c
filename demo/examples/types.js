// What labelled examples are.

/** @typedef {'single' | 'several' | 'pairs'} KindName one label for each text, several labels, or one for each pair of texts */
/** @typedef {{ text: string, textPair?: string }} Input what is classified: a text, or two of them together */
/** @typedef {Input & { label: string }} Labelled */
/** @typedef {Labelled & { id: number }} Example where texts have several labels, one of them: there are others of the same text */
/** @typedef {{ kind: KindName, labels: string[], items: Example[] }} Examples items: newest first */

/**
 * The examples of the kind that is open. To set those of another kind opens that one.
 * @typedef {import('../shared/store.js').Store<Examples> & { of: (kind: KindName) => Examples }} ExamplesStore `of`: the examples of any kind
 */

export {};
