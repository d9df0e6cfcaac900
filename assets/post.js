// The page of a post that has no entries: it takes the first one as it stands in a fresh page.
import { also, reveal } from "./conversation.js";
import { startCopying } from "./copy.js";
import { $, byId, steady, swap } from "./parts.js";

const SPREAD = 2000; // milliseconds over which the pages of a post ask for its first entry

also.entry = () => { setTimeout(dispatchEvent, Math.random() * SPREAD, new Event('missing')); };

also.renew = fresh => {
  const { top, bottom } = byId('entries').getBoundingClientRect();
  if (!$('.entry', fresh)) return;
  if (bottom < 0 || top > innerHeight) steady(() => swap(byId('entries'), $('#entries', fresh)));
  else reveal('updated');
};

startCopying();
