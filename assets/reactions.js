// Reactions: counts from the stream, and the buttons that give and take back one's own without leaving the page.
import { say } from "./announce.js";

const versions = new WeakMap(); // a form → the newest versions of its counts and of the reader's own that it shows
const seen = form => versions.get(form) ?? versions.set(form, { counts: 0, mine: 0 }).get(form);

const formOf = target => document.querySelector(
  target === 'post' ? '.react[action^="/posts/"]' : `.react[action="/comments/${target}/reactions"]`,
);

/** Applies a `reaction:updated` event: counts are absolute, an older version never overwrites a newer one. */
export function reaction({ target, counts, version }) {
  const form = formOf(target);
  if (form) draw(form, counts, version);
}

function draw(form, counts, version) {
  if (version <= seen(form).counts) return;
  seen(form).counts = version;
  for (const button of form.querySelectorAll('[name=kind]')) {
    const n = button.querySelector('.n'), count = counts[button.value] ?? 0;
    n.textContent = count.toLocaleString('en');
    n.hidden = !count && form.matches('.compact');
  }
}

// Only the answer knows which are the reader's own, and the event of the same change may have come before it.
function own(form, mine, version) {
  if (version < seen(form).mine) return;
  seen(form).mine = version;
  for (const button of form.querySelectorAll('[name=kind]')) {
    button.setAttribute('aria-pressed', mine.includes(button.value));
  }
}

// Shown at once. Done twice, it changes nothing.
function flip(button) {
  const on = button.getAttribute('aria-pressed') !== 'true', n = button.querySelector('.n');
  const count = Math.max(0, +n.textContent.replace(/\D/g, '') + (on ? 1 : -1));
  button.setAttribute('aria-pressed', on);
  n.textContent = count.toLocaleString('en');
  n.hidden = !count && button.form.matches('.compact');
}

async function toggle(form, button) {
  const fields = new URLSearchParams(new FormData(form)), shown = seen(form).counts;
  fields.set('kind', button.value);
  flip(button);
  let answer, told;
  try {
    answer = await fetch(form.action, { method: 'POST', body: fields, headers: { accept: 'application/json' } });
    told = answer.ok && await answer.json();
  } finally {
    if (!told && seen(form).counts === shown) flip(button);
  }
  if (!told) return false;
  draw(form, told.counts, told.version);
  own(form, told.mine, told.version);
  return true;
}

/** Makes the reaction buttons of this page, and of every comment to come, answer in place. */
export function startReactions() {
  let plainly = false;
  document.addEventListener('submit', async event => {
    const form = event.target, button = event.submitter;
    if (plainly || !form.matches('.react') || button?.name !== 'kind') return;
    event.preventDefault();
    try {
      if (await toggle(form, button)) return;
    } catch {
      // Whether it was counted is not known, and sending a toggle again could take it back: the stream tells.
      say('Your reaction may not have been sent.');
      return;
    }
    plainly = true; // it was refused: the server's own page says why
    form.requestSubmit(button);
    plainly = false;
  });
}

/** Takes over the post's reactions from a freshly fetched page; those of the comments come with the comments. */
export function renewReactions(fresh) {
  const old = formOf('post'), form = fresh.querySelector('.react[action^="/posts/"]');
  if (old && form) old.replaceChildren(...form.childNodes);
}
