// Follows an event stream from a cursor and keeps following it: the reading, the ids and the reconnection.
// A fetch, because EventSource hides the status: it takes a 503 for the end and cannot tell a 204 from a failure.

const FIRST = 1000, LONGEST = 30_000; // milliseconds; the bounds of the wait between two attempts
const ASKED = 300_000; // the longest wait that a Retry-After can ask for
const PATIENCE = 4; // failed attempts before it is called offline
const REPLAY = 500; // more missed events than this, and the page is fetched again instead

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
 * - `onEvent(kind, data)` is called for every recorded event, in order, and for `presence`.
 * - `onState(state)` is called with `live`, `reconnecting`, `offline`, or `ended` once there will be no such stream.
 * - `onReset(why)` is called when events were lost; it returns the promise of a new `{ after, at }`.
 */
export function follow({ url, after, at, onEvent, onState, onReset }) {
  let failures = 0, resets = 0; // since the last sign of health
  let retry = FIRST, ping = 20; // the server's hints, in milliseconds and seconds
  let control, timer, state;

  const tell = next => { if (next !== state) onState(state = next); };
  const jitter = attempt => Math.random() * Math.min(LONGEST, retry * 2 ** attempt);
  const stop = () => {
    clearTimeout(timer);
    control?.abort();
    timer = control = null;
  };
  const later = wait => {
    stop();
    tell(navigator.onLine && failures <= PATIENCE ? 'reconnecting' : 'offline');
    timer = setTimeout(open, wait);
  };
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(fail, (2 * ping + 5) * 1000);
  };
  function fail(wait = 0) {
    later(wait + jitter(failures++));
  }

  async function open() {
    stop();
    const mine = control = new AbortController();
    const current = () => control === mine; // false once this connection was given up for another
    watch();
    try {
      const cursor = new URLSearchParams({ after, ...(+at && { at }) });
      const { status, headers, body } = await fetch(`${url}?${cursor}`, {
        headers: { accept: 'text/event-stream' }, cache: 'no-store', redirect: 'error', signal: mine.signal,
      });
      if (!current()) return;
      if (status === 204) return end();
      if (status !== 200 || !headers.get('content-type')?.startsWith('text/event-stream')) {
        return fail(Math.min((parseInt(headers.get('retry-after')) || 0) * 1000, ASKED));
      }
      const reader = body.getReader(), decoder = new TextDecoder();
      const feed = blocks(block => { if (current()) receive(block); });
      for (let chunk; current() && !(chunk = await reader.read()).done;) {
        feed(decoder.decode(chunk.value, { stream: true }));
        if (current()) watch();
      }
      if (current()) fail();
    } catch {
      if (current()) fail();
    }
  }

  // A connection cut in the middle of a block has not moved the cursor: that block comes again.
  function receive({ id, event, data, retry: hint }) {
    if (/^\d+$/.test(hint)) retry = Math.min(Math.max(+hint, FIRST), LONGEST);
    const facts = data ? JSON.parse(data) : null;
    if (id && !id.includes('\0')) {
      after = id;
      at = facts?.at;
    }
    if (event === 'hello') {
      ping = facts.ping ?? ping;
      failures = 0;
      if (facts.missed > REPLAY) renew({ reason: 'missed' });
      else tell('live');
    } else if (event === 'reset') renew(facts);
    else if (event === 'bye') later(facts.after ?? jitter(0));
    else resets = 0;
    if (!facts || !(id || event === 'presence')) return;
    try {
      onEvent(event, facts);
    } catch (error) {
      reportError(error); // one event that cannot be shown must not stop the ones behind it
    }
  }

  // The cursor is only as good as the page that it came from: several resets in a row wait like failures do.
  function renew(why) {
    later(LONGEST);
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

  function end() {
    stop();
    tell('ended');
    for (const [name, act] of wakes) removeEventListener(name, act);
  }

  const wakes = [
    ['online', () => { failures = 0; open(); }],
    ['offline', () => { if (control) fail(); else tell('offline'); }],
    ['pagehide', stop],
    ['pageshow', event => { if (event.persisted) open(); }], // back from the back/forward cache, with an old cursor
  ];
  for (const [name, act] of wakes) addEventListener(name, act);
  open();
  return { end, renew };
}
