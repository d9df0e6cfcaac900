// Keeps a page alive: follows the stream of what it shows, applies what comes, and says how the connection is.
import { say } from "./announce.js";
import { personal } from "./me.js";
import { $, page } from "./parts.js";
import { follow } from "./stream.js";
import { inTurns } from "./turns.js";

const todo = [];

function receive(...event) {
  todo.push(event);
  work();
}

const work = inTurns(() => {
  const event = todo.shift();
  try {
    if (event && !personal(...event)) apply(...event);
  } catch (error) {
    reportError(error); // one event that cannot be shown must not stop the ones behind it
  }
  return event;
});

let root, apply, renew, onState;

/**
 * Follows the stream that the element `css` names. `show(kind, frame, missed)` applies an event, `take(page)` takes over a
 * freshly fetched page, `hear(state)` is told of the connection. The window's event `missing` has the page fetched again.
 */
export function live(css, show, take, hear) {
  [root, apply, renew, onState] = [css, show, take, hear];
  if ($(root)?.dataset.events) addEventListener('missing', follow($(root).dataset, receive, tell, refetch));
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
  onState?.(next);
  state = next;
  $(root).dataset.live = { ended: 'offline', polling: 'live' }[next] ?? next;
  const line = $('#live-state');
  if (!line) return;
  $('.txt', line).textContent = next === 'polling' ? 'Updates every 25 s' : next[0].toUpperCase() + next.slice(1);
  line.hidden = false;
}

// The page's own address may be that of a form that came back with errors, so the post's is taken from the stream's.
async function refetch() {
  const path = $(root).dataset.events.replace(/\/events$/, '') || location.pathname;
  const answer = await fetch(path + location.search, { cache: 'no-store', headers: { accept: 'text/html' } });
  if (!answer.ok) throw answer;
  todo.length = 0; // the fresh page is newer than what has come
  const fresh = page(await answer.text()), { after, at } = $(root, fresh).dataset;
  renew(fresh);
  return { after, at };
}
