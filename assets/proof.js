// The text as readers will see it, while it is written. One request at a time; the newest text wins; of what comes back
// only the blocks that differ go into the page, a little at a time.
import { sheet, source } from "./fields.js";
import { $, byId, goTo, page, plural } from "./parts.js";

const QUIET = 60, AT_MOST = 150; // milliseconds without a key until a text is sent, and while keys go on coming
const BREATH = 20; // milliseconds that the keyboard has for itself between two pieces of work
const AGAIN = 3000; // milliseconds until a preview that failed is tried again
const PIECE = 20_000; // letters that go into the page at once
const AHEAD = 8; // nodes in which a moved block is looked for
const LONG = 300; // blocks from which on only those on screen are laid out
const EDGE = 48; // pixels of a block that are enough to call it visible

const proof = byId('seen-body'), proofBox = byId('seen');
let due, typedAt = 0, asking = false, outdated = false;
let proofed = false; // whether there was one before: the first is not scrolled to

const breathe = () => new Promise(done => { setTimeout(done, BREATH); });

function proofSoon() {
  outdated = true;
  if (asking) return;
  const now = performance.now();
  typedAt ||= now;
  clearTimeout(due);
  due = setTimeout(drawProof, Math.max(0, Math.min(QUIET, typedAt + AT_MOST - now)));
}

async function drawProof() {
  clearTimeout(due);
  asking = true;
  outdated = false;
  typedAt = 0;
  const came = await fetchProof();
  byId('seen-late').hidden = came;
  if (came) await breathe();
  asking = false;
  if (!came) due = setTimeout(drawProof, AGAIN);
  else if (outdated) drawProof();
}

/** Fetches the preview of the text as it is and shows it; whether that worked. */
async function fetchProof() {
  try {
    const body = new URLSearchParams({ body: source.value });
    const answer = await fetch('/admin/preview', { method: 'POST', headers: { accept: 'application/json' }, body });
    if (!answer.ok) return false;
    const { html, words, minutes } = await answer.json();
    byId('counts').textContent = `${plural(words, 'word')}, ${plural(minutes, 'minute')} to read`;
    await breathe();
    await patch([...page(`<body>${html}`).body.childNodes]);
    byId('seen-hint')?.remove();
    return true;
  } catch {
    return false;
  }
}

/** Makes the preview hold `fresh`: what is equal stays, with its place on screen and its pictures. */
async function patch(fresh) {
  let old = proof.firstChild, first, letters = 0;
  proof.classList.toggle('long', fresh.length > LONG);
  const isAhead = (node, at) => fresh.slice(at, at + AHEAD).some(other => other.isEqualNode(node));
  for (const [at, node] of fresh.entries()) {
    if (old?.isEqualNode(node)) {
      old = old.nextSibling;
      continue;
    }
    const twin = old && !isAhead(old, at + 1) && further(old, node);
    if (twin) {
      while (old !== twin) old = dropNode(old);
      old = twin.nextSibling;
      continue;
    }
    const next = old && !isAhead(old, at + 1) ? dropNode(old) : old;
    proof.insertBefore(node, next);
    old = next;
    if (node.nodeType === 1) first ??= node;
    letters += node.textContent.length;
    if (letters > PIECE) {
      letters = 0;
      await breathe();
    }
  }
  while (old) old = dropNode(old);
  if (first && proofed) bring(first);
  proofed = true;
}

/** The node equal to `node` among the next ones after `old`. */
function further(old, node) {
  for (let n = 0; old && n < AHEAD; n++) {
    if (old.isEqualNode(node)) return old;
    old = old.nextSibling;
  }
}

/** Takes a node out of the page; the one after it. */
function dropNode(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

// ---- the place in it

/** Scrolls the preview, where it scrolls by itself, so that a block of it can be seen. */
function bring(block) {
  const box = proofBox.getBoundingClientRect(), { top, bottom } = block.getBoundingClientRect();
  if (bottom > box.top + EDGE && top < box.bottom - EDGE) return;
  proofBox.scrollTop += top - box.top - box.height / 3;
}

/** The block that lies as far down the preview as the cursor does in the text. */
function goAlong() {
  const share = source.selectionEnd / (source.value.length || 1), blocks = [...proof.children];
  const lengths = blocks.map(block => block.textContent.length);
  let left = share * lengths.reduce((sum, length) => sum + length, 0);
  const block = blocks.find((_, at) => (left -= lengths[at]) <= 0);
  if (block) bring(block);
}

function drawHead() {
  for (const name of ['title', 'summary']) {
    const line = byId(`seen-${name}`);
    line.textContent = sheet.elements[name].value;
    line.hidden = !line.textContent.trim();
  }
}

/** Shows the preview to whoever asked for it by its button. */
export function goToProof() {
  proofSoon();
  goTo(proofBox, 'start');
}

/** Keeps the preview up to date from now on. */
export function startProof() {
  let moved;
  proofBox.tabIndex = 0; // it scrolls by itself, by the keyboard too
  const move = () => {
    clearTimeout(moved);
    moved = setTimeout(goAlong, QUIET);
  };
  source.addEventListener('input', proofSoon);
  source.addEventListener('click', move);
  source.addEventListener('keyup', ({ key }) => { if (/^(Arrow|Page|Home|End)/.test(key)) move(); });
  for (const name of ['title', 'summary']) sheet.elements[name].addEventListener('input', drawHead);
  addEventListener('othertext', () => {
    drawHead();
    proofSoon();
  });
  drawHead();
  proofSoon();
}
