// The main button says what it does at the date that is given, and asks before it does it by the keyboard.
import { local } from "./dates.js";
import { sheet } from "./fields.js";
import { save } from "./saving.js";
import { $, byId } from "./parts.js";

const publishButton = $('.topbar .main', sheet), dateField = sheet.elements.publish_at;
const plainly = publishButton.textContent;

const isAhead = () => dateField.value > local(Date.now());

function drawButton() {
  publishButton.textContent = isAhead() ? 'Schedule' : plainly;
}

function ask() {
  const box = byId('sure'), title = sheet.elements.title.value.trim();
  drawButton();
  if (!sheet.reportValidity()) return;
  $('h2', box).textContent = `${publishButton.textContent} “${title}”?`;
  $('.main', box).textContent = publishButton.textContent;
  box.returnValue = '';
  box.showModal();
}

/** Keeps the button's word true, and gives saving and publishing their keys. */
export function startTiming() {
  const box = byId('sure');
  dateField.addEventListener('input', drawButton);
  addEventListener('othertext', drawButton);
  box.addEventListener('close', () => { if (box.returnValue === 'yes') sheet.requestSubmit(publishButton); });
  addEventListener('keydown', event => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.isComposing || box.open) return;
    if (event.key.toLowerCase() === 's') save();
    else if (event.key === 'Enter') ask();
    else return;
    event.preventDefault();
  });
  drawButton();
}
