// Reactions: counts from the stream, and the buttons that give and take back one's own without leaving the page.
import { say } from "./announce.js";
import { $, onSubmit } from "./parts.js";

const POST = '.react[action^="/posts/"]';
const formOf = target => $(target === 'post' ? POST : `.react[action="/comments/${target}/reactions"]`);

/** Applies a `reaction:updated` event: counts are absolute, an older version never overwrites a newer one. */
export function reaction(frame) {
  const form = formOf(frame.target);
  if (form) draw(form, frame);
}

// Only an answer knows which are the reader's own, and the event of the same change may have come before it. The form
// remembers the newest versions of its counts and of the reader's own that it shows.
function draw({ dataset, elements }, { counts, mine, version }) {
  const fresh = version > (dataset.counts ?? 0), own = mine && version >= (dataset.mine ?? 0);
  for (const button of elements) {
    if (fresh) setCount(button, counts[button.value] ?? 0);
    if (own) button.ariaPressed = mine.includes(button.value);
  }
  if (fresh) dataset.counts = version;
  if (own) dataset.mine = version;
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
  const body = new URLSearchParams(new FormData(form, button)), shown = form.dataset.counts;
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
  if (!told && form.dataset.counts === shown) flip(button);
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
