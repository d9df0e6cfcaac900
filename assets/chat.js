// A live room: who is here, who came and went, Enter to send, and staying with the newest words while one is there.
// A script of its own, for the pages of a chat alone. It meets the page's other script in the document: `data-follow` says
// that arrivals may go in at the end, and the event `presence` tells who is here.
const SLACK = 48; // pixels from the end that still count as being there
const SETTLED = 4000; // milliseconds in which somebody who leaves may come back unnoticed, as a reload does
const MOST_LINES = 40; // of those who came and went, in one page
const MOST_NAMES = 50; // as on the server: of more, nobody can tell who is missing

const talk = document.getElementById('comments'), composer = document.getElementById('respond');
const here = document.getElementById('here'), end = document.getElementById('latest');
const form = composer.querySelector('form');
const list = () => document.getElementById('threads');

// ---- the end

const bottom = () => end.getBoundingClientRect().top;
const measure = () => end.parentElement.getBoundingClientRect().height;

// What grows below moves the page with it before anything is painted: the end stays where it was.
let height = measure();
function keepUp() {
  const grown = measure() - height;
  height += grown;
  if (grown && 'follow' in talk.dataset) scrollBy({ top: grown, behavior: 'instant' });
}

function look() {
  keepUp(); // a scroll is told of before the growth of the same frame
  const { top } = composer.getBoundingClientRect();
  const there = top < innerHeight && bottom() <= top + SLACK;
  const before = 'follow' in talk.dataset, follows = talk.toggleAttribute('data-follow', there && !document.hidden && getSelection().isCollapsed);
  if (follows && !before) dispatchEvent(new Event('follow')); // what waits behind the pill goes in
}

function stay() {
  height = measure();
  talk.dataset.follow = '';
  scrollBy({ top: bottom() - composer.getBoundingClientRect().top, behavior: 'instant' });
}

new ResizeObserver(keepUp).observe(end.parentElement);
for (const name of ['scroll', 'resize']) addEventListener(name, look, { passive: true });
document.addEventListener('selectionchange', look);
// What comes while nobody looks is counted; without any the page follows again at once.
document.addEventListener('visibilitychange', () => {
  if (document.hidden || document.getElementById('pill').hidden) look();
});
// From older messages the pill leads to the newest; from there to the first of those that passed by unseen.
document.getElementById('pill').addEventListener('click', () => {
  if (!('follow' in talk.dataset)) setTimeout(stay);
}, true);

// An answer leads to what it answers, on the same page without a request.
talk.addEventListener('click', event => {
  const link = event.target.closest('.comment .note a');
  if (!link || !document.getElementById(link.hash.slice(1)) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  location.hash = link.hash;
});

// ---- who is here

let told, present, settling;
const own = form?.elements.name.defaultValue; // one's own coming is no news

function bdi(name) {
  const item = document.createElement('bdi');
  item.textContent = name;
  return item;
}

function show({ readers, names }) {
  const rows = names.map(name => {
    const row = document.createElement('li');
    row.append(bdi(name));
    return row;
  });
  const others = readers - names.length;
  if (others > 0 && readers > 1) {
    const row = document.createElement('li');
    row.className = 'others';
    row.textContent = names.length ? `and ${others} other${others === 1 ? '' : 's'}` : `${others} without a name`;
    rows.push(row);
  }
  here.replaceChildren(...rows);
  here.hidden = !rows.length;
}

addEventListener('presence', ({ detail: { readers, names } }) => {
  // The names have a list of their own.
  const line = document.querySelector('#presence .txt');
  line.textContent = line.textContent.replace(/:.*/s, '');
  show({ readers, names });
  present = names.length < MOST_NAMES ? names : null;
  told ??= present;
  settling ??= setTimeout(tell, SETTLED);
});

function tell() {
  settling = null;
  if (told && present) {
    line([
      ...present.filter(name => !told.includes(name) && name !== own).map(name => [name, 'joined']),
      ...told.filter(name => !present.includes(name) && name !== own).map(name => [name, 'left']),
    ]);
  }
  told = present;
}

// A line goes in only where it moves nothing that is being read. Its place is no comment's.
function line(changes) {
  if (!changes.length || !('latest' in talk.dataset)) return;
  if (!('follow' in talk.dataset) && bottom() < innerHeight) return;
  const old = list().querySelectorAll('.came');
  if (old.length >= MOST_LINES) {
    if (old[0].getBoundingClientRect().bottom > 0) return;
    old[0].remove();
  }
  const item = document.createElement('li');
  item.className = 'came';
  changes.forEach(([name, did], at) => item.append(at ? ', ' : '', bdi(name), ` ${did}`));
  list().append(item);
}

// ---- writing

if (form) {
  const { body } = form.elements;
  document.getElementById('keys').hidden = false;
  body.enterKeyHint = 'send';
  body.addEventListener('keydown', event => {
    if (event.key !== 'Enter' || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    event.preventDefault();
    if (body.value.trim()) form.requestSubmit(form.querySelector('.main'));
  });
  form.addEventListener('submit', event => {
    if (!event.submitter?.matches('.main')) return;
    body.focus({ preventScroll: true });
    if ('latest' in talk.dataset) stay();
  });
  form.addEventListener('invalid', event => {
    const box = event.target.closest('details');
    if (box) box.open = true;
  }, true);
}

look();
