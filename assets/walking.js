// A list of the desk by the keyboard: j and k go through it, / searches, and ? shows the keys.
import { $$, byId, goTo } from "./parts.js";

const keyhelp = byId('keys');
const typing = () => document.activeElement?.matches('input:not([type=checkbox]), textarea, select');

/** The row of the list `css` that has the focus. */
export const focused = css => document.activeElement?.closest(css);

/** Has the keyboard go through the list `css`. What the other keys do `press(key)` knows: `false` if one does nothing. */
export function walk(css, press) {
  const step = by => {
    const all = $$(css), here = all.indexOf(focused(css)), next = here < 0 ? all.at(by < 0 ? -1 : 0) : all[here + by];
    if (next) goTo(next);
  };
  const act = key => {
    if (key === 'j' || key === 'k') step(key === 'j' ? 1 : -1);
    else if (key === '/') byId('q').focus();
    else if (key === '?') keyhelp.showModal();
    else return press(key);
  };
  addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing() || keyhelp.open) return;
    if (act(event.key) !== false) event.preventDefault();
  });
  byId('show-keys').hidden = false;
  byId('show-keys').addEventListener('click', () => keyhelp.showModal());
}
