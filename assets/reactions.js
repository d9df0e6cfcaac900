// Reactions: counts from the stream, and the buttons that give and take back one's own without leaving the page.
import { say } from "./announce.js";
import { $, $$, onSubmit } from "./parts.js";

const versions = new WeakMap(); // a form → the newest versions of its counts and of the reader's own that it shows
const seen = form => versions.get(form) ?? versions.set(form, { counts: 0, mine: 0 }).get(form);

const POST = '.react[action^="/posts/"]';
const formOf = target => $(target === 'post' ? POST : `.react[action="/comments/${target}/reactions"]`);

/** Applies a `reaction:updated` event: counts are absolute, an older version never overwrites a newer one. */
export function reaction(frame) {
  const form = formOf(frame.target);
  if (form) draw(form, frame);
}

// Only an answer knows which are the reader's own, and the event of the same change may have come before it.
function draw(form, { counts, mine, version }) {
  const shown = seen(form), newer = version > shown.counts, own = mine && version >= shown.mine;
  for (const button of $$('[name=kind]', form)) {
    if (newer) setCount(button, counts[button.value] ?? 0);
    if (own) button.ariaPressed = mine.includes(button.value);
  }
  if (newer) shown.counts = version;
  if (own) shown.mine = version;
}

function setCount(button, count) {
  const n = $('.n', button);
  n.textContent = count.toLocaleString('en');
  n.hidden = !count && button.form.matches('.compact');
}

// Shown at once. Done twice, it changes nothing.
function flip(button) {
  const on = button.ariaPressed !== 'true';
  button.ariaPressed = on;
  setCount(button, Math.max(0, +$('.n', button).textContent.replace(/\D/g, '') + (on ? 1 : -1)));
}

async function toggle(form, button) {
  const body = new URLSearchParams(new FormData(form, button)), shown = seen(form).counts;
  flip(button);
  let told;
  try {
    const answer = await fetch(form.action, { method: 'POST', body, headers: { accept: 'application/json' } });
    told = answer.ok && await answer.json();
    if (told) draw(form, told);
  } catch {
    // Whether it was counted is not known, and sending a toggle again could take it back: the stream tells.
    say('Your reaction may not have been sent.');
  }
  if (!told && seen(form).counts === shown) flip(button);
  return told;
}

/** Makes the reaction buttons of this page, and of every comment to come, answer in place. */
export function startReactions() {
  onSubmit('.react', toggle);
}

/** Takes over the post's reactions from a freshly fetched page; those of the comments come with the comments. */
export function renewReactions(fresh) {
  const old = formOf('post'), form = $(POST, fresh);
  if (old && form) old.replaceChildren(...form.childNodes);
}
