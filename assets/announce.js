// The page's one voice for screen readers, `#announce`, so that events never talk over one another.
import { $, plural } from "./parts.js";

const PAUSE = 5000; // milliseconds between two announcements of arrivals
const voice = $('#announce');
let last = -PAUSE;

/** Says `text` politely, also when it was the last thing said. */
export function say(text) {
  last = performance.now();
  voice.textContent = '';
  setTimeout(() => { voice.textContent = text; }, 100);
}

/**
 * Counts what arrives, so that those of five seconds are announced together, by number and never by their text: `words(n)`
 * says what they are.
 */
export function herald(words) {
  let unsaid = 0, speaking = 0;
  return () => {
    unsaid++;
    speaking ||= setTimeout(() => {
      say(words(unsaid));
      unsaid = speaking = 0;
    }, Math.max(1000, last + PAUSE - performance.now()));
  };
}

/** Counts a comment that arrived. */
export const arrived = herald(n => plural(n, 'new comment'));
