// A liveblog's entries as they come, change and go. As with comments, the element's id and its version decide, what would
// move something on screen waits behind a button, and what changes on screen keeps its room.
import { say } from "./announce.js";
import { calm } from "./arrivals.js";
import { lazily, part, steady, swap } from "./parts.js";

const BREATH = 5000; // milliseconds between two announcements of entries
const FEW = 4; // with more entries than this, a link leads to the newest, as on the server

const book = document.getElementById('entries'), freshButton = document.getElementById('fresh');
const shelved = new Map(); // an entry's number → its article, which waits behind the button

const chapter = () => book.querySelector('section');
const rowsOfBook = () => book.querySelector('.entries');
const entryOf = number => document.getElementById(`entry-${number}`);
const isHere = number => Math.ceil(number / book.dataset.each) === +book.dataset.page;
const isLater = (a, b) => +a.dataset.version > +b.dataset.version;
const entriesIn = (n, word = '') => `${n.toLocaleString('en')} ${word}${n === 1 ? 'entry' : 'entries'}`;

/** Applies an `entry:…` event. What it did, where it did something: `new`, `edited` or `removed`. */
export function entry(kind, { entry: { number }, html, count, url }) {
  let done;
  steady(() => {
    if (!html) done = dropEntry(number);
    else if (kind === 'entry:created' || isHere(number)) done = putEntry(number, part(html));
    drawChapter(number, count, html && url);
  });
  drawFresh();
  return done;
}

function putEntry(number, article) {
  const old = entryOf(number) ?? shelved.get(number);
  if (old && !isLater(article, old)) return;
  if (old && !shelved.has(number)) return renewEntry(number, article);
  if (isHere(number)) shelved.set(number, article);
  if (hasRoom()) letIn();
  if (!old) announceEntry();
  return old ? 'edited' : 'new';
}

/** Whether the end of the entries is below what is on screen, and nobody selects or types. */
const hasRoom = () => calm() && book.getBoundingClientRect().bottom >= innerHeight;

// Puts what waits into the page; returns the first of it.
function letIn() {
  const articles = [...shelved].sort(([a], [b]) => a - b).map(([, article]) => article);
  shelved.clear();
  chapter().hidden = false;
  for (const article of articles) {
    let before = rowsOfBook().lastElementChild;
    while (before && +before.dataset.number > +article.dataset.number) before = before.previousElementSibling;
    article.dataset.state = 'new';
    if (before) before.after(article);
    else rowsOfBook().prepend(article);
  }
  drawFresh();
  return articles[0];
}

// A text in which something is selected is replaced once the reader has let go of it.
function renewEntry(number, article) {
  const old = entryOf(number), selection = getSelection();
  if (!old || !isLater(article, old)) return;
  if (!selection.isCollapsed && selection.containsNode(old, true)) {
    document.addEventListener('selectionchange', () => renewEntry(number, article), { once: true });
  } else {
    article.dataset.state = 'new';
    keepingRoom(old, article, () => swap(old, article));
  }
  return 'edited';
}

function dropEntry(number) {
  const waited = shelved.delete(number), old = entryOf(number);
  if (!old) return waited ? 'removed' : undefined;
  const hole = document.createElement('div');
  Object.assign(hole.dataset, { number, state: 'gone' });
  if (old.contains(document.activeElement)) book.querySelector('h2').focus();
  keepingRoom(old, hole, () => old.replaceWith(hole));
  if (!hole.style.cssText) hole.remove();
  return 'removed';
}

// On screen the fresh one takes exactly the room of the old one, until the reader has looked elsewhere.
function keepingRoom(old, fresh, change) {
  const { top, bottom, height } = old.getBoundingClientRect();
  change();
  if (bottom < 0 || top > innerHeight) return;
  fresh.style.cssText = `block-size:${height}px;overflow:auto`;
  rooms.observe(fresh);
}

const rooms = new IntersectionObserver(seen => {
  for (const { target, isIntersecting } of seen) {
    if (isIntersecting) continue;
    rooms.unobserve(target);
    steady(() => {
      if (target.dataset.state === 'gone') target.remove();
      else target.style.cssText = '';
      hideIfEmpty();
    });
  }
});

// What stands around the entries.
function drawChapter(number, count, url) {
  const jump = book.querySelector('.nav'), newest = jump.querySelector('a'), last = rowsOfBook().lastElementChild;
  hideIfEmpty();
  book.querySelector('.count').textContent = entriesIn(count);
  jump.hidden = count <= FEW;
  if (url && number > +/\d*$/.exec(newest.hash)) newest.href = isHere(number) ? `#entry-${number}` : url;
  if (!url && newest.hash === `#entry-${number}` && last) newest.href = `#entry-${last.dataset.number}`;
}

function hideIfEmpty() {
  chapter().hidden = !rowsOfBook().children.length;
}

const drawFresh = lazily(() => {
  freshButton.hidden = !shelved.size;
  freshButton.querySelector('.count').textContent = entriesIn(shelved.size, 'new ');
});

let unheard = 0, hearing, spoke = -BREATH;
function announceEntry() {
  unheard++;
  hearing ??= setTimeout(() => {
    say(entriesIn(unheard, 'new '));
    unheard = 0;
    hearing = null;
    spoke = performance.now();
  }, Math.max(1000, spoke + BREATH - performance.now()));
}

/** Takes over the entries of a freshly fetched page. */
export function renewEntries(fresh) {
  const section = fresh.querySelector('#entries section');
  shelved.clear();
  for (const article of section.querySelectorAll('.entry')) {
    const old = document.getElementById(article.id);
    if (!old || isLater(article, old)) article.dataset.state = 'new';
  }
  steady(() => swap(chapter(), section));
  drawFresh();
}

// Whoever scrolls up to the text finds below it what waited, without having seen anything move.
if (book) {
  addEventListener('scroll', lazily(() => { if (shelved.size && hasRoom()) letIn(); }), { passive: true });
  freshButton.addEventListener('click', () => {
    let first;
    steady(() => { first = letIn(); });
    first?.scrollIntoView({ block: 'center' });
    first?.focus({ preventScroll: true });
  });
}
