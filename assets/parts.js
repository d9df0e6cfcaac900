// The server's HTML as nodes, and putting nodes into the page without disturbing who is reading or writing there.

// The page's only Trusted Types policy. It changes nothing: what the server renders is already sanitised, the parsed
// nodes are inert, and the Content-Security-Policy runs no inline script.
const trust = { createHTML: html => html };
const policy = globalThis.trustedTypes?.createPolicy('rowlog', trust) ?? trust;

/** The first element that matches, in the page or in one of its elements; nothing in nothing. */
export const $ = (css, from = document) => from && from.querySelector(css);

/** Every element that matches. */
export const $$ = (css, from = document) => [...from.querySelectorAll(css)];

/** A new element with these properties. */
export const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

/** The element of that id. */
export const byId = id => document.getElementById(id);

/** The article of a comment, if it is in the page; and its number, as in `data-parent`. */
export const find = id => byId(`comment-${id}`);
export const idOf = article => article.id.slice('comment-'.length);

/** Whether the comments stand in one row and the form stays below them. */
export const inChat = $('.chat');

/** Whether one form of a comment, an entry or a row is newer than the other. */
export const newer = (a, b) => +a.dataset.version > +b.dataset.version;

/** The document that a whole page, or a piece of one, parses to. */
export const page = html => new DOMParser().parseFromString(policy.createHTML(html), 'text/html');

/** The root element of one of the server's parts. */
export const part = html => page(html).body.firstElementChild;

/** Whether a key or the mouse was pressed without any key that gives it another meaning. */
export const isPlain = event => !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);

/** A number with its noun: "1 comment", "8 comments". */
export const plural = (n, noun) => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;

/** `draw` at most once a frame, however often it is asked for: what a burst changes is laid out once. */
export function lazily(draw) {
  let due;
  return () => {
    due ??= requestAnimationFrame(() => {
      due = null;
      draw();
    });
  };
}

const focusable = 'a,button,input,select,summary,textarea';

/** Runs `change`, then gives the focus back to what had it, if being moved took it away. */
export function keepFocus(change) {
  const element = document.activeElement;
  change();
  if (element.isConnected && element !== document.activeElement) element.focus({ preventScroll: true });
}

/** Brings an element to the reader's eyes, at the nearest edge or where `block` says, and gives it the focus. */
export function goTo(element, block = 'nearest') {
  element.scrollIntoView({ block });
  element.focus({ preventScroll: true });
}

/** Puts `fresh` in the place of `old`. The focus goes from a control to the one that takes its place. */
export function swap(old, fresh) {
  const at = document.activeElement, held = old.contains(at), turn = $$(focusable, old).indexOf(at);
  old.replaceWith(fresh);
  if (held) (at.isConnected ? at : $$(focusable, fresh)[turn] ?? fresh).focus({ preventScroll: true });
}

const anchored = CSS.supports('overflow-anchor', 'auto');
let rest = 0; // what a browser that scrolls by whole pixels still owes

/** What `change` returns, run so that what is read stays where it is, in browsers without scroll anchoring too. */
export const steady = change => (anchored ? change() : hold(change));

/** The same for a change that takes what is read out of the page and puts it back. */
export function hold(change) {
  const read = $$('.comment, #respond, .entry, .row').find(e => e.getBoundingClientRect().bottom > 0);
  const top = () => read.getBoundingClientRect().top, before = read && top(), done = change();
  if (!read?.isConnected || before > innerHeight) return done; // what is read then stands above everything that moved
  const moved = top() - before + rest, y = scrollY;
  scrollBy({ top: moved, behavior: 'instant' });
  rest = moved - (scrollY - y);
  return done;
}

/**
 * Has `act(form, button)` do what the forms that match would do. Where it comes to `false`, the browser does it after
 * all, and the server's own page says why.
 */
export function onSubmit(css, act) {
  let plainly = false;
  addEventListener('submit', async event => {
    const { target: form, submitter: button } = event;
    if (plainly || !form.matches(css)) return;
    event.preventDefault();
    if (await act(form, button) !== false) return;
    plainly = true;
    form.requestSubmit(button);
    plainly = false;
  });
}

/** Keeps a text in this browser under `key`; an empty one is forgotten. Without storage nothing is kept. */
export function keep(key, text) {
  try {
    if (text) localStorage.setItem(key, text);
    else localStorage.removeItem(key);
  } catch { /* it is full, or the reader has turned it off */ }
}

/** The text that this browser keeps under `key`, or an empty one. */
export function kept(key) {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}
