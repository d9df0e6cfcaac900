// The entry: starts what the page has room for. Nothing here is needed; every form and link works without it.
import { comment, onMissing, renewComments } from "./comments.js";
import { say } from "./announce.js";
import { startCopying } from "./copy.js";
import { startForms } from "./forms.js";
import { personal, startMe } from "./me.js";
import { page } from "./parts.js";
import { renewPosts, reveal, row, thisPost } from "./posts.js";
import { reaction, renewReactions, startReactions } from "./reactions.js";
import { follow } from "./stream.js";

const WORDS = { live: 'Live', reconnecting: 'Reconnecting', offline: 'Offline', ended: 'Ended' };

// What a page follows: the comments of its post, or the list of posts.
const id = ['comments', 'posts'].find(id => document.getElementById(id)?.dataset.events);
const followed = () => document.getElementById(id);
const inPost = id === 'comments';

function apply(kind, frame) {
  if (personal(kind, frame)) return;
  if (!inPost) row(kind, frame);
  else if (kind.startsWith('comment:')) comment(kind, frame);
  else if (kind === 'reaction:updated') reaction(frame);
  else thisPost(kind);
}

// A connection that is renewed within a second is not worth a word.
let state, soon;
function tell(next) {
  clearTimeout(soon);
  if (state === 'live' && next === 'reconnecting') soon = setTimeout(showState, 1000, next);
  else showState(next);
}

function showState(next) {
  if (next === 'offline') say('Offline. What is new will not appear.');
  else if (state === 'offline' && next === 'live') say('Live again.');
  if (next === 'ended') reveal('gone');
  state = next;
  followed().dataset.live = next === 'ended' ? 'offline' : next;
  for (const link of document.querySelectorAll('.nojs')) link.hidden = next === 'live';
  const line = document.getElementById('live-state');
  if (!line) return;
  line.querySelector('.txt').textContent = WORDS[next];
  line.hidden = false;
}

// The page's own address may be that of a form that came back with errors, so the post's is taken from the stream's.
async function refetch() {
  const path = followed().dataset.events.replace(/\/events$/, '') || location.pathname;
  const answer = await fetch(path + location.search, { cache: 'no-store', headers: { accept: 'text/html' } });
  if (!answer.ok) throw new Error(`the page could not be fetched again: ${answer.status}`);
  const fresh = page(await answer.text()), { after, at } = fresh.getElementById(id).dataset;
  if (inPost) {
    renewComments(fresh);
    renewReactions(fresh);
  } else renewPosts(fresh);
  return { after, at };
}

startForms();
startReactions();
startCopying();
if (id) {
  const { events: url, after, at } = followed().dataset;
  const stream = follow({ url, after, at, onEvent: apply, onState: tell, onReset: refetch });
  onMissing(() => stream.renew({ reason: 'missing' }));
} else startMe();
