// Posts: the rows of the home page as they come, change and go; on a post's own page, a quiet word about it.
import { say } from "./announce.js";
import { part, plural, steady, swap } from "./parts.js";

const firstList = () => document.getElementById('posts');
const rows = () => [...document.querySelectorAll('.rows > .row')];
const rowOf = slug => rows().find(row => row.querySelector('h3 a')?.pathname === `/posts/${slug}`);
const written = row => Date.parse(row.querySelector('time').dateTime);

/** Applies an event of the whole site to the rows of the home page. */
export function row(kind, frame) {
  steady(() => {
    if (kind.startsWith('comment:')) figure(rowOf(frame.post), frame.count);
    else if (kind === 'post:published' || kind === 'post:updated') showRow(frame);
    else if (kind === 'post:deleted') rowOf(frame.post)?.remove();
  });
}

function showRow({ post, html }) {
  if (!html) return rowOf(post)?.remove();
  const fresh = part(html), old = document.getElementById(fresh.id);
  if (!old) insert(fresh);
  else if (+fresh.dataset.version > +old.dataset.version) swap(old, fresh);
}

// Only the first page shows what is new. A post older than all of its rows belongs on the next page, if there is one.
function insert(fresh) {
  if (+(firstList().dataset.page || 1) !== 1) return;
  const later = rows().find(row => written(row) <= written(fresh));
  if (later) later.before(fresh);
  else if (!document.querySelector('.pages [rel=next]')) (rows().at(-1)?.parentElement ?? firstList()).append(fresh);
  document.getElementById('no-posts')?.remove();
}

function figure(row, count) {
  const box = row?.querySelector('.comments-n');
  if (!box || count == null) return;
  box.textContent = plural(count, 'comment');
  box.hidden = !count;
}

/** Applies an event about the post that is being read: its text is never replaced under the reader. */
export function thisPost(kind) {
  if (kind === 'post:updated') {
    reveal('updated');
    say('This post was updated just now.');
  }
  if (kind === 'post:deleted') reveal('gone');
}

// What changed is worked out only for those who ask. Going to the new version keeps their place, as a reload does.
const changed = document.querySelector('#updated button');
changed?.addEventListener('click', () => import(changed.dataset.script), { once: true });
document.addEventListener('click', event => {
  const link = event.target.closest('a.fresh');
  if (!link || link.pathname !== location.pathname || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  location.reload();
});

/** Shows the hidden line `#updated` or `#gone`, where the page has one. */
export function reveal(id) {
  const line = document.getElementById(id);
  if (line) line.hidden = false;
}

/** Takes over a freshly fetched list of posts. */
export function renewPosts(fresh) {
  steady(() => swap(document.getElementById('main'), fresh.getElementById('main')));
}
