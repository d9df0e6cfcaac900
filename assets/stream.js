// Follows an event stream from a cursor and keeps following it: the reading, the ids and the reconnection.
// A fetch, because EventSource hides the status: it takes a 503 for the end and cannot tell a 204 from a failure.

const FIRST = 1000, LONGEST = 30_000; // milliseconds; the bounds of the wait between two attempts
const ASKED = 300_000; // the longest wait that a Retry-After can ask for
const PATIENCE = 4; // failed attempts before it is called offline
const REPLAY = 500; // more missed events than this, and the page is fetched again instead
const GREETING = 6000; // milliseconds until `hello`; where a proxy holds it back, the same cursor is polled instead
const POLL = 25; // seconds that a poll waits, or that lie between two of them
const REST = 30_000; // milliseconds that a hidden page keeps its stream
const TICK = 5000, DRIFT = 10_000; // a clock that jumps by so much more than a tick has slept
const MOST = 4; // streams that a browser keeps: six connections to a host are all it has over HTTP/1.1

/**
 * Splits text into the blocks of an event stream, lines ending in CR, LF or CRLF, wherever the chunks are cut.
 * Source: WHATWG HTML, "Server-sent events", section 9.2.6. What stands behind the last empty line is never handed on.
 */
export function blocks(onBlock) {
  let rest = '', cut = false, block = {};
  const take = line => {
    if (!line) {
      onBlock(block);
      block = {};
      return;
    }
    const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (name === 'data') block.data = 'data' in block ? `${block.data}\n${value}` : value;
    else if (name) block[name] = value;
  };
  return text => {
    if (cut && text.startsWith('\n')) text = text.slice(1);
    else if (!text) return;
    cut = text.endsWith('\r');
    const lines = (rest + text).split(/\r\n|\r|\n/);
    rest = lines.pop();
    lines.forEach(take);
  };
}

/**
 * Follows `url` from the event `after`, written at `at`. Of what it returns, `end()` ends it for good, and `renew(why)`
 * does what a `reset` does.
 *
 * - `onEvent(kind, data, missed)` is called for every recorded event, in order, and for `presence`; `missed` is true for
 *   those of a time in which nobody listened, because the page was hidden, asleep or offline.
 * - `onState(state)` is called with `live`, `polling`, `reconnecting`, `offline`, or `ended` once there will be no such
 *   stream.
 * - `onReset(why)` is called when events were lost; it returns the promise of a new `{ after, at }`.
 *
 * Of all pages of a browser, only the visible ones keep a stream, and of those only the latest few: the others poll.
 */
