// Texts to try, and what the page learns from at first, written for it.

/** For the names in a text. */
export const news = [
  'Angela Merkel met Tim Cook of Apple in Berlin to talk about the new iPhone',
  'Saw Adele live at Wembley last night, and the Northern line was a mess on the way home.',
  'Anyone else think Zelda on the Switch is the best thing Nintendo has done since Mario Kart?',
];

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
