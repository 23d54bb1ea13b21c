// What the examples of the documentation speak of without declaring it.
import type * as bertlet from 'bertlet';

declare global {
  const { load, search, createModel, createPool }: typeof bertlet;
  const bert: bertlet.Model;
  const examples: bertlet.Example[];
  const pairs: bertlet.PairExample[];
  const options: Omit<bertlet.FitOptions, 'task'>;
  const texts: string[];
  const questions: string[];
  const documents: string[];
  const text: string;
  const question: string;
  const context: string;
  const start: number;
}
