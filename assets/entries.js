// A liveblog's entries as they come, change and go. As with comments, the element's id and its version decide, what would
// move something on screen waits behind a button, and what changes on screen keeps its room. New ones come in the order
// of their numbers.
import { herald } from "./announce.js";
import { calm, tint } from "./arrivals.js";
import { $, $$, byId, goTo, lazily, make, newer, part, steady, swap } from "./parts.js";
import { exchange, isSelected } from "./rooms.js";

const book = byId('entries'), freshButton = byId('fresh');
const shelved = new Map(); // an entry's number → its article, which waits behind the button

const inBook = css => $(css, book);
const entryOf = number => byId(`entry-${number}`);
const entriesIn = (n, word = '') => `${n.toLocaleString('en')} ${word}${n === 1 ? 'entry' : 'entries'}`;

/** Applies an `entry:…` event. What it did, where it did something: `new`, `edited` or `removed`. */
export function entry({ entry: { number }, html, count, url }, kind) {
  const isHere = Math.ceil(number / book.dataset.each) === +book.dataset.page;
  let done;
  if (isHere) steady(() => { done = html ? putEntry(number, part(html)) : dropEntry(number); });
  else if (kind === 'entry:created') {
    inBook('.nav a').href = url;
    done = 'new';
  }
  if (done === 'new') announceEntry();
  inBook('.count').textContent = entriesIn(count);
  drawBook();
  return done;
}

function putEntry(number, article) {
  const old = entryOf(number) ?? shelved.get(number);
  if (old && !newer(article, old)) return;
  if (old?.isConnected) renewEntry(number, article);
  else {
    shelved.set(number, article);
    if (hasRoom()) letIn();
  }
  return old ? 'edited' : 'new';
}

/** Whether the end of the entries is below what is on screen, and nobody selects or types. */
const hasRoom = () => calm() && book.getBoundingClientRect().bottom >= innerHeight;

// Puts what waits into the page; returns the first of it.
function letIn() {
  const articles = [...shelved.values()];
  articles.forEach(tint);
  inBook('section').hidden = false;
  inBook('.entries').append(...articles);
  shelved.clear();
  drawBook();
  return articles[0];
}

function renewEntry(number, article) {
  const old = entryOf(number);
  if (!old || !newer(article, old) || isSelected(old, () => renewEntry(number, article))) return;
  tint(article);
  exchange(old, article);
}

function dropEntry(number) {
  const waited = shelved.delete(number), old = entryOf(number);
  if (old) {
    const hole = make('div');
    hole.dataset.state = 'gone';
    if (old.contains(document.activeElement)) inBook('h2').focus();
    exchange(old, hole, () => hole.remove());
  }
  if (old || waited) return 'removed';
}

// What stands around the entries: the button, and on the last page the way to the newest.
const drawBook = lazily(() => {
  const link = inBook('.nav a'), newest = inBook('.entry:last-child');
  if (newest && link.getAttribute('href').startsWith('#')) link.href = `#${newest.id}`;
  freshButton.hidden = !shelved.size;
  freshButton.textContent = entriesIn(shelved.size, 'new ');
});

const announceEntry = herald(n => entriesIn(n, 'new '));

/** Takes over the entries of a freshly fetched page. */
export function renewEntries(fresh) {
  const section = $('#entries section', fresh);
  for (const article of $$('.entry', section)) {
    const old = byId(article.id);
    if (!old || newer(article, old)) tint(article);
  }
  shelved.clear();
  steady(() => swap(inBook('section'), section));
  drawBook();
}

// Whoever scrolls up to the text finds below it what waited, without having seen anything move.
if (book) {
  addEventListener('scroll', lazily(() => { if (shelved.size && hasRoom()) letIn(); }));
  freshButton.addEventListener('click', () => {
    const first = letIn();
    if (first) goTo(first, 'center');
  });
}
