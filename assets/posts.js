// Posts: the rows of the home page as they come, change and go; on a post's own page, a quiet word about it.
import { $, $$, byId, part, plural, steady, swap } from "./parts.js";

const firstList = () => $('#posts');
const rows = () => $$('.rows > .row');
const rowOf = slug => $(`.rows h3 a[href="/posts/${slug}"]`)?.closest('.row');
const written = row => $('time', row).dateTime; // UTC in one form, so that texts compare as times

/** Applies an event of the whole site to the rows of the home page. */
export function row(kind, frame) {
  steady(() => {
    if (kind.startsWith('comment:')) figure(rowOf(frame.post), frame.count);
    else if (kind.startsWith('post:')) showRow(frame);
  });
}

function showRow({ post, html }) {
  if (!html) return rowOf(post)?.remove();
  const fresh = part(html), old = byId(fresh.id);
  if (!old) insert(fresh);
  else if (+fresh.dataset.version > +old.dataset.version) swap(old, fresh);
}

// Only the first page shows what is new. A post older than all of its rows belongs on the next page, if there is one.
function insert(fresh) {
  if (firstList().dataset.page !== '1') return;
  const later = rows().find(row => written(row) <= written(fresh));
  if (later) later.before(fresh);
  else if (!$('.pages [rel=next]')) (rows().at(-1)?.parentElement ?? firstList()).append(fresh);
}

function figure(row, count) {
  const box = $('.comments-n', row);
  if (!box || count == null) return;
  box.textContent = plural(count, 'comment');
  box.hidden = !count;
}

/** Applies an event about the post that is being read: its text is never replaced under the reader. */
export function thisPost(kind) {
  reveal({ 'post:updated': 'updated', 'post:deleted': 'gone' }[kind]);
}

// What changed is worked out only for those who ask (changes.js). The way to the new version keeps their place.
$('#updated')?.addEventListener('click', event => {
  const { dataset, pathname } = event.target;
  if (dataset.script) import(dataset.script);
  else if (pathname === location.pathname) {
    event.preventDefault();
    location.reload();
  }
});

/** Shows the hidden line `#updated` or `#gone`, where the page has one. */
export function reveal(id) {
  const line = byId(id);
  if (line) line.hidden = false;
}

/** Takes over a freshly fetched list of posts. */
export function renewPosts(fresh) {
  steady(() => swap($('#main'), $('#main', fresh)));
}
