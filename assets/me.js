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
    const box = $('#hail'), [a, button] = box.children, n = $('.n', ownLink());
    a.href = url;
    a.textContent = reply ? `${comment.name} replied to your comment on ${title}` : `Your comment on ${title} was approved`;
    box.hidden = false;
    button.onclick = () => { box.hidden = true; };
    if (post !== here) say(a.textContent); // a reply under the post that is being read is announced there, as an arrival
    if (reply) {
      n.textContent = `${parseInt(n.textContent) + 1} new`;
      n.hidden = false;
    }
  }
  return reply || (post && here && post !== here);
}

/** Follows `/me/events` where the page has no other stream. */
export function startMe() {
  if (!ownLink()) return;
  // After a reset the next page that is opened has the right count; nothing on this one is worth fetching again.
  follow(ownLink().dataset, personal, () => {}, async ({ head }) => ({ after: head }));
}
