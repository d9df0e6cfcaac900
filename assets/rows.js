// The rows of a list of posts as they come, change and go.
import { $, $$, byId, hold, keepFocus, newer, part, plural, steady, swap } from "./parts.js";

const SPREAD = 2000; // milliseconds over which pages that show a list in another way ask for it again

const rows = () => $$('.rows:not(.pins) > .row'); // what is pinned stands above all years
const isPinned = row => 'pinned' in (row?.dataset ?? {});
const rowOf = slug => $(`.rows h3 a[href="/posts/${slug}"]`)?.closest('.row');
const written = row => $('time', row).dateTime; // UTC in one form, so that texts compare as times
const sameYear = (row, fresh) => row?.dataset.year === fresh.dataset.year;
let due;

/** Applies an event of the whole site. The home page takes a post's row as it is; the other lists are fetched again. */
export function row(kind, frame) {
  const home = $('#main').dataset.page;
  if (kind.startsWith('comment:')) figure(frame.post, 'comment', frame.count);
  else if (frame.target === 'post') figure(frame.post, 'reaction', Object.values(frame.counts).reduce((a, b) => a + b, 0));
  else if (!kind.startsWith('post:')) return;
  else if (home) steady(() => showRow(frame, home === '1'));
  else ask(Math.random() * SPREAD);
}

function ask(wait = 0) {
  clearTimeout(due);
  due = setTimeout(dispatchEvent, wait, new Event('missing'));
}

function showRow({ post, html }, first) {
  if (!html) return rowOf(post)?.remove();
  const fresh = part(html), old = byId(fresh.id);
  if (isPinned(fresh) !== isPinned(old)) {
    if (old || first) ask();
  } else if (!old) {
    if (first) insert(fresh);
  } else if (newer(fresh, old)) swap(old, fresh);
}

// A post older than all rows belongs on the next page, if there is one. The first of a year needs more than a row.
function insert(fresh) {
  const all = rows(), at = all.findIndex(row => written(row) <= written(fresh));
  if (sameYear(all[at], fresh)) all[at].before(fresh);
  else if (at < 0 && $('.pages [rel=next]')) return;
  else if (sameYear(all.at(at < 0 ? at : at - 1), fresh)) all.at(at < 0 ? at : at - 1).after(fresh);
  else ask();
}

function figure(post, noun, count) {
  const box = $(`.${noun}s-n`, rowOf(post));
  if (!box || count == null) return;
  box.textContent = plural(count, noun);
  box.hidden = !count;
}

/** Takes over a freshly fetched list. Rows that are as they were stay, so that what is read stays in its place. */
export function renewRows(fresh) {
  const main = $('#main', fresh);
  hold(() => keepFocus(() => {
    for (const row of $$('.row[id]', main)) {
      const old = byId(row.id);
      if (old?.dataset.version === row.dataset.version) row.replaceWith(old);
    }
    swap($('#main'), main);
  }));
}
