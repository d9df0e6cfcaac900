// What is wrong with the blog, as every open page of the desk shows it from its beginning to its end.
import { byId, page } from "./parts.js";
import { follow } from "./stream.js";

/** Shows what is wrong now. What stands there already is not announced again. */
export const showFaults = ({ html }) => show('faults', html);

/** Shows how the backups stand, where the page does. */
export const showKept = ({ html }) => show('kept', html);

function show(id, html) {
  const old = byId(id), fresh = page(html).body;
  if (old && old.innerHTML.trim() !== fresh.innerHTML.trim()) old.replaceChildren(...fresh.childNodes);
}

/** Follows the owner's stream where the page follows it for nothing else. */
export function startFaults() {
  const root = byId('faults');
  if (!root || byId('desk')) return;
  follow(root.dataset, (kind, frame) => { if (kind === 'faults') showFaults(frame); }, () => {}, async ({ head }) => ({ after: head }));
}
