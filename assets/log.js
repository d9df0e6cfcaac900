// Everything that happened, by the keyboard; taking back without leaving the page; and noting what was seen.
import "./desk.js";
import { notify, sendFields } from "./notices.js";
import { $, $$, byId, onSubmit } from "./parts.js";
import { focused, walk } from "./walking.js";

const LINE = '#log > li';

onSubmit('.undo', async (form, button) => {
  const told = await sendFields('/admin/log', new URLSearchParams(new FormData(form, button)));
  if (!told) return false;
  notify(told.html, byId('log'));
  dispatchEvent(new Event('missing')); // where the stream does not come through, too
});

function pressed(key) {
  if (key === 'u') $('.undo button', focused(LINE))?.click();
  else if (key === 'e') $('.open', focused(LINE))?.click();
  else return false;
}

walk(LINE, pressed);

// ---- whoever leaves the whole of the newest has seen it

let noted = 0;

function note() {
  const { shows, closed } = byId('log').dataset, to = Math.max(0, ...$$(LINE).map(line => +line.dataset.event));
  if (shows !== 'li' || closed != null || to <= noted) return;
  noted = to;
  fetch('/admin/log', { method: 'POST', body: new URLSearchParams({ do: 'read', to }), keepalive: true, redirect: 'manual' }).catch(() => {});
}

addEventListener('pagehide', note);
addEventListener('visibilitychange', () => { if (document.hidden) note(); }, true);
