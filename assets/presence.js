// Who reads the same post now: a tally, a number, and the names of those who want to be seen.
import { $ } from "./parts.js";

const GLANCE = 30; // more strokes cannot be counted
const STEP = 3.5; // pixels from one stroke of a tally to the next

/** Shows a `presence` frame; without one, nobody knows who reads. */
export function presence(frame) {
  const line = $('#presence');
  if (!line) return;
  line.hidden = !frame;
  if (!frame) return;
  const { readers, names } = frame;
  const text = readers < 2 ? 'Only you reading' : `${readers.toLocaleString('en')} people reading`;
  $('.txt', line).textContent = [text, names.join(', ')].filter(Boolean).join(': ');
  drawTally($('svg', line), readers > GLANCE ? 0 : readers);
  dispatchEvent(new CustomEvent('presence', { detail: frame }));
}

// Every fifth stroke crosses the four before it.
function drawTally(svg, length) {
  const stroke = (_, at) => (at % 5 < 4 ? `M${STEP * at + 2} 1v10` : `M${STEP * at - 13} 9l14-6`);
  svg.setAttribute('width', STEP * length + 2);
  $('path', svg).setAttribute('d', Array.from({ length }, stroke).join(''));
}
