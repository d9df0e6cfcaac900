// Comments as they come, change and go. Every frame may come twice: the element's id and its version decide.
// Where a comment stands is the server's rule (`arrange` in model/thread.rs): by number, three levels at most.
import { arrived, say } from "./announce.js";
import { calm, drawPill, markNew, queue, startPill } from "./arrivals.js";
import { leave, replyingTo, visit } from "./forms.js";
import { $, $$, byId, find, idOf, inChat, keepFocus, lazily, make, newer, part, plural, steady, swap } from "./parts.js";
import { exchange, isSelected, keepRoom } from "./rooms.js";
import { inTurns } from "./turns.js";

const PER_PAGE = 100; // threads on one page of comments, as on the server
const DEEPEST = 2; // answers to a comment of this depth stand beside it
const MISSING = 3000; // milliseconds that an answer waits for the comment it answers

/** The section of the comments. */
export const talk = $('#comments');
/** Whether the page of a chat goes along with its end (chat.js). */
export const follows = () => 'follow' in talk.dataset;
const threads = () => $('#threads');

const waiting = new Map(); // a comment's id → its article, until what it answers has come, if only behind the pill
let overdue;

/**
 * Applies a `comment:…` event. A rejected one was only ever seen by its writer. What it did, where it did something:
 * `new`, `edited` or `removed`.
 */
export function comment(kind, frame) {
  if (/approved|pending/.test(kind)) return; // a word to one reader; the comment itself is told to everyone
  const done = steady(() => (/deleted|rejected/.test(kind) ? remove(`${frame.comment}`, frame.html) : upsert(frame.html)));
  count(frame.count);
  drawPill();
  return done;
}

function upsert(html) {
  const article = part(html), id = idOf(article);
  if (byId(article.id)) return replace(article);
  if (!queue.has(id)) {
    if (!onThisPage(article)) return 'new';
    place(article);
    arrived();
    return 'new';
  }
  if (!newer(article, queue.get(id))) return;
  queue.set(id, article);
  return 'edited';
}

// The newest page of a chat goes on and on.
const onThisPage = ({ dataset }) => Math.min(Math.ceil(dataset.thread / PER_PAGE), talk.dataset.latest ?? 1e9) === +talk.dataset.page;

// ---- change

function replace(article) {
  const old = byId(article.id), state = old?.dataset.state;
  if (!old || (state !== 'pending' && !newer(article, old))) return;
  if (!isSelected(old, () => steady(() => replace(article)))) {
    if (state === 'new') article.dataset.state = state;
    // The reactions have events and versions of their own, and only the form in the page knows which are the reader's.
    const mine = $('.react', old), theirs = $('.react', article);
    keepFocus(() => {
      if (mine && theirs) theirs.replaceWith(mine);
      exchange(old, article);
    });
  }
  return 'edited';
}

// ---- arrive

/**
 * Puts an article where the server would, and the answers that waited for it. Without what it answers, it waits too;
 * and behind the pill, unless the reader wants it `now` or it moves nothing on screen.
 */
function place(article, now) {
  const id = idOf(article), { parent, state } = article.dataset, answered = parent && find(parent);
  if (parent && !answered && !queue.has(parent)) return wait(article);
  const list = answered ? repliesTo(answered.parentElement) : parent ? null : threads();
  let before = list?.lastElementChild;
  while (before && number(before) > +article.dataset.number) before = before.previousElementSibling;
  const edge = before ?? list ?? answered?.parentElement;
  if (!now && !(edge && isFree(edge, edge === list))) {
    queue.set(id, article);
  } else {
    const item = make('li', { className: 'thread', id: `thread-${id}` });
    item.append(article);
    if (before) before.after(item);
    else (list ?? newReplies(answered.parentElement)).prepend(item);
    if (!state && now !== 'own' && !follows()) markNew(article);
  }
  for (const [reply, answer] of waiting) {
    if (answer.dataset.parent === id && waiting.delete(reply)) place(answer, now);
  }
}

/** Whether something may be put after `element`, or at its head, now. */
function isFree(element, atHead) {
  if (follows()) return true;
  if (!calm()) return false;
  const { top, bottom } = element.getBoundingClientRect();
  return (atHead ? top : bottom) >= innerHeight;
}

/** Puts a comment that waits behind the pill into the page, below all that it answers. */
function admit(id) {
  const article = queue.get(id);
  if (!article) return;
  admit(article.dataset.parent);
  queue.delete(id);
  steady(() => place(article, true));
  drawPill();
}

const admitAll = inTurns(() => {
  const [id] = queue.keys();
  admit(id);
  return id;
});

/**
 * Puts all of them into the page as they are read. What is on screen with the first one, to which the reader is led, goes in
 * with it; what comes in turns after that is further down and moves nothing.
 */
export function release() {
  const all = [...queue].map(([id, article]) => [id, article, path(article)]).sort(inOrder);
  queue.clear();
  for (const [id, article] of all) queue.set(id, article);
  let end;
  for (const [id, article] of all) {
    admit(id);
    const top = article.getBoundingClientRect().top + scrollY;
    if (top > (end ??= top + innerHeight)) break;
  }
  setTimeout(admitAll);
}

