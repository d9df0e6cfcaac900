// Saving by itself, and being one of several windows on the same post. Every save says which version it has seen: a text
// that this window has not seen is never overwritten unless its author says so.
import { say } from "./announce.js";
import { clock, moment } from "./dates.js";
import { draftIn, findDrafts, forgetDraft, keepDraft, leaveDraft } from "./drafts.js";
import { showFaults } from "./faults.js";
import { fieldsAsSent, fieldsOf, putIn, same, sheet } from "./fields.js";
import { $, $$, byId, goTo, keep, onSubmit, page, part, swap } from "./parts.js";
import { goToProof } from "./proof.js";
import { follow } from "./stream.js";

const AFTER = 1500, WHILE = 10_000; // milliseconds without a key until it is saved, and while keys go on coming
const HERE = 300; // milliseconds until this browser keeps it
const SOONEST = 2000, LATEST = 30_000; // the bounds of the wait until a save that failed is tried again
const LAST_BYTES = 60_000; // what a browser sends for a page that is gone; 64 KiB with everything else

const { id: idField, seen: seenField, op: opField } = sheet.elements;
const address = () => sheet.getAttribute('action');
const windows = new BroadcastChannel('editor');
let atServer = null; // the fields that the server has, as far as this window knows
let turn = null; // the promise of the request under way
let unanswered = null; // the fields that were sent to make a new post, until it is known whether it is there
let timer, keeping, since = 0, wait = SOONEST, savedAt = 0, clash = false, left = false, refreshed = false;
let looking = false, news = false; // whether it is looked what other windows did, and whether there is more to see by now

function tell(text, aloud) {
  const line = byId('saved');
  if (line.textContent === text) return;
  line.textContent = text;
  if (aloud) say(text);
}

const isChanged = () => !atServer || !same(fieldsOf(sheet), atServer);

// ---- one save

function onInput() {
  clearTimeout(keeping);
  keeping = setTimeout(() => { if (isChanged()) keepDraft(fieldsOf(sheet)); }, HERE);
  if (clash) return;
  tell('Unsaved changes');
  saveSoon();
}

function saveSoon() {
  const now = Date.now();
  since ||= now;
  clearTimeout(timer);
  timer = setTimeout(save, Math.max(0, Math.min(AFTER, since + WHILE - now)));
}

/** Has the server keep the form as it is, if it differs from what is there. */
export function save() {
  turn ??= saveOnce().finally(() => { turn = null; });
  return turn;
}

async function saveOnce() {
  clearTimeout(timer);
  since = 0;
  if (clash || left) return;
  const fields = unanswered ?? fieldsOf(sheet);
  if (!unanswered && !isChanged()) {
    forgetDraft();
    return tell(savedAt ? `Saved at ${clock(savedAt)}` : 'Nothing has changed');
  }
  tell('Saving …');
  const answer = await send(fields);
  if (answer.ok) took(fields, answer);
  else await failed(fields, answer);
}

/** Sends the form. What came back: `status` (0 for nothing), `ok`, and the facts of the answer. */
async function send(fields, status) {
  const body = new URLSearchParams({ ...fields, id: idField.value, seen: seenField.value, op: opField.value, ...(status && { status }) });
  if (!idField.value) unanswered = fields; // the same words sent once more are the same post
  const keepalive = document.hidden && `${body}`.length < LAST_BYTES;
  try {
    const answer = await fetch(address(), { method: 'POST', headers: { accept: 'application/json' }, body, keepalive, redirect: 'error' });
    const facts = await answer.json().catch(() => ({}));
    if (answer.status < 500) unanswered = null;
    return { ...facts, ok: answer.ok && !!facts.seen, status: answer.status };
  } catch {
    return { ok: false, status: 0 };
  }
}

function took(fields, { id, seen, url }) {
  atServer = fields;
  savedAt = Date.now();
  wait = SOONEST;
  forgetDraft();
  if (url && !idField.value) {
    idField.value = id;
    sheet.action = url;
    history.replaceState(null, '', url);
    for (const link of $$('#clash a')) link.href = url;
  }
  seenField.value = seen;
  byId('signed-out').hidden = true;
  windows.postMessage({ id: idField.value, seen });
  refreshPanel();
  if (!isChanged()) return tell(`Saved at ${clock(savedAt)}`);
  tell('Unsaved changes');
  saveSoon();
}

async function failed(fields, { status, error }) {
  keepDraft(fieldsOf(sheet));
  if (status === 409) {
    // An answer that was lost on its way may have been to this very text.
    const other = await otherPage();
    if (other && same(other.fields, fields)) return took(fields, { seen: other.seen });
    return disagree();
  }
  byId('signed-out').hidden = status !== 401;
  if ([400, 404, 413, 422].includes(status)) return tell(`Not saved: ${error ?? 'the server refused it'} This browser keeps it.`, true);
  tell('Not saved – retrying', true);
  timer = setTimeout(save, wait);
  wait = Math.min(LATEST, wait * 2);
}

// ---- other windows

/** The editor as the server would send it now, or nothing. */
async function otherPage() {
  try {
    const fresh = page(await (await fetch(address(), { cache: 'no-store' })).text()), form = $('#editor', fresh);
    return form && { fresh, fields: fieldsOf(form), seen: form.elements.seen.value, status: form.dataset.status };
  } catch {
    return null;
  }
}

// What the page offers to do with a post changes with the first save: its secret link, throwing the changes away.
async function refreshPanel() {
  if (refreshed) return;
  refreshed = true;
  const fresh = $('#this-post', (await otherPage())?.fresh), old = byId('this-post');
  if (fresh && old) swap(old, fresh);
  else if (fresh) sheet.after(fresh);
}

