// What changed in the post since it was opened, word by word: worked out here, from the text that is open and the newest
// one, because no server may hand out words that their author has taken back. Loaded only when somebody asks.
// Everything from either text goes into the page as text, never as markup.
const TURN = 12; // milliseconds of work before the browser has its turn
const FURTHEST = 400; // edits between two paragraphs; beyond that they have nothing to do with each other
const NEAR = 12; // paragraphs among which the old form of a new one is looked for
const ALIKE = .4; // the share of words that two forms of one paragraph have in common

const dialog = document.getElementById('changes'), box = dialog.querySelector('.diff');
const notice = document.getElementById('updated');

// ---- reading

const OUTER = 'p,li,dt,dd,h1,h2,h3,h4,h5,h6,pre,td,th,tr,table,ul,ol,dl,blockquote,figure,figcaption,details,summary,section,div,aside,hr';

// A text as its paragraphs, in order: what stands in the smallest blocks.
function paragraphs(page) {
  const found = [], entry = page.querySelector('.h-entry');
  const add = (kind, text) => {
    const plain = kind === 'pre' ? text.trimEnd() : text.replace(/\s+/g, ' ').trim();
    if (plain) found.push({ kind, text: plain });
  };
  const walk = element => {
    let loose = '';
    const flush = () => {
      add(kindOf(element), loose);
      loose = '';
    };
    for (const child of element.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) loose += child.data;
      else if (child.nodeType !== Node.ELEMENT_NODE || child.matches('button')) continue;
      else if (child.matches('br')) loose += ' ';
      else if (child.matches('pre')) {
        flush();
        add('pre', child.textContent);
      } else if (child.matches(OUTER) || child.querySelector('p,li,pre,td,figcaption')) {
        flush();
        walk(child);
      } else loose += child.matches('img') ? ` [${child.alt || 'picture'}] ` : child.textContent;
    }
    flush();
  };
  for (const part of entry.querySelectorAll('.title, .dek, .e-content')) walk(part);
  return found;
}

const kindOf = element => (/^H\d$/.test(element.tagName) ? 'heading' : 'p');

async function newest() {
  const answer = await new Promise((done, failed) => {
    const ask = new XMLHttpRequest(); // it makes a document in which nothing runs
    ask.open('GET', notice.querySelector('a').href);
    ask.setRequestHeader('cache-control', 'no-cache');
    ask.responseType = 'document';
    ask.onload = () => done(ask);
    ask.onerror = failed;
    ask.send();
  });
  if (answer.status !== 200 || !answer.response?.querySelector('.h-entry')) throw new Error(`answered with ${answer.status}`);
  return answer.response;
}

// ---- comparing

const segments = globalThis.Intl?.Segmenter && new Intl.Segmenter(document.documentElement.lang, { granularity: 'word' });
const words = text => (segments ? Array.from(segments.segment(text), it => it.segment) : text.match(/[\p{L}\p{M}\p{N}]+|\s+|./gsu) ?? []);

/**
 * The shortest way from one list to the other, as runs `[sign, items]` with the sign -1, 0 or 1; null if it is too long.
 * Source: E. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986.
 */
function steps(from, to, furthest) {
  let head = 0, tail = 0;
  while (head < from.length && head < to.length && from[head] === to[head]) head++;
  while (tail < from.length - head && tail < to.length - head && from.at(-1 - tail) === to.at(-1 - tail)) tail++;
  const a = from.slice(head, from.length - tail), b = to.slice(head, to.length - tail);
  const middle = shortest(a, b, furthest);
  return middle && [[0, from.slice(0, head)], ...middle, [0, from.slice(from.length - tail)]].filter(([, items]) => items.length);
}

function shortest(a, b, furthest) {
  const most = Math.min(a.length + b.length, furthest), zero = most + 1;
  const reach = new Int32Array(2 * zero + 1), trail = []; // the furthest x on each diagonal, and what it was at each distance
  for (let d = 0; d <= most; d++) {
    trail.push(reach.slice(zero - d - 1, zero + d + 2));
    for (let k = -d; k <= d; k += 2) {
      let x = isDown(reach, zero, k, d) ? reach[zero + k + 1] : reach[zero + k - 1] + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reach[zero + k] = x;
      if (x >= a.length && x - k >= b.length) return back(a, b, trail);
    }
  }
  return null;
}

const isDown = (reach, zero, k, d) => k === -d || (k !== d && reach[zero + k - 1] < reach[zero + k + 1]);

