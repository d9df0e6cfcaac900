// Pictures that are dropped, pasted or chosen: sent to the library, put into the text as Markdown, and described for those
// who do not see them.
import { say } from "./announce.js";
import { source, typeIn } from "./fields.js";
import { $, byId } from "./parts.js";

const dropZone = byId('drop'), trays = byId('pictures');
let sent = 0;

/** Puts `text` in the place of `old` in the text, wherever that is by now. The cursor stays where it is; whether it was there. */
function replaceInText(old, text) {
  const from = source.value.indexOf(old);
  if (from < 0) return false;
  const { selectionStart, selectionEnd, scrollTop } = source, to = from + old.length;
  const moved = at => (at >= to ? at + text.length - old.length : Math.min(at, from + text.length));
  if (document.activeElement === source) {
    typeIn(text, from, to);
    source.setSelectionRange(moved(selectionStart), moved(selectionEnd));
  } else {
    source.setRangeText(text, from, to, 'preserve');
    source.dispatchEvent(new InputEvent('input', { bubbles: true }));
  }
  source.scrollTop = scrollTop;
  return true;
}

/** A line below the text about one picture. */
function tray(words) {
  const row = byId('picture-tray').content.firstElementChild.cloneNode(true);
  $('.what', row).textContent = words;
  $('.dismiss', row).addEventListener('click', () => {
    row.remove();
    source.focus();
  });
  trays.append(row);
  return row;
}

function complain(name, why) {
  const words = `${name}: ${why}`;
  tray(words).classList.add('err');
  say(words);
}

/** Posts a form; the facts of the answer, its `status` (0 for nothing) and `ok`. */
export async function post(url, body) {
  try {
    const answer = await fetch(url, { method: 'POST', headers: { accept: 'application/json' }, body, redirect: 'error' });
    return { ...await answer.json().catch(() => ({})), status: answer.status, ok: answer.ok };
  } catch {
    return { ok: false, status: 0 };
  }
}

/** Why a file was not taken, for people. */
export function whyNot({ status, error }) {
  if (status === 404 || status === 405) return 'pictures cannot be uploaded to this blog.';
  if (status === 0) return 'the server cannot be reached. Nothing was uploaded.';
  if (status === 413) return error ?? 'this is too large.';
  return error ?? 'the server did not take it.';
}

async function upload(file, before) {
  const name = file.name || 'picture', clean = name.replace(/[^\p{L}\p{N}. -]/gu, ' ');
  const note = `*Uploading ${clean} (${++sent}) …*`;
  typeIn(before + note);
  const form = new FormData();
  form.append('file', file, name);
  const answer = await post('/admin/media', form);
  if (!answer.ok || !answer.markdown) {
    replaceInText(note, '');
    return complain(name, whyNot(answer));
  }
  if (!replaceInText(note, answer.markdown)) return complain(name, 'it is in the library, and no longer has a place in the text.');
  if (!answer.alt && (file.type || '').startsWith('image/')) describe(name, answer);
}

/** Asks for the description of a picture that has none. */
function describe(name, { markdown, page: address, url }) {
  const row = tray(`${name} is in the text.`), label = $('label', row), field = $('input', row), done = $('.done', row);
  label.hidden = field.hidden = done.hidden = false;
  field.id = `alt-${sent}-${url}`;
  label.htmlFor = field.id;
  async function keepIt() {
    const alt = field.value.trim();
    if (!alt) return field.focus();
    done.disabled = true;
    const answer = await post(address, new URLSearchParams({ alt }));
    done.disabled = false;
    if (!answer.ok) {
      $('.what', row).textContent = `${name}: ${whyNot(answer)}`;
      return field.focus();
    }
    row.remove();
    source.focus({ preventScroll: true }); // from there it can be undone
    replaceInText(markdown, answer.markdown);
    say('Described');
  }
  done.addEventListener('click', keepIt);
  field.addEventListener('keydown', event => {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    keepIt();
  });
  say(`${name} is in the text. Describe it in the field below the text.`);
}

async function take(files) {
  for (const [at, file] of files.entries()) await upload(file, at ? '\n\n' : '');
}

/** Takes pictures from now on. */
export function startPictures() {
  const picker = $('input', dropZone);
  dropZone.hidden = false;
  picker.addEventListener('change', async () => {
    await take([...picker.files]);
    picker.value = '';
  });
  source.addEventListener('paste', event => {
    const files = [...event.clipboardData.files];
    if (!files.length || event.clipboardData.getData('text/plain')) return;
    event.preventDefault();
    take(files);
  });
  for (const place of [source, dropZone]) {
    const brings = event => event.dataTransfer.types.includes('Files');
    place.addEventListener('dragover', event => {
      if (!brings(event)) return;
      event.preventDefault();
      dropZone.classList.add('over');
    });
    place.addEventListener('dragleave', () => dropZone.classList.remove('over'));
    place.addEventListener('drop', event => {
      dropZone.classList.remove('over');
      if (!brings(event)) return;
      event.preventDefault();
      take([...event.dataTransfer.files]);
    });
  }
}