function disagree() {
  clash = true;
  clearTimeout(timer);
  byId('clash').hidden = false;
  tell('Changed in another window', true);
}

/** Looks whether the post has changed elsewhere: once at a time, and once more for news that came meanwhile. */
async function lookAround() {
  if (looking) return void (news = true);
  looking = true;
  do {
    news = false;
    await turn;
    await look();
  } while (news);
  looking = false;
}

// Who has not changed anything here takes over what was written elsewhere.
async function look() {
  if (!idField.value || clash || left) return;
  const before = seenField.value, other = await otherPage();
  if (!other || clash || other.seen === before) return;
  if (turn || seenField.value !== before) return void (news = true);
  if (isChanged() && !same(fieldsOf(sheet), other.fields)) return disagree();
  if (other.status !== sheet.dataset.status) return location.reload();
  adopt(other);
  tell(`Taken over from another window at ${clock(Date.now())}`);
}

// Windows of this browser tell each other; of others the log tells, at least while this one is looked at.
function listen() {
  windows.onmessage = ({ data }) => { if (data.id === idField.value && data.seen !== seenField.value) lookAround(); };
  follow(sheet.dataset, (kind, frame) => {
    if (kind === 'faults') showFaults(frame);
    if (!kind.startsWith('post:')) return;
    const { post_id: id, desk } = frame;
    if (`${id ?? part(desk?.row ?? '')?.id.slice('post-'.length)}` === idField.value) lookAround();
  }, () => {}, async ({ head }) => {
    lookAround();
    return { after: head };
  });
}

function adopt({ fresh, fields, seen }) {
  swap(byId('covers'), $('#covers', fresh)); // a cover that was chosen elsewhere may be new here
  clash = false;
  byId('clash').hidden = true;
  seenField.value = seen;
  putIn(fields);
  atServer = fieldsOf(sheet);
  forgetDraft();
}

async function overwrite() {
  const other = await otherPage();
  if (!other) return tell('The server cannot be reached', true);
  atServer = other.fields;
  seenField.value = other.seen;
  clash = false;
  byId('clash').hidden = true;
  save();
}

async function giveWay() {
  const other = await otherPage();
  if (!other) return tell('The server cannot be reached', true);
  const key = leaveDraft(fieldsOf(sheet));
  adopt(other);
  tell('Taken over from another window');
  offer(key);
}

// ---- what an earlier window left behind

const offered = [];

function offer(key) {
  const draft = draftIn(key);
  if (!draft) return;
  if (same(draft.fields, atServer ?? fieldsOf(sheet))) return keep(key, '');
  offered.push(key);
  showOffer();
}

function showOffer() {
  const box = byId('offer'), draft = offered.length && draftIn(offered[0]);
  box.hidden = !draft;
  if (draft) $('.when', box).textContent = moment(draft.at);
}

function takeOffer(taken) {
  const key = offered.shift(), draft = draftIn(key);
  if (taken && draft) {
    putIn(draft.fields);
    onInput();
    keepDraft(fieldsOf(sheet));
  }
  keep(key, '');
  showOffer();
}

// ---- publishing, and going

async function press(_, button) {
  if (button?.hasAttribute('formaction')) return goToProof();
  const status = button?.value;
  if (!status) return save();
  if (clash) return goTo($('button', byId('clash')));
  await turn;
  turn = publish(status).finally(() => { turn = null; });
  return turn;
}

async function publish(status) {
  // A new post is kept first: an answer that is lost then makes no second one.
  if (!idField.value && isChanged()) {
    await saveOnce();
    if (!idField.value) return;
  }
  clearTimeout(timer);
  const fields = fieldsOf(sheet), drafted = status === 'draft' && sheet.dataset.status === 'draft';
  keepDraft(fields);
  tell('Saving …');
  const answer = await send(fields, status);
  if (answer.ok) {
    took(fields, answer);
    if (drafted || isChanged()) return;
    left = true;
    location.assign(answer.url);
    return;
  }
  if (answer.status && answer.status < 500 && answer.status !== 401) {
    left = true; // the form goes the plain way, and the server's page says what is wrong with it
    return false;
  }
  byId('signed-out').hidden = answer.status !== 401;
  tell('Not published – this browser keeps the text', true);
}

function onHidden() {
  if (!document.hidden) return lookAround();
  if (left || !isChanged()) return;
  keepDraft(fieldsOf(sheet));
  // A new post waits for its turn: if this page is closing, nobody will be there to learn the new post's address.
  if (idField.value) save();
}

/** Keeps the form at the server from now on. */
export function startSaving() {
  const refused = $('#oops') || location.pathname !== address();
  byId('saved').setAttribute('aria-live', 'off'); // only what goes wrong is said aloud
  seenField.value = seenField.defaultValue;
  if (!refused) atServer = fieldsAsSent();
  if ('clash' in sheet.dataset) {
    $('#oops').hidden = true; // the same is said with a choice
    disagree();
  }
  if (isChanged()) onInput();
  sheet.addEventListener('input', onInput);
  document.addEventListener('visibilitychange', onHidden);
  addEventListener('pagehide', () => { if (isChanged()) keepDraft(fieldsOf(sheet)); });
  addEventListener('beforeunload', event => { if (!left && isChanged() && !keepDraft(fieldsOf(sheet))) event.preventDefault(); });
  for (const name of ['online', 'focus']) addEventListener(name, () => { if (wait > SOONEST) save(); });
  listen();
  byId('overwrite').addEventListener('click', overwrite);
  byId('give-way').addEventListener('click', giveWay);
  byId('take-back').addEventListener('click', () => takeOffer(true));
  byId('throw-away').addEventListener('click', () => takeOffer(false));
  onSubmit('#editor', press);
  findDrafts(offer);
}
