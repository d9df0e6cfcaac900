// What changes or goes on screen keeps its room until the reader has looked elsewhere, and what they have selected stays.
import { steady, swap } from "./parts.js";

const ends = new WeakMap(); // an element that keeps a room → what is done with it afterwards

const rooms = new IntersectionObserver(entries => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) continue;
    rooms.unobserve(target);
    steady(() => {
      target.style.cssText = '';
      ends.get(target)?.(target);
    });
  }
});

/** Gives an element a room of that height, and `css`, as long as it is on screen; then `end(element)` is called. */
export function keepRoom(element, height, css, end) {
  element.style.cssText = `block-size:${height}px;${css}`;
  ends.set(element, end);
  rooms.observe(element);
}

/** Puts `fresh` in the place of `old`, in exactly its room as long as that is on screen. */
export function exchange(old, fresh, end) {
  const { height } = old.getBoundingClientRect();
  swap(old, fresh);
  if (fresh.getBoundingClientRect().height !== height) keepRoom(fresh, height, 'overflow:auto', end);
}

/** Whether something in an element is selected. Then `retry` is called at the next change of the selection. */
export function isSelected(element, retry) {
  const selection = getSelection(), selected = !selection.isCollapsed && selection.containsNode(element, true);
  if (selected) document.addEventListener('selectionchange', retry, { once: true });
  return selected;
}
