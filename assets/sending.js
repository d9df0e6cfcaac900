// A comment on its way: shown at once, made real by the answer or by the event, whichever comes first, and never lost.
// What was not sent is kept in this browser and can be sent again, under the same mark, or taken back into the form.
import { say } from "./announce.js";
import { find, inChat, putAmong, settleHere } from "./comments.js";
import { takeBack } from "./forms.js";
import { keep, kept, part, steady } from "./parts.js";

const ANSWERED = 30_000; // milliseconds that an answer may take

const slug = document.getElementById('comments')?.dataset.post;
const blank = document.getElementById('sending');
const shelf = `unsent:${slug}:`; // an attempt's mark → its fields, in this browser's storage
const onTheirWay = new Map(); // an attempt's mark → its item in the page

/** Shows what was not sent when the page was last closed. */
export function startSending() {
  if (!blank) return;
  try {
    const ours = Object.keys(localStorage).filter(key => key.startsWith(shelf));
    for (const key of ours) fail(display(new URLSearchParams(kept(key))), 'The page was closed before it was sent.');
  } catch { /* no storage, nothing kept */ }
}

/** Sends a comment's fields, and shows it meanwhile. */
export function send(fields) {
  keep(shelf + fields.get('op'), fields.toString());
  const item = display(fields), article = item.firstElementChild;
  if (!inChat) { // where the page goes along and the form keeps the focus
    article.scrollIntoView({ block: 'nearest' });
    article.focus({ preventScroll: true });
  }
  attempt(item, fields);
}

function display(fields) {
  const item = blank.content.firstElementChild.cloneNode(true);
  item.dataset.parent = fields.get('parent');
  item.querySelector('h3').textContent = fields.get('name');
  item.querySelector('.prose').textContent = fields.get('body');
  item.querySelector('.retry').onclick = () => attempt(item, fields);
  item.querySelector('.take').onclick = () => {
    drop(fields.get('op'));
    item.remove();
    takeBack(fields, find(fields.get('parent')));
  };
  putAmong(item);
  onTheirWay.set(fields.get('op'), item);
  return item;
}

async function attempt(item, fields) {
  const op = fields.get('op');
  mark(item, 'sending', 'sending');
  let told, why = 'The server cannot be reached.';
  try {
    const answer = await fetch(`/posts/${slug}/comments`, {
      method: 'POST', body: fields, headers: { accept: 'application/json' }, signal: AbortSignal.timeout(ANSWERED),
    });
    told = await answer.json();
    if (!answer.ok) {
      why = Object.values(told.fields ?? {}).join('. ') || told.error;
      told = null;
    }
  } catch { /* not reached, or not answered by us */ }
  if (told) settle(op, told);
  else if (onTheirWay.has(op)) fail(item, why); // unless its event came, and it was sent after all
}

function mark(item, state, word) {
  item.firstElementChild.dataset.state = state;
  item.querySelector('.badge').textContent = word;
}

function fail(item, why) {
  mark(item, 'unsent', 'not sent');
  item.querySelector('.note').textContent = why;
  say(`Your comment was not sent. ${why}`);
}

function drop(op) {
  onTheirWay.delete(op);
  keep(shelf + op, '');
}

/** The comment of attempt `op` has become real, as the answer or the event tells. False if it is not from this page. */
export function settle(op, { html, thread }) {
  const item = onTheirWay.get(op), article = part(html), own = thread && part(thread).querySelector('.own');
  if (item) {
    const focused = item.contains(document.activeElement);
    drop(op);
    steady(() => settleHere(item, article));
    const real = find(article.id.slice(8));
    if (focused) real?.focus({ preventScroll: true });
    const pending = article.dataset.state === 'pending';
    say(pending ? 'Your comment waits for approval. Only you can see it.' : 'Your comment is posted.');
  }
  const real = own && document.getElementById(article.id);
  if (real && !real.parentElement.querySelector(':scope > .own')) real.after(own);
  return !!item;
}
