// Follows an event stream from a cursor and keeps following it: the reading, the ids and the reconnection.
// A fetch, because EventSource hides the status: it takes a 503 for the end and cannot tell a 204 from a failure.

const FIRST = 1000, LONGEST = 30_000; // milliseconds; the bounds of the wait between two attempts
const PATIENCE = 4; // failed attempts before it is called offline
const REPLAY = 500; // more missed events than this, and the page is fetched again instead
const GREETING = 6000; // milliseconds until `hello`; where a proxy holds it back, the same cursor is polled instead
const POLL = 25; // seconds that a poll waits, or that lie between two of them
const REST = 30_000; // milliseconds that a hidden page keeps its stream
const TICK = 5000, DRIFT = 10_000; // a clock that jumps by so much more than a tick has slept
const MOST = 4; // streams that a browser keeps: six connections to a host are all it has over HTTP/1.1

/**
 * Follows the stream `events` from the event `after`, written at `at`. What it returns does what a `reset` does.
 *
 * - `onEvent(kind, data, missed)` is called for every recorded event, in order, for what is told in passing (`presence`,
 *   `faults`), and for a `hello` that has something for the page's forms; `missed` is true for those of a time in which nobody listened, because the page was
 *   hidden, asleep or offline.
 * - `onState(state)` is called with `live`, `polling`, `reconnecting`, `offline`, or `ended` once there will be no such
 *   stream.
 * - `onReset(why)` is called when events were lost; it returns the promise of a new `{ after, at }`.
 *
 * Of all pages of a browser, only the visible ones keep a stream, and of those only the latest few: the others poll.
 */
export function follow({ events: url, after, at }, onEvent, onState, onReset) {
  let failures = 0, resets = 0; // since the last sign of health
  let retry = FIRST, ping = 20; // the server's hints, in milliseconds and seconds
  let heldBack = false, later = 0; // whether streams do not come through; how many were opened after this one
  let control, timer, state, asleep, channel, away = false, missed = 0, tick = Date.now();

  const tell = next => { if (next !== state && state !== 'ended') onState(state = next); };
  const jitter = attempt => Math.random() * Math.min(LONGEST, retry * 2 ** attempt);
  const plan = (act, wait) => {
    clearTimeout(timer);
    timer = setTimeout(act, wait);
  };
  const stop = () => {
    clearTimeout(timer);
    control?.abort();
    timer = control = null;
  };
  const again = (wait, act = open) => {
    stop();
    tell(navigator.onLine && failures <= PATIENCE ? 'reconnecting' : 'offline');
    plan(act, wait);
  };
  const watch = (seconds = 2 * ping + 5) => plan(fail, seconds * 1000);
  function fail(wait = 0) {
    heldBack = false;
    again(wait + jitter(failures++));
  }

  async function open() {
    stop();
    if (state === 'ended') return;
    control = new AbortController();
    const { signal } = control; // aborted once this connection was given up for another
    const pause = later >= MOST;
    const get = async (accept, wait) => {
      const asked = new URLSearchParams({ after, ...(+at && { at }), ...(wait && { wait }) });
      const answer = await fetch(`${url}?${asked}`, { headers: { accept }, cache: 'no-store', redirect: 'error', signal });
      if (/204|401/.test(answer.status)) {
        stop();
        tell('ended');
      }
      signal.throwIfAborted();
      if (!answer.ok) throw answer;
      return answer;
    };
    try {
      if (heldBack || pause) await poll(get, signal, pause);
      else await read(get, signal);
    } catch ({ headers }) {
      if (!signal.aborted) fail((parseInt(headers?.get('retry-after')) || 0) * 1000);
    }
  }

  // A connection cut in the middle of a block has not moved the cursor: that block comes again.
  async function read(get, signal) {
    later = 0;
    channel.postMessage(0);
    plan(() => {
      heldBack = true;
      open();
    }, GREETING);
    const answer = await get('text/event-stream'), reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = '', chunk; !(chunk = await reader.read()).done;) {
      const blocks = (rest + chunk.value).split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) {
        signal.throwIfAborted();
        receive(Object.fromEntries(block.split('\n').map(line => line.split(/: (.*)/))));
      }
      if (!signal.aborted && state === 'live') watch();
    }
    throw 'it ended';
  }

  async function poll(get, signal, pause) {
    watch(2 * POLL);
    const answer = await get('application/json', !pause && state === 'polling' && POLL);
    const facts = await answer.json(), { events, after: next, reset, more } = facts;
    signal.throwIfAborted();
    greet(facts);
    for (const event of events) pass(event.id, event.kind, event);
    if (reset) return renew(reset);
    if (+next !== +after) [after, at] = [next, null];
    tell('polling');
    stop();
    plan(open, more ? 0 : pause ? POLL * 1000 : FIRST);
  }

  function greet(facts) {
    failures = 0;
    missed = away ? facts.head : 0;
    away = false;
    if (facts.issued) onEvent('hello', facts);
  }

  function receive({ id, event, data = null, retry: hint }) {
    const facts = JSON.parse(data);
    if (hint) retry = +hint;
    if (event === 'hello') {
      ping = facts.ping;
      greet(facts);
      watch();
      if (facts.missed > REPLAY) renew(facts);
      else tell('live');
    } else if (event === 'reset') renew(facts);
    else if (event === 'bye') again(facts.after ?? jitter(0));
    else pass(id, event, facts);
  }

  function pass(id, event, facts) {
    resets = 0;
    if (id) {
      after = id;
      at = facts?.at;
    }
    if (facts && event !== 'ping') onEvent(event, facts, id <= missed);
  }

  // The cursor is only as good as the page that it came from: several resets in a row wait like failures do.
  function renew(why) {
    again(resets++ ? jitter(resets) : 0, async () => {
      const ours = timer;
      try {
        const next = await onReset(why);
        if (timer !== ours) return;
        ({ after, at } = next);
        open();
      } catch {
        if (timer === ours) fail();
      }
    });
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
    channel = new BroadcastChannel('streams');
    channel.onmessage = () => {
      if (document.hidden) rest();
      else if (++later === MOST) open();
    };
  }

  const on = (name, act) => addEventListener(name, act, true);
  on('online', wake);
  on('offline', () => {
    away = true;
    if (control) fail();
    else tell('offline');
  });
  on('visibilitychange', () => {
    clearTimeout(asleep);
    if (document.hidden) asleep = setTimeout(rest, REST);
    else if (!control) wake();
  });
  on('focus', () => { if (later >= MOST) wake(); });
  on('freeze', rest); // a frozen page's open answers stay silent after it has thawed
  on('resume', () => { if (!control) wake(); });
  on('pagehide', () => {
    rest();
    channel.close();
  });
  on('pageshow', event => { // back from the back/forward cache, with an old cursor
    if (!event.persisted) return;
    join();
    wake();
  });
  setInterval(() => {
    const now = Date.now(), slept = now - tick > TICK + DRIFT;
    tick = now;
    if (!slept || document.hidden) return;
    away = true;
    wake();
  }, TICK);
  join();
  if (!document.hidden) open();
  return renew;
}
