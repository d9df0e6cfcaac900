// A post's page: its comments, its reactions, who reads it, and a quiet word when its author changes it. Nothing here is
// needed; every form and link works without it.
import { say } from "./announce.js";
import { tellAbsence } from "./arrivals.js";
import { comment, renewComments } from "./comments.js";
import { startCopying } from "./copy.js";
import { startForms, vouch } from "./forms.js";
import { startKeys } from "./keys.js";
import { live } from "./live.js";
import { $, byId, steady, swap } from "./parts.js";
import { presence } from "./presence.js";
import { reaction, renewReactions, startReactions } from "./reactions.js";
import { send, settle, startSending } from "./sending.js";
import { startVisit } from "./visits.js";

const SPREAD = 2000; // milliseconds over which the pages of a post ask for its first entry

/** What is shown beside the comments: by the noun of an event, and `renew` for a fresh page. A script that builds on this one adds to it. */
export const also = {
  hello: vouch,
  presence,
  reaction,
  entry: () => { setTimeout(dispatchEvent, Math.random() * SPREAD, new Event('missing')); },
};

function happened(kind, frame, missed) {
  const [noun] = kind.split(':');
  let done;
  if (noun === 'comment') {
    if (frame.op && frame.html && settle(frame.op, frame)) missed = false;
    done = comment(kind, frame);
  } else if (also[noun]) done = also[noun](frame, kind);
  else reveal(kind === 'post:deleted' ? 'gone' : 'updated'); // its text is never replaced under the reader
  if (missed && done) absent(done);
}

// What happened in a time in which nobody listened is summed up, once it has all come.
let sums = {}, summing;
function absent(done) {
  sums[done] = (sums[done] ?? 0) + 1;
  clearTimeout(summing);
  summing = setTimeout(() => {
    const text = `While you were away: ${['new', 'edited', 'removed'].filter(it => sums[it]).map(it => `${sums[it]} ${it}`).join(', ')}`;
    sums = {};
    tellAbsence(text);
    say(text);
  }, 300);
}

function takeOver(fresh) {
  renewComments(fresh);
  renewReactions(fresh);
  (also.renew ?? takeEntries)(fresh);
}

// A post that gets its first entry while it is open takes it as it stands in a fresh page.
function takeEntries(fresh) {
  const { top, bottom } = byId('entries').getBoundingClientRect();
  if (!$('.entry', fresh)) return;
  if (bottom < 0 || top > innerHeight) steady(() => swap(byId('entries'), $('#entries', fresh)));
  else reveal('updated');
}

const reveal = id => { byId(id).hidden = false; };

// What changed is worked out only for those who ask (changes.js). The way to the new version keeps their place.
$('#updated')?.addEventListener('click', event => {
  const { dataset, pathname } = event.target;
  if (dataset.script) import(dataset.script);
  else if (pathname === location.pathname) {
    event.preventDefault();
    location.reload();
  }
});

startForms(send);
startReactions();
startCopying();
startSending();
startVisit();
startKeys();
live('#comments', happened, takeOver, state => {
  if (state === 'ended') reveal('gone');
  if (state !== 'live') presence();
});