export function follow({ url, after, at, onEvent, onState, onReset }) {
  let failures = 0, resets = 0; // since the last sign of health
  let retry = FIRST, ping = 20; // the server's hints, in milliseconds and seconds
  let heldBack = false, later = 0; // whether streams do not come through; how many were opened after this one
  let control, timer, state, asleep, channel, away = false, missed = 0, tick = Date.now();

  const tell = next => { if (next !== state) onState(state = next); };
  const jitter = attempt => Math.random() * Math.min(LONGEST, retry * 2 ** attempt);
  const stop = () => {
    clearTimeout(timer);
    control?.abort();
    timer = control = null;
  };
  const again = wait => {
    stop();
    tell(navigator.onLine && failures <= PATIENCE ? 'reconnecting' : 'offline');
    timer = setTimeout(open, wait);
  };
  const watch = (seconds = 2 * ping + 5) => {
    clearTimeout(timer);
    timer = setTimeout(fail, seconds * 1000);
  };
  function fail(wait = 0) {
    heldBack = false;
    again((wait > 0 ? wait : 0) + jitter(failures++));
  }

  async function open() {
    stop();
    const mine = control = new AbortController();
    const current = () => control === mine; // false once this connection was given up for another
    const pause = later >= MOST, polls = heldBack || pause;
    const asked = new URLSearchParams({ after, ...(+at && { at }), ...(polls && !pause && state === 'polling' && { wait: POLL }) });
    const get = accept => fetch(`${url}?${asked}`, {
      headers: { accept }, cache: 'no-store', redirect: 'error', signal: mine.signal,
    });
    try {
      if (polls) {
        watch(2 * POLL);
        return await poll(await get('application/json'), current, pause);
      }
      later = 0;
      channel?.postMessage(0);
      timer = setTimeout(() => {
        heldBack = true;
        open();
      }, GREETING);
      const answer = await get('text/event-stream');
      if (!current() || refused(answer, 'text/event-stream')) return;
      const reader = answer.body.getReader(), decoder = new TextDecoder();
      const feed = blocks(block => { if (current()) receive(block); });
      for (let chunk; current() && !(chunk = await reader.read()).done;) {
        feed(decoder.decode(chunk.value, { stream: true }));
        if (current() && state === 'live') watch();
      }
      if (current()) fail();
    } catch {
      if (current()) fail();
    }
  }

  function refused({ status, headers }, type) {
    if (status === 204) end();
    else if (status === 200 && headers.get('content-type')?.startsWith(type)) return false;
    else fail(Math.min((parseInt(headers.get('retry-after')) || 0) * 1000, ASKED));
    return true;
  }

  async function poll(answer, current, pause) {
    if (!current() || refused(answer, 'application/json')) return;
    const { events, after: next, head, reset, more } = await answer.json();
    if (!current()) return;
    greet(head);
    for (const event of events) pass(event.id, event.kind, event);
    if (reset) return renew(reset);
    if (+next !== +after) [after, at] = [next, null];
    tell('polling');
    stop();
    timer = setTimeout(open, more ? 0 : pause ? POLL * 1000 : FIRST);
  }

  function greet(head) {
    failures = 0;
    missed = away ? head : 0;
    away = false;
  }

  // A connection cut in the middle of a block has not moved the cursor: that block comes again.
  function receive({ id, event, data, retry: hint }) {
    if (/^\d+$/.test(hint)) retry = Math.min(Math.max(+hint, FIRST), LONGEST);
    const facts = data ? JSON.parse(data) : null;
    if (event === 'hello') {
      ping = facts.ping ?? ping;
      greet(facts.head);
      watch();
      if (facts.missed > REPLAY) renew({ reason: 'missed' });
      else tell('live');
    } else if (event === 'reset') renew(facts);
    else if (event === 'bye') again(facts.after ?? jitter(0));
    else pass(id, event, facts);
  }

  function pass(id, event, facts) {
    resets = 0;
    if (id && !String(id).includes('\0')) {
      after = id;
      at = facts?.at;
    }
    if (facts && (id || event === 'presence')) onEvent(event, facts, +id <= missed);
  }

  // The cursor is only as good as the page that it came from: several resets in a row wait like failures do.
  function renew(why) {
    again(LONGEST);
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const ours = timer;
      try {
        const next = await onReset(why);
        if (timer !== ours) return;
        ({ after, at } = next);
        open();
      } catch {
        if (timer === ours) fail();
      }
    }, resets++ ? jitter(resets) : 0);
  }

  // ---- a page that nobody sees, and one that comes back

  function rest() {
    stop();
    away = true;
  }

  function wake() {
    failures = later = 0;
    if (!document.hidden) open();
  }

  function join() {
    if (!globalThis.BroadcastChannel) return;
    channel = new BroadcastChannel('streams');
    channel.onmessage = () => {
      if (document.hidden) rest();
      else if (++later === MOST) open();
    };
  }

  function end() {
    stop();
    tell('ended');
    clearInterval(ticking);
    channel?.close();
    for (const [name, act] of wakes) removeEventListener(name, act, true);
  }

  const wakes = [
    ['online', wake],
    ['offline', () => {
      away = true;
      if (control) fail();
      else tell('offline');
    }],
    ['visibilitychange', () => {
      clearTimeout(asleep);
      if (document.hidden) asleep = setTimeout(rest, REST);
      else if (!control) wake();
    }],
    ['focus', () => { if (later >= MOST) wake(); }],
    ['pagehide', () => {
      rest();
      channel?.close();
    }],
    ['pageshow', event => { // back from the back/forward cache, with an old cursor
      if (!event.persisted) return;
      join();
      wake();
    }],
  ];
  for (const [name, act] of wakes) addEventListener(name, act, true);
  const ticking = setInterval(() => {
    const now = Date.now(), slept = now - tick > TICK + DRIFT;
    tick = now;
    if (!slept || document.hidden) return;
    away = true;
    wake();
  }, TICK);
  join();
  if (!document.hidden) open();
  return { end, renew };
}
