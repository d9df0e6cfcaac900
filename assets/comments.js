// Comments as they come, change and go. Every frame may come twice: the element's id and its version decide.
// Where a comment stands is the server's rule (`arrange` in model/thread.rs): by number, three levels at most.
import { arrived, say } from "./announce.js";
import { calm, drawPill, markNew, queue, startPill } from "./arrivals.js";
import { leave, replyingTo, visit } from "./forms.js";
import { keepFocus, lazily, part, plural, steady, swap } from "./parts.js";

const PER_PAGE = 100; // threads on one page of comments, as on the server
const DEEPEST = 2; // answers to a comment of this depth stand beside it
const HANDFUL = 20; // comments that a page takes in without a halt
const MISSING = 3000; // milliseconds that an answer waits for the comment it answers

const talk = document.getElementById('comments');
/** Whether the comments stand in one row and the form stays below them. */
export const inChat = !!talk?.matches('.chat');
const threads = () => document.getElementById('threads');

/** The article of a comment, if it is in the page. */
export const find = id => document.getElementById(`comment-${id}`);
const idOf = article => article.id.slice('comment-'.length);
const newer = (a, b) => +a.dataset.version > +b.dataset.version;

const waiting = new Map(); // a comment's id → the answers that came before it and before its place behind the pill
const held = new Map(); // a comment's id → its newer article, until the reader has let go of the text selected in it
let overdue, heal = () => {};

/** Has `renew` called when an answer waits in vain, because the comment that it answers never came. */
export function onMissing(renew) {
  heal = renew;
}

/**
 * Applies a `comment:…` event. A rejected one was only ever seen by its writer. What it did, where it did something:
 * `new`, `edited` or `removed`.
 */
export function comment(kind, frame) {
  let done;
  if (/:(deleted|rejected)$/.test(kind)) steady(() => { done = remove(frame.comment, frame.html); });
  else if (/:(created|updated)$/.test(kind)) steady(() => { done = upsert(frame.html); });
  else return;
  count(frame.count);
  drawPill();
  return done;
}

function upsert(html) {
  const article = part(html), id = idOf(article), old = document.getElementById(article.id);
  if (old) return replace(old, article);
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
const onThisPage = article => {
  const page = Math.ceil(article.dataset.thread / PER_PAGE), { page: here = 1, latest } = talk.dataset;
  return page === +here || (latest != null && page > here);
};

// ---- change

function replace(old, article) {
  const { state } = old.dataset;
  if (state !== 'pending' && !newer(article, old)) return;
  const selection = getSelection();
  if (!selection.isCollapsed && selection.containsNode(old, true)) {
    held.set(idOf(article), article);
    return 'edited';
  }
  if (state === 'new') article.dataset.state = state;
  // The reactions have events and versions of their own, and only the form in the page knows which are the reader's.
  const mine = old.querySelector('.react'), theirs = article.querySelector('.react');
  keepFocus(() => {
    if (mine && theirs) theirs.replaceWith(mine);
    exchange(old, article);
  });
  return 'edited';
}

// On screen the fresh one takes exactly the room of the old one, until the reader has looked elsewhere.
function exchange(old, fresh) {
  const { top, bottom, height } = old.getBoundingClientRect();
  swap(old, fresh);
  if (bottom > 0 && top < innerHeight) hold(fresh, height);
}

const released = new IntersectionObserver(entries => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) continue;
    released.unobserve(target);
    steady(() => {
      target.style.cssText = '';
      if (target.dataset.state === 'gone') take(target);
    });
  }
});

function hold(article, height) {
  if (article.getBoundingClientRect().height === height) return;
  article.style.cssText = `block-size:${height}px;overflow:auto`;
  released.observe(article);
}

document.addEventListener('selectionchange', () => {
  if (!held.size || !getSelection().isCollapsed) return;
  const articles = [...held];
  held.clear();
  for (const [id, article] of articles) {
    if (find(id)) steady(() => replace(find(id), article));
  }
});

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
    const item = document.createElement('li');
    item.className = 'thread';
    item.id = `thread-${id}`;
    item.append(article);
    if (before) before.after(item);
    else (list ?? newReplies(answered.parentElement)).prepend(item);
    talk.querySelector('.empty')?.remove();
    if (!now) low = item;
    if (!state && now !== 'own' && !passes()) markNew(article);
  }
  const answers = waiting.get(id) ?? [];
  waiting.delete(id);
  answers.forEach(answer => place(answer, now));
}

// What is put below something that is below the window is there too: no need to lay the page out for each of many.
let low;
const lookAgain = lazily(() => { low = null; });
addEventListener('scroll', () => { low = null; }, { passive: true });

// Whether what is put at the end of a chat is seen at once, because the page goes along with it (chat.js).
const passes = () => inChat && 'follow' in talk.dataset && !document.hidden;

/** Whether something may be put after `element`, or at its head, now. */
function isFree(element, atHead) {
  if (inChat && 'follow' in talk.dataset) return true;
  lookAgain();
  if (!calm()) return false;
  if (low?.isConnected && (low === element || low.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)) {
    return true;
  }
  const { top, bottom } = element.getBoundingClientRect();
  return (atHead ? top : bottom) >= innerHeight;
}

