// What is new and not yet looked at. Reading is sacred: a comment is put into the page only where nothing on screen
// moves, and never while someone selects or types; the others wait behind the pill, and so does the way to the new ones.
import { $, $$, byId, goTo, lazily, plural } from "./parts.js";

const AT_HAND = 20_000; // milliseconds that the word about an absence stays

const pill = $('#pill'), away = $('#away');
const unseen = new Set(); // the element ids of the new comments in the page that were not on screen yet
let since = ''; // what the count says after its noun
let gone;

/** A comment's id → its article, which waits behind the pill. */
export const queue = new Map();

/** Whether nobody selects or types. */
export const calm = () => getSelection().isCollapsed && !document.activeElement?.matches('input, textarea');

const shown = new IntersectionObserver(entries => {
  for (const { target, isIntersecting } of entries) if (isIntersecting) see(target);
});

function see(article) {
  shown.unobserve(article);
  article.classList.add('seen');
  unseen.delete(article.id);
  drawPill();
}

/** Marks an article as new, more strongly as it comes on screen. */
export function tint(article) {
  article.dataset.state = 'new';
  shown.observe(article);
}

/** Marks an article of the page as new, and leads to it until it was on screen. */
export function markNew(article) {
  tint(article);
  unseen.add(article.id);
  drawPill();
}

/** Brings the pill up to date with what waits and what is unseen. */
export const drawPill = lazily(() => {
  for (const id of unseen) if (!byId(id)) unseen.delete(id);
  const waiting = [...queue.values()].filter(article => article.dataset.state !== 'deleted').length;
  const n = waiting + unseen.size;
  pill.hidden = !n;
  if (!n) since = '';
  $('.count', pill).textContent = plural(n, 'new comment') + (waiting ? '' : since);
});

/** Makes the pill work: `release` puts what waits into the page, then the next new comment is shown. */
export function startPill(release) {
  pill?.addEventListener('click', () => {
    away.hidden = true;
    release();
    const next = $$('#threads .comment').find(article => unseen.has(article.id));
    if (next) show(next);
  });
}

/** Brings an article to the reader's eyes and gives it the focus. */
export function show(article) {
  goTo(article, 'center');
  see(article);
}

/** Offers the way through what is newer than the last visit. */
export function sinceLastVisit(articles) {
  since = ' since your last visit';
  articles.forEach(markNew);
}

/** Shows a word about the reader's absence beside the pill, where it moves nothing. */
export function tellAbsence(text) {
  away.textContent = text;
  away.hidden = false;
  clearTimeout(gone);
  gone = setTimeout(() => { away.hidden = true; }, AT_HAND);
}
