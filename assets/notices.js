// What a form of the desk would do, done without leaving the page, and the word about it.
import { say } from "./announce.js";
import { $, byId, part, swap } from "./parts.js";

/** Sends what a form would. What the server tells of it, or nothing if it was not done. */
export async function sendFields(path, body) {
  try {
    const answer = await fetch(path, { method: 'POST', body, headers: { accept: 'application/json' } });
    return answer.ok && await answer.json();
  } catch {
    return null;
  }
}

/** Shows the word about it above `list`, and says it. */
export function notify(html, list) {
  const old = byId('notice'), fresh = part(html);
  if (old) swap(old, fresh);
  else list.before(fresh);
  say($('[role=status]', fresh).textContent);
}
