// The owner's open windows: posts, waiting comments, figures and what happened, as the log tells of them.
import { say } from "./announce.js";
import { startCopying } from "./copy.js";
import { showFaults, showKept, startFaults } from "./faults.js";
import { startMe } from "./me.js";
import { $, $$, byId, lazily, newer, page, part, plural, swap } from "./parts.js";
import { follow } from "./stream.js";

const LINES = 30; // of what happened that stay
const FEW = 10; // comments to decide about below which more are fetched

startCopying();
startMe();
startFaults();

const root = byId('desk'), pause = byId('pause'), all = byId('pick-all');
const held = []; // lines that come while the activity is paused
let reading = null; // the last word about who reads what

// ---- what the log tells

function apply(kind, frame) {
  if (kind === 'presence') return showReading(reading = frame);
  if (kind === 'faults') return showFaults(frame);
  if (kind === 'keeping') return showKept(frame);
  const { desk, comment } = frame;
  if (kind.startsWith('import:')) return dispatchEvent(new Event('missing'));
  if (kind === 'post:erased') byId(`post-${frame.post_id}`)?.remove();
  if (desk.row) showRow(part(desk.row));
  if (kind.startsWith('comment:')) showCase(kind, comment.id ?? comment, desk.queue);
  if (desk.line) told(part(desk.line));
  if (desk.log) showEvent(part(desk.log));
  for (const n of $$('.n-waiting')) n.textContent = grouped(desk.waiting);
  for (const [show, count] of Object.entries(desk.counts ?? {})) {
    for (const n of $$(`[data-count="${show}"]`)) n.textContent = grouped(count);
  }
}

const grouped = n => n.toLocaleString('en');

// A row comes, changes and goes by the rule of its list, which the server has written into it.
function showRow(fresh) {
  const board = byId('board'), old = byId(fresh.id);
  if (!board) return;
  if (!fresh.matches(board.dataset.shows)) return old?.remove();
  const stays = old?.dataset.rank === fresh.dataset.rank && old.dataset.at === fresh.dataset.at;
  if (stays) swap(old, fresh);
  else if (old || !('closed' in board.dataset)) place(board, old, fresh);
  showReading(reading);
}

function place(board, old, fresh) {
  const before = row => +row.dataset.rank > +fresh.dataset.rank
    || row.dataset.rank === fresh.dataset.rank && +row.dataset.at <= +fresh.dataset.at;
  if (old) swap(old, fresh);
  const next = [...board.children].find(row => row !== fresh && before(row));
  if (next !== fresh.nextElementSibling || !fresh.isConnected) board.insertBefore(fresh, next ?? null);
}

// A comment comes, changes and goes by the rule of its list; it stands where its time says.
function showCase(kind, id, html) {
  const list = byId('queue-list'), old = byId(`case-${id}`), fresh = html && part(html);
  if (!list) return;
  if (!fresh?.matches(list.dataset.shows)) {
    old?.remove();
    return refill();
  }
  if (old) {
    if (!newer(fresh, old)) return;
    $('input', fresh).checked = $('input', old).checked;
    return swap(old, fresh);
  }
  if ('closed' in list.dataset) return;
  const next = [...list.children].find(item => +item.dataset.at <= +fresh.dataset.at);
  if (next) next.before(fresh);
  else if (!$('#pages [rel=next]')) list.append(fresh);
  if (kind === 'comment:pending') say('A comment waits for you.');
}

// A page that is almost done takes in the next ones.
const refill = lazily(() => {
  if ($('#pages [rel=next]') && byId('queue-list').children.length < FEW) dispatchEvent(new Event('missing'));
});

// What happened stands at the head of the log, if that shows such things. After a decision other lines offer their way
// back no more, or again.
function showEvent(fresh) {
  const list = byId('log'), old = byId(fresh.id), first = list?.firstElementChild, { comment } = fresh.dataset;
  if (!list) return;
  if (fresh.matches(list.dataset.shows) && !('closed' in list.dataset)) {
    if (old) swap(old, fresh);
    else if (first?.dataset.key === fresh.dataset.key) swap(first, fresh);
    else list.prepend(fresh);
  }
  const others = fresh.id.startsWith('change') ? '.undo' : `[data-comment="${comment}"] .undo`;
  if ($$(others, list).some(form => !fresh.contains(form))) lookAgain();
}

const lookAgain = lazily(() => dispatchEvent(new Event('missing')));

function showReading(frame) {
  if (!frame) return;
  if (byId('readers')) byId('readers').textContent = grouped(frame.readers);
  for (const row of $$('#board > li')) {
    const n = frame.posts[row.id.slice('post-'.length)] ?? 0, note = $('.reading', row);
    $('b', note).textContent = n;
    note.hidden = !n;
  }
}

// ---- what happened, which can be paused to be read

function told(line) {
  if (!byId('beat')) return;
  if (pause.ariaPressed === 'true') held.push(line);
  else prepend(line);
  showHeld();
}

function prepend(line) {
  const beat = byId('beat'), last = beat.firstElementChild;
  if (last?.dataset.key === line.dataset.key) last.remove();
  beat.prepend(line);
  while (beat.children.length > LINES) beat.lastElementChild.remove();
}

function showHeld() {
  pause.textContent = pause.ariaPressed !== 'true' ? 'Pause' : held.length ? `Show ${plural(held.length, 'line')}` : 'Go on';
}

if (pause) {
  pause.hidden = false;
  pause.addEventListener('click', () => {
    pause.ariaPressed = pause.ariaPressed !== 'true';
    for (const line of held.splice(0)) prepend(line);
    showHeld();
  });
}

// ---- the queue's boxes

if (all) {
  const boxes = () => $$('#queue-list input');
  all.hidden = false;
  all.addEventListener('change', ({ target }) => {
    for (const box of boxes()) box.checked = target.checked;
  });
  addEventListener('change', ({ target }) => {
    if (target.closest('#queue-list')) $('input', all).checked = boxes().every(box => box.checked);
  });
}

// ---- the connection

function tell(state) {
  root.dataset.live = { ended: 'offline', polling: 'live' }[state] ?? state;
  const line = byId('live-state');
  if (state === 'ended') say('You are signed out here.');
  if (!line) return;
  $('.txt', line).textContent = state === 'ended' ? 'Signed out' : state[0].toUpperCase() + state.slice(1);
  line.hidden = false;
}

// What is read and chosen stays: only the lists and the figures are taken from the fresh page.
async function renew(why) {
  if (why.reason === 'auth') throw why; // the stream's next answer says that it is over
  const answer = await fetch(location.pathname + location.search, { cache: 'no-store', redirect: 'error' });
  if (!answer.ok) throw answer;
  const fresh = page(await answer.text()), chosen = $$('#queue-list :checked').map(box => box.value);
  const at = document.activeElement?.closest('#queue-list > li, #log > li')?.id;
  for (const id of ['board', 'queue-list', 'beat', 'log', 'seen', 'pages']) {
    const old = byId(id), now = $(`#${id}`, fresh);
    if (old && now) swap(old, now);
    else old?.remove();
  }
  if (at) byId(at)?.focus({ preventScroll: true });
  for (const box of $$('#queue-list input')) box.checked = chosen.includes(box.value);
  for (const css of ['.n-waiting', '[data-count]']) {
    const numbers = $$(css, fresh);
    for (const [at, n] of $$(css).entries()) n.textContent = numbers[at].textContent;
  }
  return $('#desk', fresh).dataset;
}

if (root) addEventListener('missing', follow(root.dataset, apply, tell, renew));
