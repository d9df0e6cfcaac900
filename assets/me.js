// What is meant for this visitor alone. It comes on the page's own stream; only a page without one follows `/me/events`.
import { say } from "./announce.js";
import { follow } from "./stream.js";
import { $ } from "./parts.js";

const ownLink = () => $('#me'); // only there for a visitor whom the server knows

let heard = 0; // the newest event that was shown

/** Shows a reply or an approval. True if the page has nothing else to do with the event: a reply's comment has its own. */
export function personal(kind, { id, comment, post, title, url }) {
  const reply = kind === 'reply:created', here = $('#comments')?.dataset.post;
  if (ownLink() && id > heard && (reply || kind === 'comment:approved')) {
    heard = id;
    hail(reply ? `${comment.name} replied to your comment on ${title}` : `Your comment on ${title} was approved`, url, post !== here);
    if (reply) oneUnread();
  }
  return reply || (post && here && post !== here);
}

// A reply under the post that is being read is announced there, as the arrival that it is.
function hail(text, url, aloud) {
  const box = $('#hail'), [a, button] = box.children;
  a.href = url;
  a.textContent = text;
  box.hidden = false;
  button.onclick = () => { box.hidden = true; };
  if (aloud) say(text);
}

function oneUnread() {
  const n = $('.n', ownLink());
  n.textContent = `${parseInt(n.textContent) + 1} new`;
  n.hidden = false;
}

/** Follows `/me/events` where the page has no other stream. */
export function startMe() {
  if (!ownLink()) return;
  const { events: url, after, at } = ownLink().dataset;
  // After a reset the next page that is opened has the right count; nothing on this one is worth fetching again.
  follow({ url, after, at, onEvent: personal, onState() {}, onReset: async ({ head }) => ({ after: head }) });
}
