// The editor's form: what its fields hold, and putting another text there without disturbing who writes.
import { $ } from "./parts.js";

/** The form, and the field of its text. */
export const sheet = $('#editor');
export const source = sheet.elements.body;

const marks = ['id', 'seen', 'op']; // fields that say which post, which version of it and which attempt this is

/** What the fields of an editor's form hold, by name. */
export function fieldsOf(form) {
  const all = [...new FormData(form)];
  return Object.fromEntries(all.filter(([name]) => !marks.includes(name)));
}

/** What the server put into the form when it sent the page. */
export function fieldsAsSent() {
  const form = sheet.cloneNode(true);
  form.reset();
  return fieldsOf(form);
}

/** Whether both hold the same. */
export const same = (one, other) => Object.keys({ ...one, ...other }).every(name => one[name] === other[name]);

/** Puts `fields` into the form. In the text only what differs is touched, so that the cursor stays where it is. */
export function putIn(fields) {
  for (const field of sheet.elements) {
    const { name, type: kind } = field, value = fields[name];
    if (!name || marks.includes(name) || kind === 'submit') continue;
    if (kind === 'checkbox') field.checked = value !== undefined;
    else if (kind === 'radio') field.checked = field.value === (value ?? '');
    else if (field === source) exchangeText(value ?? '');
    else if (value !== undefined && field.value !== value) field.value = value;
  }
  dispatchEvent(new Event('othertext'));
}

function exchangeText(next) {
  const old = source.value, most = Math.min(old.length, next.length), { scrollTop } = source;
  let head = 0, tail = 0;
  while (head < most && old[head] === next[head]) head++;
  while (tail < most - head && old[old.length - 1 - tail] === next[next.length - 1 - tail]) tail++;
  if (head + tail === old.length && old.length === next.length) return;
  source.setRangeText(next.slice(head, next.length - tail), head, old.length - tail, 'preserve');
  source.scrollTop = scrollTop;
}

/** Types `text` in the place of what stands from `from` to `to`, so that the browser's undo takes it back. */
export function typeIn(text, from = source.selectionStart, to = source.selectionEnd) {
  source.focus({ preventScroll: true });
  source.setSelectionRange(from, to);
  if (document.execCommand(text ? 'insertText' : 'delete', false, text)) return;
  source.setRangeText(text, from, to, 'end');
  source.dispatchEvent(new InputEvent('input', { bubbles: true }));
}
