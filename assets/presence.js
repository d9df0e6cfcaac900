// Who reads the same post now, as the server tells it: a tally, a number, and the names of those who want to be seen.
import { $, byId, page } from "./parts.js";

/** Shows a `presence` frame; without one, nobody knows who reads. */
export function showReaders(frame) {
  for (const id of ['presence', 'here']) {
    const old = byId(id);
    if (!old) continue;
    if (frame) old.replaceWith($(`#${id}`, page(frame.html)));
    else old.hidden = true;
  }
}
