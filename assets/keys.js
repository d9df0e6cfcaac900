// j and k go from comment to comment, unless they are being typed or the focus is on something else than a comment.
import { $$, goTo, isPlain } from "./parts.js";

/** Starts listening for them. */
export function startKeys() {
  addEventListener('keydown', event => {
    const step = { j: 1, k: -1 }[event.key], at = document.activeElement;
    if (!step || !isPlain(event)) return;
    if (at !== document.body && (!at.closest('#threads') || at.matches('input, textarea'))) return;
    const all = $$('#threads .comment'), here = all.indexOf(at.closest('.comment'));
    const above = all.filter(article => article.getBoundingClientRect().top < 0).length;
    const next = all[here < 0 ? above + Math.min(step, 0) : here + step];
    if (next) goTo(next);
  });
}
