// A live room: who is here, who came and went, Enter to send, and staying with the newest words while one is there.
// The page of a chat: all that a post's page has, and this. `data-follow` says that arrivals may go in at the end.
import { follows, release, talk } from "./comments.js";
import { composer, form } from "./forms.js";
import { also } from "./conversation.js";
import { $, $$, byId, isPlain, make } from "./parts.js";
import { showReaders } from "./presence.js";

const SLACK = 48; // pixels from the end that still count as being there
const SETTLED = 4000; // milliseconds in which somebody who leaves may come back unnoticed, as a reload does
const MOST_LINES = 40; // of those who came and went, in one page
const MOST_NAMES = 50; // as on the server: of more, nobody can tell who is missing

const end = byId('latest');

// ---- the end

const bottom = () => end.getBoundingClientRect().top;
const measure = () => end.parentElement.getBoundingClientRect().height;

// What grows below moves the page with it before anything is painted: the end stays where it was.
let height = measure();
function keepUp() {
  const grown = measure() - height;
  height += grown;
  if (grown && follows()) scrollBy({ top: grown, behavior: 'instant' });
}

function look() {
  keepUp(); // a scroll is told of before the growth of the same frame
  const { top } = composer.getBoundingClientRect();
  const there = top < innerHeight && bottom() <= top + SLACK;
  const before = follows(), now = talk.toggleAttribute('data-follow', there && !document.hidden && getSelection().isCollapsed);
  if (now && !before) release(); // what waits behind the pill goes in
}

function stay() {
  height = measure();
  talk.dataset.follow = '';
  scrollBy({ top: bottom() - composer.getBoundingClientRect().top, behavior: 'instant' });
}

new ResizeObserver(keepUp).observe(end.parentElement);
for (const name of ['scroll', 'resize']) addEventListener(name, look);
document.addEventListener('selectionchange', look);
// What comes while nobody looks is counted; without any the page follows again at once.
addEventListener('visibilitychange', () => {
  if (document.hidden || byId('pill').hidden) look();
});
// From older messages the pill leads to the newest; from there to the first of those that passed by unseen.
byId('pill').addEventListener('click', () => {
  if (!follows()) setTimeout(stay);
}, true);

// An answer leads to what it answers, on the same page without a request.
talk.addEventListener('click', event => {
  const link = event.target.closest('.comment .note a');
  if (!link || !byId(link.hash.slice(1)) || !isPlain(event)) return;
  event.preventDefault();
  location.hash = link.hash;
});

// ---- who is here

let told, present, settling;
const own = form?.elements.name.defaultValue; // one's own coming is no news

also.presence = frame => {
  showReaders(frame);
  const { names } = frame;
  present = names.length < MOST_NAMES ? names : null;
  told ??= present;
  settling ??= setTimeout(tellChanges, SETTLED);
};

function tellChanges() {
  settling = null;
  if (told && present) {
    const news = (these, others, did) => these.filter(name => !others.includes(name) && name !== own).map(name => [name, did]);
    line([...news(present, told, 'joined'), ...news(told, present, 'left')]);
  }
  told = present;
}

// A line goes in only where it moves nothing that is being read. Its place is no comment's.
function line(changes) {
  if (!changes.length || !('latest' in talk.dataset)) return;
  if (!follows() && bottom() < innerHeight) return;
  const old = $$('.came');
  if (old.length >= MOST_LINES) {
    if (old[0].getBoundingClientRect().bottom > 0) return;
    old[0].remove();
  }
  const item = make('li', { className: 'came' });
  changes.forEach(([name, did], at) => item.append(at ? ', ' : '', make('bdi', { textContent: name }), ` ${did}`));
  byId('threads').append(item);
}

// ---- writing

if (form) {
  const { body } = form.elements;
  body.enterKeyHint = 'send';
  body.addEventListener('keydown', event => {
    if (event.key !== 'Enter' || event.isComposing || !isPlain(event)) return;
    event.preventDefault();
    if (body.value.trim()) form.requestSubmit($('.main', form));
  });
  form.addEventListener('submit', event => {
    if (!event.submitter?.matches('.main')) return;
    body.focus({ preventScroll: true });
    if ('latest' in talk.dataset) stay();
  });
  form.addEventListener('invalid', event => {
    event.target.closest('details')?.setAttribute('open', '');
  }, true);
}

look();
