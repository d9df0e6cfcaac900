// The comment form: one composer that comes to the comment it answers, previews without leaving, and marks each
// attempt so that a repeated one is the same comment. What is typed is kept in this browser, for each reply, until it is sent.
import { say } from "./announce.js";
import { keep, keepFocus, kept, page } from "./parts.js";

const composer = document.getElementById('respond');
const form = composer?.querySelector('form');
const home = document.createComment('');

/** The id of the comment that is being answered, or an empty string. */
export const replyingTo = () => form?.elements.parent.value ?? '';

const draft = id => `draft:${form.elements.post.value}:${id}`;
const save = () => keep(draft(replyingTo()), form.elements.body.value);

// The draft of the place that the composer goes to takes over, and the text stays kept where it was; without one the
// text goes along.
function answer(id, name) {
  const { body, parent } = form.elements, waiting = kept(draft(id));
  if (id !== parent.value) {
    if (waiting) body.value = waiting;
    else keep(draft(parent.value), '');
  }
  parent.value = id;
  save();
  const line = form.querySelector('.replying');
  line.hidden = !id;
  line.querySelector('.who').textContent = name;
  line.querySelector('.to').hash = id ? `comment-${id}` : 'comments';
}

function moveTo(article) {
  keepFocus(() => {
    if (!home.isConnected) composer.before(home);
    if (article && !composer.closest('.chat')) article.after(composer);
    else home.after(composer);
  });
}

/** Takes the composer back to its place below the comments. The text of a reply to what is `gone` joins what is there. */
export function leave(gone) {
  moveTo(null);
  if (gone && replyingTo()) {
    const { body, parent } = form.elements;
    keep(draft(parent.value), '');
    body.value = [kept(draft('')), body.value].filter(Boolean).join('\n\n');
    parent.value = '';
    save();
  }
  answer('', '');
}

/** Takes what could not be sent back into the form, as an answer to `article` if that is still there. */
export function takeBack(fields, article) {
  const link = article?.querySelector('.reply'), { body } = form.elements;
  if (link) reply(link);
  else leave();
  for (const name of ['name', 'email', 'url']) form.elements[name].value = fields.get(name) ?? '';
  body.value = [body.value, fields.get('body')].filter(Boolean).join('\n\n');
  save();
  body.focus();
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
    else leave(true);
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

let plainly = false;

function onSubmit(event, send) {
  const button = event.submitter, isPreview = button?.formAction.includes('/comments/preview');
  if (!plainly) {
    event.preventDefault();
    if (isPreview) preview(button);
    else post(send);
  }
  plainly = false;
}

function post(send) {
  form.elements.op.value = crypto.randomUUID?.() ?? String(Math.random()); // the first only on https and localhost
  const fields = new URLSearchParams(new FormData(form));
  form.elements.body.value = '';
  save();
  form.querySelector('.preview').hidden = true;
  form.querySelector('.oops')?.remove();
  leave();
  send(fields);
}

/** Makes the form of this page do all that, if it has one. `send` is given the fields of a comment. */
export function startForms(send) {
  if (!form) return;
  if (!form.elements.body.value) form.elements.body.value = kept(draft(replyingTo()));
  form.addEventListener('input', save);
  document.addEventListener('click', onClick);
  form.addEventListener('submit', event => onSubmit(event, send));
  form.addEventListener('keydown', event => {
    if (event.key !== 'Escape' || event.isComposing || !replyingTo()) return;
    event.preventDefault();
    cancel();
  });
}
