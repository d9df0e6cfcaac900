// Choosing a cover: a picture that is not in the library yet is sent there, and the preview runs as the text does.
import { sheet } from "./fields.js";
import { $, byId } from "./parts.js";
import { post, whyNot } from "./pictures.js";

const coverBox = byId('new-cover'), coverPicker = byId('e-new-cover'), coverTrouble = $('.err', coverBox);

/** Puts the picture of an answer among the covers and chooses it. */
function chooseCover({ url, name, alt }) {
  const label = $('#covers label').cloneNode(true), field = $('input', label), words = $('span', label);
  label.classList.remove('none');
  field.value = url;
  field.checked = true;
  const picture = document.createElement('img');
  picture.src = url;
  picture.alt = alt || name;
  words.replaceWith(picture);
  $('#covers label').after(label);
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

async function sendCover() {
  const [file] = coverPicker.files;
  if (!file) return;
  const form = new FormData();
  form.append('file', file, file.name);
  const answer = await post('/admin/media', form);
  coverTrouble.hidden = answer.ok;
  coverTrouble.textContent = answer.ok ? '' : `${file.name}: ${whyNot(answer)}`;
  if (answer.ok) chooseCover({ ...answer, name: file.name });
  coverPicker.value = '';
}

/** The preview runs as is said, else as its words do. */
function turnProof() {
  byId('seen').dir = sheet.elements.dir.value || 'auto';
}

/** Takes covers from now on. */
export function startCovers() {
  coverBox.hidden = false;
  $('#e-cover .nojs').hidden = true;
  coverPicker.addEventListener('change', sendCover);
  sheet.elements.dir.addEventListener('input', turnProof);
}
