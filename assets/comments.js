// Comments as they come, change and go. Every frame may come twice: the element's id and its version decide.
// Where a comment stands is the server's rule (`arrange` in model/thread.rs): by number, three levels at most.
import { arrived, say } from "./announce.js";
import { leave, replyingTo, visit } from "./forms.js";
import { keepFocus, part, plural, steady, swap } from "./parts.js";

const PER_PAGE = 100; // threads on one page of comments, as on the server
const DEEPEST = 2; // answers to a comment of this depth stand beside it
const MISSING = 3000; // milliseconds that an answer waits for the comment it answers

const talk = document.getElementById('comments');
const threads = () => document.getElementById('threads');
const find = id => document.getElementById(`comment-${id}`);
const idOf = article => article.id.slice('comment-'.length);
const newer = (a, b) => +a.dataset.version > +b.dataset.version;

const waiting = new Map(); // a comment's id → the answers that came before it
const held = new Map(); // a comment's id → its newer article, until the reader has let go of the text selected in it
let overdue, heal = () => {};

/** Has `renew` called when an answer waits in vain, because the comment that it answers never came. */
export function onMissing(renew) {
  heal = renew;
}

/** Applies a `comment:…` event. A rejected one was only ever seen by its writer. */
export function comment(kind, frame) {
  if (/:(deleted|rejected)$/.test(kind)) steady(() => remove(frame.comment, frame.html));
  else if (/:(created|updated)$/.test(kind)) steady(() => upsert(frame.html));
  else return;
  count(frame.count);
}

function upsert(html) {
  const article = part(html), old = document.getElementById(article.id);
  if (old) replace(old, article);
  else if (onThisPage(article)) place(article);
}

const onThisPage = article => Math.ceil(article.dataset.thread / PER_PAGE) === +(talk.dataset.page || 1);

// ---- change

function replace(old, article) {
  if (old.dataset.state !== 'pending' && !newer(article, old)) return;
  const selection = getSelection();
  if (!selection.isCollapsed && selection.containsNode(old, true)) {
    held.set(idOf(article), article);
    return;
  }
  // The reactions have events and versions of their own, and only the form in the page knows which are the reader's.
  const mine = old.querySelector('.react'), theirs = article.querySelector('.react');
  keepFocus(() => {
    if (mine && theirs) theirs.replaceWith(mine);
    swap(old, article);
  });
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

/** Puts an article where the server would, and the answers that waited for it. Without what it answers, it waits too. */
function place(article) {
  const id = idOf(article), { parent } = article.dataset, answered = parent && find(parent);
  if (parent && !answered) return wait(article);
  const item = document.createElement('li');
  item.className = 'thread';
  item.id = `thread-${id}`;
  item.append(article);
  const home = answered ? repliesTo(answered.closest('li')) : threads();
  const before = [...home.children].findLast(other => number(other) < number(item));
  if (before) before.after(item);
  else home.prepend(item);
  talk.querySelector('.empty')?.remove();
  if (!article.dataset.state) markNew(article);
  const answers = waiting.get(id) ?? [];
  waiting.delete(id);
  answers.forEach(place);
}

function markNew(article) {
  article.dataset.state = 'new';
  arrived();
}

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
  for (const [parent, answers] of waiting) {
    const left = answers.filter(answer => idOf(answer) !== id);
    if (left.length) waiting.set(parent, left);
    else waiting.delete(parent);
  }
}

const number = item => +item.querySelector('.comment').dataset.number;

function repliesTo(item) {
  let depth = 0;
  for (let up = item; (up = up.parentElement.closest('li'));) depth++;
  if (depth >= DEEPEST) return item.parentElement;
  let replies = item.querySelector(':scope > ol');
  if (!replies) {
    replies = document.createElement('ol');
    replies.className = 'replies';
    item.append(replies);
  }
  return replies;
}

// ---- go

function remove(id, html) {
  const old = find(id), tombstone = html && part(html);
  forget(String(id));
  if (old && replyingTo() === String(id)) {
    leave();
    say('The comment you were answering was deleted. Your text is kept.');
  }
  if (!tombstone) {
    if (old) take(old);
  } else if (!old) {
    if (onThisPage(tombstone)) place(tombstone);
  } else if (newer(tombstone, old) || old.dataset.state !== 'deleted') {
    old.parentElement.querySelector(':scope > .own')?.remove();
    swap(old, tombstone);
  }
}

// Replies that still hang on it are deleted too, or the server had sent a tombstone; their own events follow.
// A tombstone above it goes as well once nothing is left below.
function take(article) {
  const item = article.closest('li'), { parent } = article.dataset, replies = item.parentElement;
  if (item.querySelector('#respond')) leave();
  item.remove();
  if (!replies.children.length && replies !== threads()) replies.remove();
  const above = find(parent);
  if (above?.dataset.state === 'deleted' && !talk.querySelector(`.comment[data-parent="${parent}"]`)) take(above);
}

function count(n) {
  if (n == null) return;
  talk.querySelector('.count').textContent = plural(n, 'comment');
  const toc = document.querySelector('.toc a[href="#comments"]');
  if (/\d/.test(toc?.textContent)) toc.textContent = plural(n, 'comment');
}

// ---- start again

/** Takes over the comments of the same section in a freshly fetched page; what is being written stays. */
export function renewComments(fresh) {
  waiting.clear();
  held.clear();
  steady(() => visit(() => {
    const list = fresh.querySelector('#threads');
    for (const article of list.querySelectorAll('.comment')) {
      if (!article.dataset.state && !document.getElementById(article.id)) markNew(article);
    }
    swap(threads(), list);
    if (list.children.length) talk.querySelector('.empty')?.remove();
    talk.querySelector('.count').textContent = fresh.querySelector('.count').textContent;
  }));
}