/** The numbers of all that an article answers, as far as it stands below that, and its own. */
function path({ dataset: { parent, number } }) {
  const above = queue.get(parent) ?? (parent && find(parent));
  return [...(above ? path(above).slice(0, DEEPEST) : []), +number];
}

function inOrder([, , a], [, , b]) {
  const at = a.findIndex((number, level) => number !== b[level]);
  return at < 0 ? a.length - b.length : a[at] - (b[at] ?? 0);
}
startPill(release);

function wait(article) {
  waiting.set(idOf(article), article);
  overdue ??= setTimeout(() => {
    overdue = null;
    if (waiting.size) dispatchEvent(new Event('missing')); // what it answers never came: the page is read anew
  }, MISSING);
}

function forget(id) {
  queue.delete(id);
  waiting.delete(id);
}

const number = item => +item.firstElementChild.dataset.number;

/** The list that holds the answers to the comment of `item`, if there is one yet. */
function repliesTo(item) {
  let depth = 0;
  for (let up = item; (up = up.parentElement.closest('li'));) depth++;
  return depth >= DEEPEST ? item.parentElement : $(':scope > ol', item);
}

function newReplies(item) {
  const replies = make('ol', { className: 'replies' });
  item.append(replies);
  return replies;
}

// ---- the reader's own

/** Puts the item of a comment on its way below what it answers, or at the end. */
export function putAmong(item) {
  const answered = !inChat && find(item.dataset.parent)?.parentElement;
  (answered ? repliesTo(answered) ?? newReplies(answered) : threads()).append(item);
}

/** Puts the real article in the place of an item on its way; one that stands on another page leads there. */
export function settleHere(item, article) {
  if (find(idOf(article))) item.remove();
  else if (!onThisPage(article)) location.assign($('.no', article).href);
  else {
    forget(idOf(article));
    admit(article.dataset.parent);
    place(article, 'own');
    item.remove();
  }
}

// ---- go

function remove(id, html) {
  const old = find(id), tombstone = html && part(html), behind = queue.has(id);
  forget(id);
  if (old && replyingTo() === id) {
    leave(true);
    say('The comment you were answering was deleted. Your text is kept.');
  }
  if (!tombstone) {
    if (old) vanish(old);
  } else if (!old) {
    if (onThisPage(tombstone)) place(tombstone);
  } else if (newer(tombstone, old) || old.dataset.state !== 'deleted') {
    $(':scope > .own', old.parentElement)?.remove();
    exchange(old, tombstone);
  } else return;
  if (old || behind) return 'removed';
}

// On screen its place stays, empty, until the reader has looked elsewhere.
function vanish(article) {
  const item = article.parentElement, { top, bottom, height } = item.getBoundingClientRect();
  if ($('#respond', item)) leave();
  if (bottom < 0 || top > innerHeight) return take(article);
  if (item.contains(document.activeElement)) $('h2', talk).focus();
  const { number, parent } = article.dataset, hole = make('div');
  Object.assign(hole.dataset, { number, parent, state: 'gone' });
  item.replaceChildren(hole, ...$$('.sent', item));
  item.removeAttribute('id');
  keepRoom(hole, height, `margin-block-end:-${parseFloat(getComputedStyle(item).paddingTop)}px`, take);
  takeAbove(parent);
}

// Replies that still hang on it are deleted too, or the server had sent a tombstone; their own events follow.
function take(article) {
  const item = article.parentElement, replies = item.parentElement;
  $$('.sent', item).forEach(own => threads().append(own));
  item.remove();
  if (!replies.children.length && replies !== threads()) replies.remove();
  takeAbove(article.dataset.parent);
}

// A tombstone goes as well once nothing is left below it.
function takeAbove(parent) {
  const above = parent ? find(parent) : null, hangsOn = answer => answer.dataset.parent === parent;
  if (above?.dataset.state !== 'deleted') return;
  if (![...$$('.comment', talk), ...queue.values()].some(hangsOn)) vanish(above);
}

let total;
const drawCount = lazily(() => {
  for (const place of $$('.total')) place.textContent = plural(total, 'comment');
});

function count(n) {
  if (n == null) return;
  total = n;
  drawCount();
}

// ---- start again

/** Takes over the comments of the same section in a freshly fetched page; what is being written stays. */
export function renewComments(fresh) {
  waiting.clear();
  queue.clear();
  steady(() => visit(() => {
    const list = $('#threads', fresh), own = $$('.sent', threads()), news = [];
    for (const article of $$('.comment', list)) {
      const old = byId(article.id);
      if (old?.dataset.state === 'new' && !article.dataset.state) article.dataset.state = 'new';
      if (!old && !article.dataset.state) news.push(article);
    }
    swap(threads(), list);
    own.forEach(putAmong);
    for (const article of news) {
      markNew(article);
      arrived();
    }
    swap($('.total', talk), $('.total', fresh));
  }));
  drawPill();
}
