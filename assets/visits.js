// What this browser remembers of a post between two visits: the highest row that it has shown.
import { sinceLastVisit } from "./arrivals.js";
import { $, $$, keep, kept } from "./parts.js";

/** Marks what is newer than the last visit, and remembers this one. */
export function startVisit() {
  const talk = $('#comments'), key = `seen:${talk.dataset.post}`, last = kept(key);
  const rows = () => $$('.comment[data-number]', talk);
  if (last) sinceLastVisit(rows().filter(row => !row.dataset.state && +row.dataset.number > last && !row.nextElementSibling?.matches('.own')));
  addEventListener('visibilitychange', () => {
    if (document.hidden) keep(key, Math.max(0, kept(key), ...rows().map(row => row.dataset.number)));
  });
}
