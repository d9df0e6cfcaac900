// A comment on its way: shown at once, made real by the answer or by the event, whichever comes first, and never lost.
// What was not sent is kept in this browser and can be sent again, under the same mark, or taken back into the form.
import { say } from "./announce.js";
import { putAmong, settleHere } from "./comments.js";
import { takeBack } from "./forms.js";
import { $, byId, goTo, inChat, keep, kept, part, steady } from "./parts.js";

const ANSWERED = 30_000; // milliseconds that an answer may take

const slug = $('#comments')?.dataset.post;
const blank = $('#sending');
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
  const item = display(fields);
  if (!inChat) goTo(item.firstElementChild); // there the page goes along and the form keeps the focus
  attempt(item, fields);
}

function display(fields) {
  const item = blank.content.firstElementChild.cloneNode(true);
  item.dataset.parent = fields.get('parent');
  $('h3', item).textContent = fields.get('name');
  $('.prose', item).textContent = fields.get('body');
  $('.retry', item).onclick = () => attempt(item, fields);
  $('.take', item).onclick = () => {
    drop(fields.get('op'));
    item.remove();
    takeBack(fields);
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
  $('.badge', item).textContent = word;
}

function fail(item, why) {
  mark(item, 'unsent', 'not sent');
  $('.note', item).textContent = why;
  say(`Your comment was not sent. ${why}`);
}

function drop(op) {
  onTheirWay.delete(op);
  keep(shelf + op, '');
}

/** The comment of attempt `op` has become real, as the answer or the event tells. False if it is not from this page. */
export function settle(op, { html, thread }) {
  const item = onTheirWay.get(op), article = part(html), own = thread && $('.own', part(thread));
  if (item) {
    const focused = item.contains(document.activeElement);
    drop(op);
    steady(() => settleHere(item, article));
    if (focused) byId(article.id)?.focus({ preventScroll: true });
    say(`Your comment is posted. ${$(':scope > .note', article)?.textContent ?? ''}`);
  }
  const real = byId(article.id);
  if (own && real && !$(':scope > .own', real.parentElement)) real.after(own);
  return !!item;
}
