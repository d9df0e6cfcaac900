// The page's one voice for screen readers, `#announce`, so that events never talk over one another.
import { $, plural } from "./parts.js";

const PAUSE = 5000; // milliseconds between two announcements of arrivals
const voice = $('#announce');
let unsaid = 0, speaking = 0, last = -PAUSE;

/** Says `text` politely, also when it was the last thing said. */
export function say(text) {
  last = performance.now();
  voice.textContent = '';
  setTimeout(() => { voice.textContent = text; }, 100);
}

/** Counts a comment that arrived. Those of five seconds are announced together, by number and never by their text. */
export function arrived() {
  unsaid++;
  speaking ||= setTimeout(() => {
    say(plural(unsaid, 'new comment'));
    unsaid = speaking = 0;
  }, Math.max(1000, last + PAUSE - performance.now()));
}