// Puts what waits behind the pill into the page, many of them in several turns.
function release() {
  const articles = [...queue.values()].sort((a, b) => a.dataset.number - b.dataset.number).slice(0, HANDFUL);
  steady(() => {
    for (const article of articles) {
      queue.delete(idOf(article));
      place(article, true);
    }
  });
  if (queue.size && articles.length) setTimeout(release);
  drawPill();
}
startPill(release);
talk?.addEventListener('follow', release);

function wait(article) {
  const { parent } = article.dataset;
  forget(idOf(article));
  waiting.set(parent, [...(waiting.get(parent) ?? []), article]);
  overdue ??= setTimeout(() => {
    overdue = null;
    if (waiting.size) heal();
  }, MISSING);
}

function forget(id) {
  held.delete(id);
  queue.delete(id);
  for (const [parent, answers] of waiting) {
    const left = answers.filter(answer => idOf(answer) !== id);
    if (left.length) waiting.set(parent, left);
    else waiting.delete(parent);
  }
}

const number = item => +item.firstElementChild.dataset.number;

/** The list that holds the answers to the comment of `item`, if there is one yet. */
function repliesTo(item) {
  let depth = 0;
  for (let up = item; (up = up.parentElement.closest('li'));) depth++;
  return depth >= DEEPEST ? item.parentElement : item.querySelector(':scope > ol');
}

function newReplies(item) {
  const replies = document.createElement('ol');
  replies.className = 'replies';
  item.append(replies);
  return replies;
}

// ---- the reader's own

/** Puts the item of a comment on its way below what it answers, or at the end. */
export function putAmong(item) {
  const answered = !inChat && find(item.dataset.parent)?.parentElement;
  (answered ? repliesTo(answered) ?? newReplies(answered) : threads()).append(item);
  talk.querySelector('.empty')?.remove();
}

/** Puts the real article in the place of an item on its way; one that stands on another page leads there. */
export function settleHere(item, article) {
  if (find(idOf(article))) item.remove();
  else if (!onThisPage(article)) location.assign(article.querySelector('.no').href);
  else {
    forget(idOf(article));
    if (article.dataset.parent && !find(article.dataset.parent)) release();
    place(article, 'own');
    item.remove();
  }
}

// ---- go

function remove(id, html) {
  const old = find(id), tombstone = html && part(html), behind = queue.has(String(id));
  forget(String(id));
  if (old && replyingTo() === String(id)) {
    leave(true);
    say('The comment you were answering was deleted. Your text is kept.');
  }
  if (!tombstone) {
    if (old) vanish(old);
  } else if (!old) {
    if (onThisPage(tombstone)) place(tombstone);
  } else if (newer(tombstone, old) || old.dataset.state !== 'deleted') {
    old.parentElement.querySelector(':scope > .own')?.remove();
    exchange(old, tombstone);
  } else return;
  if (old || behind) return 'removed';
}

// On screen its place stays, empty, until the reader has looked elsewhere.
function vanish(article) {
  const item = article.parentElement, { top, bottom, height } = item.getBoundingClientRect();
  if (bottom < 0 || top > innerHeight) return take(article);
  if (item.querySelector('#respond')) leave();
  if (item.contains(document.activeElement)) talk.querySelector('h2').focus();
  const { number, parent } = article.dataset, hole = document.createElement('div');
  Object.assign(hole.dataset, { number, parent, state: 'gone' });
  hole.style.cssText = `block-size:${height}px;margin-block-end:-${parseFloat(getComputedStyle(item).paddingTop)}px`;
  item.replaceChildren(hole, ...item.querySelectorAll('.sent'));
  item.removeAttribute('id');
  released.observe(hole);
  takeAbove(parent);
}

// Replies that still hang on it are deleted too, or the server had sent a tombstone; their own events follow.
function take(article) {
  const item = article.parentElement, replies = item.parentElement;
  if (item.querySelector('#respond')) leave();
  item.querySelectorAll('.sent').forEach(own => threads().append(own));
  item.remove();
  if (!replies.children.length && replies !== threads()) replies.remove();
  takeAbove(article.dataset.parent);
}

// A tombstone goes as well once nothing is left below it.
function takeAbove(parent) {
  const above = parent ? find(parent) : null, hangsOn = answer => answer.dataset.parent === parent;
  if (above?.dataset.state !== 'deleted') return;
  if (![...talk.querySelectorAll('.comment'), ...queue.values()].some(hangsOn)) vanish(above);
}

let total;
const drawCount = lazily(() => {
  talk.querySelector('.count').textContent = plural(total, 'comment');
  const toc = document.querySelector('.toc a[href="#comments"]');
  if (/\d/.test(toc?.textContent)) toc.textContent = plural(total, 'comment');
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
  held.clear();
  queue.clear();
  steady(() => visit(() => {
    const list = fresh.querySelector('#threads'), own = threads().querySelectorAll('.sent'), news = [];
    for (const article of list.querySelectorAll('.comment')) {
      const old = document.getElementById(article.id);
      if (old?.dataset.state === 'new' && !article.dataset.state) article.dataset.state = 'new';
      if (!old && !article.dataset.state) news.push(article);
    }
    swap(threads(), list);
    own.forEach(putAmong);
    for (const article of news) {
      markNew(article);
      arrived();
    }
    if (list.children.length) talk.querySelector('.empty')?.remove();
    talk.querySelector('.count').textContent = fresh.querySelector('.count').textContent;
  }));
  drawPill();
}
