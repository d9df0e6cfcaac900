// The entry: starts what the page has room for. Nothing here is needed; every form and link works without it.
import { say } from "./announce.js";
import { tellAbsence } from "./arrivals.js";
import { comment, renewComments } from "./comments.js";
import { startCopying } from "./copy.js";
import { startForms } from "./forms.js";
import { startKeys } from "./keys.js";
import { personal, startMe } from "./me.js";
import { $, $$, byId, page } from "./parts.js";
import { renewPosts, reveal, row, thisPost } from "./posts.js";
import { presence } from "./presence.js";
import { reaction, renewReactions, startReactions } from "./reactions.js";
import { send, settle, startSending } from "./sending.js";
import { follow } from "./stream.js";
import { startVisit } from "./visits.js";

// What a page follows: the comments of its post, or the list of posts.
const id = ['comments', 'posts'].find(id => byId(id)?.dataset.events);
const followed = () => byId(id);
const inPost = id === 'comments';

const SLICE = 8; // milliseconds of applying events before the browser has its turn

// However many come at once, the page stays at hand.
const todo = [];
let turn;

function receive(...event) {
  todo.push(event);
  turn ??= setTimeout(work);
}

function work() {
  const end = performance.now() + SLICE;
  while (todo.length && performance.now() < end) {
    try {
      apply(...todo.shift());
    } catch (error) {
      reportError(error); // one event that cannot be shown must not stop the ones behind it
    }
  }
  turn = todo.length ? setTimeout(work) : null;
}

function apply(kind, frame, missed) {
  if (personal(kind, frame)) return;
  if (!inPost) row(kind, frame);
  else if (kind.startsWith('comment:')) {
    if (frame.op && frame.html && settle(frame.op, frame)) missed = false;
    const done = comment(kind, frame);
    if (missed && done) absent(done);
  } else if (kind === 'reaction:updated') reaction(frame);
  else if (kind === 'presence') presence(frame);
  else thisPost(kind);
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
  if (next !== 'live') presence();
  state = next;
  followed().dataset.live = { ended: 'offline', polling: 'live' }[next] ?? next;
  const line = $('#live-state');
  if (!line) return;
  $('.txt', line).textContent = next === 'polling' ? 'Updates every 25 s' : next[0].toUpperCase() + next.slice(1);
  line.hidden = false;
}

// The page's own address may be that of a form that came back with errors, so the post's is taken from the stream's.
async function refetch() {
  const path = followed().dataset.events.replace(/\/events$/, '') || location.pathname;
  const answer = await fetch(path + location.search, { cache: 'no-store', headers: { accept: 'text/html' } });
  if (!answer.ok) throw answer;
  todo.length = 0; // the fresh page is newer than what has come
  const fresh = page(await answer.text()), { after, at } = $(`#${id}`, fresh).dataset;
  if (inPost) {
    renewComments(fresh);
    renewReactions(fresh);
  } else renewPosts(fresh);
  return { after, at };
}

startForms(send);
startReactions();
startCopying();
if (inPost) {
  startSending();
  startVisit();
  startKeys();
}
if (id) {
  const renew = follow(followed().dataset, receive, tell, refetch);
  addEventListener('missing', renew);
} else startMe();
