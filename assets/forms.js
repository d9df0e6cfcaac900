// The comment form: one composer that comes to the comment it answers, previews without leaving, and marks each
// attempt so that a repeated one is the same comment. Posting itself is the browser's.
import { say } from "./announce.js";
import { keepFocus, page } from "./parts.js";

const composer = document.getElementById('respond');
const form = composer?.querySelector('form');
const home = document.createComment('');

/** The id of the comment that is being answered, or an empty string. */
export const replyingTo = () => form?.elements.parent.value ?? '';

function answer(id, name) {
  form.elements.parent.value = id;
  const line = form.querySelector('.replying');
  line.hidden = !id;
  line.querySelector('.who').textContent = name;
  line.querySelector('.to').hash = id ? `comment-${id}` : 'comments';
}

function moveTo(article) {
  keepFocus(() => {
    if (!home.isConnected) composer.before(home);
    if (article) article.after(composer);
    else home.after(composer);
  });
}

/** Takes the composer back to its place below the comments. The text stays in it. */
export function leave() {
  moveTo(null);
  answer('', '');
}

/** Runs `change` with the composer at home, then takes it back to the comment that it answers, if that is still there. */
export function visit(change) {
  if (!form || !composer.closest('li')) return change();
  const id = replyingTo();
  keepFocus(() => {
    moveTo(null);
    change();
    const article = document.getElementById(`comment-${id}`);
    if (article && article.dataset.state !== 'deleted') moveTo(article);
    else answer('', '');
  });
}

// ---- reply

function reply(link) {
  const article = link.closest('.comment'), id = article.id.slice('comment-'.length);
  moveTo(article);
  answer(id, article.querySelector('h3').textContent.trim());
  form.elements.body.focus({ preventScroll: true });
  composer.scrollIntoView({ block: 'nearest' });
}

function cancel() {
  const link = document.querySelector(`#comment-${replyingTo()} .reply`);
  leave();
  (link ?? form.elements.body).focus();
}

function onClick(event) {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest('a.reply, .replying .cancel');
  if (!link) return;
  event.preventDefault();
  if (link.matches('.reply')) reply(link);
  else cancel();
}

// ---- preview and post

async function preview(button) {
  if (!form.elements.body.reportValidity()) return;
  const box = form.querySelector('.preview'), body = new URLSearchParams({ body: form.elements.body.value });
  const answer = await fetch('/comments/preview', { method: 'POST', body }).catch(() => null);
  if (!answer) return say('No preview: the server cannot be reached.');
  if (!answer.ok) { // the server's own page says why
    plainly = true;
    return form.requestSubmit(button);
  }
  const seen = page(await answer.text()); // the bare text, or a page with the preview in it
  box.replaceChildren(...(seen.querySelector('.preview') ?? seen.body).childNodes);
  box.hidden = false;
  say('Preview shown above the buttons.');
}

// The browser may give a form its old fields back, so an attempt's mark counts only for the text that it was made for.
let plainly = false, marked = { text: null, op: '' };
function mark() {
  const text = `${replyingTo()} ${form.elements.body.value}`;
  if (text !== marked.text) marked = { text, op: crypto.randomUUID?.() ?? '' }; // only there on https and localhost
  form.elements.op.value = marked.op;
}

function onSubmit(event) {
  const button = event.submitter, isPreview = button?.formAction.includes('/comments/preview');
  if (isPreview && !plainly) {
    event.preventDefault();
    preview(button);
  } else if (!isPreview) mark();
  plainly = false;
}

/** Makes the form of this page do all that, if it has one. */
export function startForms() {
  if (!form) return;
  document.addEventListener('click', onClick);
  form.addEventListener('submit', onSubmit);
  form.addEventListener('keydown', event => {
    if (event.key !== 'Escape' || event.isComposing || !replyingTo()) return;
    event.preventDefault();
    cancel();
  });
}
