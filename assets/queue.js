// The list of comments by the keyboard, and decisions that do not leave the page. Every button does the same without it.
import "./desk.js";
import { say } from "./announce.js";
import { notify, sendFields } from "./notices.js";
import { $, $$, byId, goTo, onSubmit } from "./parts.js";
import { focused, walk } from "./walking.js";

const DECISIONS = { a: 'approve', r: 'reject', s: 'spam', h: 'hold', d: 'delete' };
const CASE = '#queue-list > li';

const current = () => focused(CASE);

// ---- decisions

// Sends what a form would. False if it was not done.
async function carry(fields) {
  const here = current(), all = $$(CASE), told = await sendFields('/admin/comments', fields);
  if (!told) return false;
  const gone = new Set(told.done.map(id => `case-${id}`));
  notify(told.html, byId('moderation'));
  for (const box of $$('#queue-list :checked')) box.checked = false;
  // What the list shows changes with the events; a list that takes in nothing by itself, or does not hear them, asks anew.
  const deaf = 'closed' in byId('queue-list').dataset && fields.get('do') === 'undo';
  if (deaf || byId('desk').dataset.live !== 'live') dispatchEvent(new Event('missing'));
  if (!here) return;
  const rest = [...all.slice(all.indexOf(here) + 1), ...all.slice(0, all.indexOf(here)).reverse()];
  const next = gone.has(here.id) ? rest.find(item => item.isConnected && !gone.has(item.id)) : here;
  if (next) goTo(next);
}

const act = (form, button) => carry(new URLSearchParams(new FormData(form, button)));
onSubmit('#moderation, #notice', act);

async function decide(word) {
  const chosen = $$('#queue-list :checked').map(box => box.value), here = current();
  const ids = chosen.length ? chosen : here ? [$('input', here).value] : [];
  if (!ids.length) return say('Choose a comment first.');
  const fields = new URLSearchParams({ do: word, back: $('[name=back]', byId('moderation')).value });
  for (const id of ids) fields.append('ids', id);
  if (await carry(fields) === false) say('It could not be done.');
}

// ---- keys

function choose() {
  const box = $('input', current());
  if (!box) return;
  box.checked = !box.checked;
  box.dispatchEvent(new Event('change', { bubbles: true }));
}

function press(key) {
  const list = $('#queue-list[data-shows*="=deleted"]');
  if (key === 'x') choose();
  else if (key === 'e') $('.open', current())?.click();
  else if (key === 'u') $('#notice button')?.click();
  else if (key === 'a' && list) decide('restore');
  else if (DECISIONS[key]) decide(DECISIONS[key]);
  else return false;
}

walk(CASE, press);
