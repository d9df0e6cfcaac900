// The page's one voice for screen readers, `#announce`, so that events never talk over one another.
import { $, plural } from "./parts.js";

const PAUSE = 5000; // milliseconds between two announcements of arrivals
const voice = $('#announce');
let unsaid = 0, speaking, last = -PAUSE;

/** Says `text` politely, also when it was the last thing said. */
export function say(text) {
  last = performance.now();
  voice.textContent = '';
  setTimeout(() => { voice.textContent = text; }, 100);
}

/** Counts a comment that arrived. Those of five seconds are announced together, by number and never by their text. */
export function arrived() {
  unsaid++;
  speaking ??= setTimeout(speak, 1000);
}

function speak() {
  const wait = last + PAUSE - performance.now();
  if (wait > 0) {
    speaking = setTimeout(speak, wait);
    return;
  }
  say(plural(unsaid, 'new comment'));
  unsaid = 0;
  speaking = null;
}
