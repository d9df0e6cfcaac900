// The comment form: one composer that comes to the comment it answers, previews without leaving, and marks each
// attempt so that a repeated one is the same comment. What is typed is kept in this browser, for each reply, until it is sent.
import { say } from "./announce.js";
import { $, find, idOf, inChat, isPlain, keep, keepFocus, kept, onSubmit, page } from "./parts.js";

/** What holds the form, which is not there where no comments are taken. */
export const composer = $('#respond'), form = $('form', composer);
const { body, parent, post, op } = form?.elements ?? {};
const home = document.createComment(''); // where the composer stands while nobody is answered
composer?.before(home);

/** The id of the comment that is being answered, or an empty string. */
export const replyingTo = () => parent?.value ?? '';

const draft = id => `draft:${post.value}:${id}`;
const save = () => keep(draft(replyingTo()), body.value);

// The draft of the place that the composer goes to takes over, and the text stays kept where it was; without one the
// text goes along.
function answer(id, name) {
  const waiting = kept(draft(id));
  if (id !== parent.value) {
    if (waiting) body.value = waiting;
    else keep(draft(parent.value), '');
  }
  parent.value = id;
  save();
  const line = $('.replying', form);
  line.hidden = !id;
  $('.who', line).textContent = name;
  $('.to', line).hash = `comment-${id}`;
}

function moveTo(place) {
  if (!inChat) keepFocus(() => place.after(composer));
}

/** Takes the composer back to its place below the comments. The text of a reply to what is `gone` joins what is there. */
export function leave(gone) {
  moveTo(home);
  if (gone && replyingTo()) {
    keep(draft(parent.value), '');
    body.value = [kept(draft('')), body.value].filter(Boolean).join('\n\n');
    parent.value = '';
    save();
  }
  answer('', '');
}

/** Takes what could not be sent back into the form, as an answer to its comment if that is still there. */
export function takeBack(fields) {
  const link = $('.reply', find(fields.get('parent')));
  if (link) reply(link);
  else leave();
  for (const name of ['name', 'email', 'url']) form.elements[name].value = fields.get(name);
  body.value = [body.value, fields.get('body')].filter(Boolean).join('\n\n');
  save();
  body.focus();
}

/** Runs `change` with the composer at home, then takes it back to the comment that it answers, if that is still there. */
export function visit(change) {
  if (!form || !composer.closest('li')) return change();
  const id = replyingTo();
  keepFocus(() => {
    moveTo(home);
    change();
    const article = find(id);
    if (article && article.dataset.state !== 'deleted') moveTo(article);
    else leave(true);
  });
}

/** Keeps the form from growing old while the page is open: a form that comes back after a day waits for the owner. */
export function vouch({ issued }) {
  if (form) form.elements.issued.value = issued;
}

// ---- reply

function reply(link) {
  const article = link.closest('.comment'), id = idOf(article);
  moveTo(article);
  answer(id, $('h3', article).textContent.trim());
  body.focus({ preventScroll: true });
  composer.scrollIntoView({ block: 'nearest' });
}

function cancel() {
  const link = $('.reply', find(replyingTo()));
  leave();
  (link ?? body).focus();
}

function onClick(event) {
  const link = event.target.closest('a.reply, .replying .cancel');
  if (!link || !isPlain(event)) return;
  event.preventDefault();
  if (link.matches('.reply')) reply(link);
  else cancel();
}

// ---- preview and post

async function preview() {
  const box = $('.preview', form);
  if (!body.reportValidity()) return;
  const answer = await fetch('/comments/preview', { method: 'POST', body: new URLSearchParams({ body: body.value }) }).catch(() => null);
  if (!answer) return say('No preview: the server cannot be reached.');
  if (!answer.ok) return false;
  box.replaceChildren(...page(await answer.text()).body.childNodes);
  box.hidden = false;
  say('Preview shown above the buttons.');
}

function submit(send) {
  op.value = Math.random(); // of this visitor's attempts, which are few
  const fields = new URLSearchParams(new FormData(form));
  body.value = '';
  save();
  $('.preview', form).hidden = true;
  $('.oops', form)?.remove();
  leave();
  send(fields);
}

/** Makes the form of this page do all that, if it has one. `send` is given the fields of a comment. */
export function startForms(send) {
  if (!form) return;
  if (!body.value) body.value = kept(draft(replyingTo()));
  form.addEventListener('input', save);
  addEventListener('click', onClick);
  onSubmit('#respond form', (_, button) => (button?.formAction.includes('/preview') ? preview() : submit(send)));
  form.addEventListener('keydown', event => {
    if (event.key !== 'Escape' || event.isComposing || !replyingTo()) return;
    event.preventDefault();
    cancel();
  });
}
