// Markdown by the keyboard. Tab belongs to whoever moves through the page with it, except in lists and code, and after
// Escape there too.
import { source, typeIn } from "./fields.js";

const INDENT = 4; // columns, enough for an item below a numbered one

const signs = { b: '**', i: '*' };
let escaped = false; // whether the next Tab leaves the text

function wrap(sign) {
  const { value, selectionStart: from, selectionEnd: to } = source, long = sign.length;
  const inside = value.slice(from, to);
  if (value.slice(from - long, from) === sign && value.slice(to, to + long) === sign) {
    typeIn(inside, from - long, to + long);
    return source.setSelectionRange(from - long, to - long);
  }
  typeIn(sign + inside + sign);
  source.setSelectionRange(from + long, to + long);
}

function link() {
  const { value, selectionStart: from, selectionEnd: to } = source, inside = value.slice(from, to);
  const isAddress = /^https?:\S+$/.test(inside);
  typeIn(isAddress ? `[](${inside})` : `[${inside}](https://)`);
  // What is missing is typed next: the words, or the address behind them.
  if (isAddress) source.setSelectionRange(from + 1, from + 1);
  else if (inside) source.setSelectionRange(to + 3, to + 11);
  else source.setSelectionRange(from + 1, from + 1);
}

/** The lines that the selection touches, and where they begin and end. */
function lines() {
  const { value, selectionStart, selectionEnd } = source;
  const from = value.lastIndexOf('\n', selectionStart - 1) + 1, end = value.indexOf('\n', selectionEnd);
  const to = end < 0 ? value.length : end;
  return { from, to, rows: value.slice(from, to).split('\n') };
}

function inListOrCode({ from, rows }) {
  if (rows.every(row => /^\s*([-*+]|\d+[.)])(\s|$)/.test(row) || /^( {4}|\t)/.test(row))) return true;
  const fences = source.value.slice(0, from).match(/^ {0,3}(```|~~~)/gm);
  return !!fences && fences.length % 2 === 1;
}

function indent(deeper) {
  const { from, to, rows } = lines(), { selectionStart, selectionEnd } = source;
  const fresh = rows.map(row => (deeper ? ' '.repeat(INDENT) + row : row.replace(/^( {1,4}|\t)/, '')));
  const [text, first] = [fresh.join('\n'), fresh[0].length - rows[0].length];
  const grown = text.length - (to - from);
  if (!grown) return;
  typeIn(text, from, to);
  source.setSelectionRange(Math.max(from, selectionStart + first), selectionEnd + grown);
}

function onKey(event) {
  const { key, shiftKey } = event, held = event.ctrlKey || event.metaKey, letter = key.toLowerCase();
  if (event.isComposing || event.altKey) return;
  if (key === 'Escape') {
    escaped = true;
    return;
  }
  const leaves = escaped;
  if (key !== 'Shift') escaped = false;
  if (held && !shiftKey && (signs[letter] || letter === 'k')) {
    event.preventDefault();
    if (letter === 'k') link();
    else wrap(signs[letter]);
  } else if (key === 'Tab' && !held && !leaves && inListOrCode(lines())) {
    event.preventDefault();
    indent(!shiftKey);
  }
}

/** Makes the keys of the text do that. */
export function startMarkup() {
  source.addEventListener('keydown', onKey);
  source.addEventListener('blur', () => { escaped = false; });
}
