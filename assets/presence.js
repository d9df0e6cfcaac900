// Who reads the same post now: a tally, a number, and the names of those who want to be seen.
const MOST_STROKES = 30; // more cannot be counted at a glance
const STEP = 3.5; // pixels from one stroke of a tally to the next

/** Shows a `presence` frame. */
export function presence({ readers, names = [] }) {
  const line = document.getElementById('presence');
  if (!line) return;
  const text = readers < 2 ? 'Only you reading' : `${readers.toLocaleString('en')} people reading`;
  document.dispatchEvent(new CustomEvent('presence', { detail: { readers, names } }));
  line.querySelector('.txt').textContent = names.length && !document.getElementById('here') ? `${text}: ${names.join(', ')}` : text;
  drawTally(line.querySelector('svg'), readers > MOST_STROKES ? 0 : Math.max(1, readers));
  line.hidden = false;
}

// Every fifth stroke crosses the four before it.
function drawTally(svg, n) {
  const x = at => 1.5 + STEP * at;
  const stroke = at => (at % 5 < 4 ? `M${x(at)} 1v10` : `M${x(at - 4) - 1} 9 ${x(at) - 1.5} 3`);
  svg.setAttribute('width', x(n));
  svg.firstElementChild.setAttribute('d', Array.from({ length: n }, (_, at) => stroke(at)).join(''));
}

/** Nobody knows who reads while there is no stream. */
export function hidePresence() {
  const line = document.getElementById('presence');
  if (line) line.hidden = true;
}
