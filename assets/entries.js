// A liveblog's entries as they come, change and go. As with comments, the element's id and its version decide, what would
// move something on screen waits behind a button, and what changes on screen keeps its room.
import { say } from "./announce.js";
import { calm } from "./arrivals.js";
import { lazily, part, steady, swap } from "./parts.js";

const PAUSE = 5000; // milliseconds in which arrivals are announced together
const FEW = 4; // with more entries than this, a link leads to the newest, as on the server

const book = document.getElementById('entries'), button = document.getElementById('fresh');
const section = () => book.querySelector('section');
const list = () => book.querySelector('.entries');
const find = number => document.getElementById(`entry-${number}`);
const newer = (a, b) => +a.dataset.version > +b.dataset.version;
const named = (n, word = '') => `${n.toLocaleString('en')} ${word}${n === 1 ? 'entry' : 'entries'}`;

const queue = new Map(); // an entry's number → its article, which waits behind the button

/** Applies an `entry:…` event. */
export function entry(kind, { entry: { number }, html, count, url }) {
  steady(() => {
    if (html) upsert(number, part(html));
    else remove(number);
    section().hidden = !count || !list().children.length && onThisPage(number);
    book.querySelector('.count').textContent = named(count);
    const jump = book.querySelector('.jump'), link = jump.querySelector('a');
    jump.hidden = count <= FEW;
    if (number > +/\d+$/.exec(link.hash)) link.href = url;
    const last = list().lastElementChild;
    if (!html && link.hash === `#entry-${number}` && last) link.href = `#${last.id}`;
  });
  draw();
}

const onThisPage = number => Math.ceil(number / book.dataset.each) === +book.dataset.page;

function upsert(number, article) {
  const old = find(number) ?? queue.get(number);
  if (!old) {
    if (!onThisPage(number)) return tell();
    queue.set(number, article);
    if (isFree()) release();
    tell();
  } else if (newer(article, old)) {
    if (queue.has(number)) queue.set(number, article);
    else replace(number, article);
  }
}

/** Whether the end of the entries is below what is on screen, and nobody selects or types. */
const isFree = () => calm() && book.getBoundingClientRect().bottom >= innerHeight;

// Puts what waits into the page; the first of it.
function release() {
  const articles = [...queue].sort(([a], [b]) => a - b).map(([, article]) => article);
  queue.clear();
  section().hidden = false;
  for (const article of articles) {
    let before = list().lastElementChild;
    while (before && +before.dataset.number > +article.dataset.number) before = before.previousElementSibling;
    article.dataset.state = 'new';
    if (before) before.after(article);
    else list().prepend(article);
  }
  draw();
  return articles[0];
}

// A text in which something is selected is replaced once the reader has let go of it.
function replace(number, article) {
  const old = find(number), selection = getSelection();
  if (!old || !newer(article, old)) return;
  if (!selection.isCollapsed && selection.containsNode(old, true)) {
    document.addEventListener('selectionchange', () => replace(number, article), { once: true });
    return;
  }
  const { height } = old.getBoundingClientRect(), held = isSeen(old);
  article.dataset.state = 'new';
  swap(old, article);
  if (held) hold(article, height);
}

function remove(number) {
  queue.delete(number);
  const old = find(number);
  if (!old) return;
  if (!isSeen(old)) return old.remove();
  const hole = document.createElement('div'), { height } = old.getBoundingClientRect();
  Object.assign(hole.dataset, { number, state: 'gone' });
  if (old.contains(document.activeElement)) book.querySelector('h2').focus();
  old.replaceWith(hole);
  hold(hole, height);
}

function isSeen(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

// It keeps exactly this room until the reader has looked elsewhere.
function hold(element, height) {
  element.style.cssText = `block-size:${height}px;overflow:auto`;
  released.observe(element);
}

const released = new IntersectionObserver(entries => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) continue;
    released.unobserve(target);
    steady(() => {
      if (target.dataset.state === 'gone') target.remove();
      else target.style.cssText = '';
    });
  }
});

const draw = lazily(() => {
  button.hidden = !queue.size;
  button.querySelector('.count').textContent = named(queue.size, 'new ');
});

let untold = 0, telling;
function tell() {
  untold++;
  telling ??= setTimeout(() => {
    say(named(untold, 'new '));
    untold = 0;
    telling = null;
  }, PAUSE);
}

/** Takes over the entries of a freshly fetched page. */
export function renewEntries(fresh) {
  queue.clear();
  const section = fresh.querySelector('#entries section');
  for (const article of section.querySelectorAll('.entry')) if (!document.getElementById(article.id)) article.dataset.state = 'new';
  steady(() => swap(book.querySelector('section'), section));
  draw();
}

button?.addEventListener('click', () => {
  let first;
  steady(() => { first = release(); });
  first.scrollIntoView({ block: 'center' });
  first.focus({ preventScroll: true });
});
// Whoever scrolls up to the text finds what waited, without having seen it move.
if (book) addEventListener('scroll', lazily(() => { if (queue.size && isFree()) release(); }), { passive: true });
