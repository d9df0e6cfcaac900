// What every post's page has: its comments, its reactions, who reads it, and a quiet word when its author changes it.
// Nothing here is needed; every form and link works without it.
import { say } from "./announce.js";
import { tellAbsence } from "./arrivals.js";
import { comment, renewComments } from "./comments.js";
import { startForms, vouch } from "./forms.js";
import { startKeys } from "./keys.js";
import { live } from "./live.js";
import { $, byId } from "./parts.js";
import { showReaders } from "./presence.js";
import { reaction, renewReactions, startReactions } from "./reactions.js";
import { send, settle, startSending } from "./sending.js";
import { startVisit } from "./visits.js";

/** What is shown beside the comments: by the noun of an event, and `renew` for a fresh page. The script of each kind of page adds to it. */
export const also = { hello: vouch, reaction, presence: showReaders };

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
  also.renew?.(fresh);
}

/** Shows one of the words about the post. */
export const reveal = id => { byId(id).hidden = false; };

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
startSending();
startVisit();
startKeys();
live('#comments', happened, takeOver, state => {
  if (state === 'ended') reveal('gone');
  if (state !== 'live') showReaders();
});
