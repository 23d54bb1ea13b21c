// What the page starts with where it learns to find entities and answers, written for it.

/** Where to, where from and when: no one can tell from the names alone. */
export const trips = `I need a train from [Oslo](from) to [Bergen](to) on [Friday](when).
Is there a flight to [Lisbon](to) [tomorrow morning](when)?
Two tickets from [Berlin](from) to [Prague](to), please.
We want to leave [Madrid](from) on [the third of May](when).
How do I get to [Edinburgh](to) from [London](from)?
My sister arrives from [Naples](from) [tonight](when).
Book me a seat to [New York](to) for [next Monday](when).
The bus from [Krakow](from) to [Warsaw](to) was late.
Can I go from [Zurich](from) to [Milan](to) [this afternoon](when)?
[Tomorrow](when) we fly to [Buenos Aires](to).
I would like to travel from [Paris](from) to [San Sebastian](to).
Which ferry goes to [Helsinki](to) on [Sunday](when)?
She left [Dublin](from) [yesterday](when).
We are driving from [Munich](from) to [Vienna](to) at [noon](when).
What does a ticket to [Tokyo](to) cost?
He came from [Rome](from) by train.
Please change my flight to [Boston](to) to [June 12](when).
Are there any seats left from [Cape Town](from) to [Nairobi](to) [tonight](when)?
Do you have anything for [Saturday evening](when)?
[Last week](when) they went to [Hong Kong](to) by ship.
Can you bring me to [Porto](to) by [Thursday](when)?
The plane from [Rio de Janeiro](from) has landed.
Is there a faster way to [Sofia](to)?
I have to be in [Hanover](to) by [ten o'clock](when).
When does the train from [Salzburg](from) arrive?
They are coming from [Las Vegas](from) [next Friday](when).
I want to go to [Marseille](to) [this evening](when).
Two seats from [Leeds](from) to [York](to) on [Wednesday](when), please.
When is the next train to [Gothenburg](to)?
We are flying from [Santa Cruz](from) to [Mexico City](to).
The bus from [Bologna](from) was full.
Does this train go to [Antwerp](to)?
My parents left [Tallinn](from) [last night](when).
I need a ticket to [San Diego](to) for [tomorrow](when).
Thank you, that is all.
How much luggage may I take?`;

/** Not among them, to try. It takes Chicago for where the last one goes to. */
export const tripsToTry = [
  'Three seats from Athens to Rhodes for next Tuesday, please.',
  'We left Istanbul last night.',
  'I want to fly from Chicago to Los Angeles tomorrow.',
];

/** One kind of question is what a head can learn from so few. */
const question = 'When does it start?';

export const announcements = [
  'The choir meets in the school hall at [half past seven]. Bring a pencil and a bottle of water.',
  'Come to our book sale on Saturday. Doors open at [10 am], and there will be cake.',
  'The film begins at [8.15 pm] and lasts about two hours. Tickets are nine euros.',
  'Our next yoga class is on [Monday] at the sports centre, with Anna as the teacher.',
  'Band practice has been moved to [Thursday evening]. Please tell the drummer.',
  'You are invited to Tom’s birthday party on [the 3rd of June]. There will be a barbecue in the garden.',
  'The lecture on volcanoes starts at [6 pm] in room 204. Admission is free.',
  'Because of the rain the match will not kick off before [four o’clock].',
  'The market opens at [seven in the morning] and sells fruit, cheese and flowers until noon.',
  'Our summer course in pottery begins on [July 12]. There are five places left.',
  'The guided tour leaves from the fountain at [11.30]. It is about three kilometres long.',
  'Dinner for all volunteers is on [Friday night] at the harbour restaurant.',
  'The meeting with the parents will be held on [Tuesday] in the library on the second floor.',
  'From [9 o’clock] there is a flea market in the old station, with more than fifty stalls.',
  'The race for children under twelve starts at [2 pm] by the lake.',
  'The concert in the park was a great success, and four hundred people came.',
  'The swimming pool has a new slide that is thirty metres long.',
  'The exhibition opens on [5 March] with a speech by the mayor, who is 81 years old.',
  'Rehearsals for the play begin [next Wednesday]. Everyone gets a copy of the text.',
  'The swimming lesson starts at [4 pm], so please be at the pool ten minutes before.',
  'We will meet on [Wednesday] to clean the beach. Gloves are provided for 30 people.',
  'The bus tour of the old town begins at [10.15] in front of the cathedral.',
  'Our French evening is on [Saturday evening]. Cheese and wine are on us.',
  'The new season opens on [September 8] with a play in three acts.',
  'Doors open at [half past six], the band comes on an hour later.',
  'The training for new staff begins [next Thursday] on the fourth floor.',
  'Our lunch concert is at [one o’clock] in the chapel. It takes 40 minutes.',
  'The workshop on bees will take place on [the 21st of May] in the school garden.',
  'There are two hundred books in the box, and all of them are free.',
  'The parade sets off at [noon] from the post office.',
  'Live music tonight: the trio plays from [nine o’clock], and the bar has twelve kinds of beer.',
]
  .map((text) => `${question}\n${text}`)
  .join('\n\n');

/** Not among them, to try. */
export const announcementToTry = {
  question,
  passage: 'The cooking class starts at 7 pm in the kitchen of the community centre, and costs 12 euros.',
};