function back(a, b, trail) {
  const runs = []; // from the end to the start
  const put = (sign, item) => {
    if (runs.at(-1)?.[0] === sign) runs.at(-1)[1].push(item);
    else runs.push([sign, [item]]);
  };
  let x = a.length, y = b.length;
  for (let d = trail.length - 1; d >= 0; d--) {
    const reach = trail[d], zero = d + 1, k = x - y, down = isDown(reach, zero, k, d);
    const from = down ? k + 1 : k - 1, fromX = d ? reach[zero + from] : 0, fromY = d ? fromX - from : 0;
    for (; x > fromX && y > fromY; y--) put(0, a[--x]);
    if (d && down) put(1, b[--y]);
    else if (d) put(-1, a[--x]);
  }
  for (const [, items] of runs) items.reverse();
  return runs.reverse();
}

// Two forms of one paragraph, word by word; as a whole where they have too little in common.
function inWords(before, after) {
  return steps(words(before), words(after), FURTHEST) ?? [[-1, [before]], [1, [after]]];
}

const wordSet = ({ text }) => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu));

function likeness(one, other) {
  let common = 0;
  for (const word of one) if (other.has(word)) common++;
  return (2 * common) / (one.size + other.size || 1);
}

// The old and the new paragraphs of one place, each new one beside the old one that it was made of, if there is one.
function paired(gone, come) {
  const rows = [], old = gone.map(wordSet);
  let next = 0;
  for (const fresh of come) {
    const mine = wordSet(fresh);
    let best = -1, most = ALIKE;
    for (let at = next; at < Math.min(next + NEAR, gone.length); at++) {
      const alike = gone[at].kind === fresh.kind ? likeness(old[at], mine) : 0;
      if (alike > most) [best, most] = [at, alike];
    }
    if (best < 0) {
      rows.push([null, fresh]);
      continue;
    }
    for (; next < best; next++) rows.push([gone[next], null]);
    rows.push([gone[next++], fresh]);
  }
  for (; next < gone.length; next++) rows.push([gone[next], null]);
  return rows;
}

// Every paragraph in the order of the new text: the same, changed, gone or new.
function compare(before, after) {
  const key = ({ kind, text }) => `${kind} ${text}`, old = before.map(key), fresh = after.map(key);
  const runs = steps(old, fresh, 2 * FURTHEST) ?? [[-1, old], [1, fresh]];
  const rows = [];
  let x = 0, y = 0, gone = [], come = [];
  const flush = () => {
    rows.push(...paired(gone, come));
    gone = [];
    come = [];
  };
  for (const [sign, { length }] of runs) {
    if (sign < 0) gone.push(...before.slice(x, x += length));
    else if (sign > 0) come.push(...after.slice(y, y += length));
    else {
      flush();
      for (let n = 0; n < length; n++) rows.push([before[x++], after[y++]]);
    }
  }
  flush();
  return rows;
}

// ---- showing

function element(name, className, ...children) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}

function row(before, after) {
  const kind = (after ?? before).kind, made = element(kind === 'pre' ? 'pre' : 'p', kind === 'heading' ? 'strong' : '');
  const runs = before && after ? inWords(before.text, after.text) : [before ? [-1, [before.text]] : [1, [after.text]]];
  for (const [sign, items] of runs) {
    const text = items.join('');
    made.append(sign ? element(sign < 0 ? 'del' : 'ins', '', text) : text);
  }
  return made;
}

const left = n => element('p', 'same', `${n.toLocaleString('en')} paragraph${n === 1 ? '' : 's'} unchanged`);

async function draw(rows) {
  const shown = document.createDocumentFragment();
  let same = 0, changes = 0, since = performance.now();
  const skip = () => {
    if (same) shown.append(left(same));
    same = 0;
  };
  for (const [before, after] of rows) {
    if (before && after && before.text === after.text && before.kind === after.kind) {
      same++;
      continue;
    }
    skip();
    shown.append(row(before, after));
    changes++;
    if (performance.now() - since > TURN) {
      await new Promise(done => setTimeout(done));
      since = performance.now();
    }
  }
  skip();
  if (changes) box.replaceChildren(shown);
  else say('The words are the same. What changed is how they look or where their links lead.');
}

const say = text => box.replaceChildren(element('p', 'soft', text));

async function open() {
  say('Comparing …');
  if (!dialog.open) dialog.showModal();
  try {
    const fresh = await newest();
    await new Promise(done => setTimeout(done));
    const before = paragraphs(document), after = paragraphs(fresh);
    await new Promise(done => setTimeout(done));
    await draw(compare(before, after));
  } catch (error) {
    say('The new version could not be fetched. Close this and try again in a moment.');
    console.warn(error);
  }
}

notice.querySelector('button').addEventListener('click', open);
dialog.querySelector('a').addEventListener('click', event => {
  event.preventDefault();
  notice.querySelector('a').click();
});
open();
