// Lines to search in and for, written for the page.

/** Among which similar ones are looked for. */
export const lines = [
  'How do I reset my password?',
  'I was charged twice for the same order.',
  'My parcel has not arrived yet.',
  'Can I get my money back?',
  'The app crashes when I open the camera.',
  'Do you deliver to Norway?',
  'How can I delete my account?',
  'The blue jacket is sold out. When will there be more?',
  'Your driver was very friendly, thank you!',
  'Is there a discount for students?',
];

export const queries = [
  'The package is a week late',
  'I cannot log in any more',
  'Please cancel it and refund me',
  'Will it be back in stock?',
];
