// However much there is to do at once, the page stays at hand: it is done in turns.

const TURN = 8; // milliseconds of one turn
const AT_ONCE = 8; // things of one turn: to lay them out takes longer than to put them into the page

/**
 * What it returns has `next` done at once, and again and again until it comes to nothing. Between two turns the browser
 * lays out and paints what has changed, in a task of its own.
 */
export function inTurns(next) {
  let due;
  function turn() {
    const end = performance.now() + TURN;
    due = null;
    for (let done = 0; done < AT_ONCE && performance.now() < end && next(); done++) {
      due ??= document.hidden ? setTimeout(turn) : requestAnimationFrame(() => { due = setTimeout(turn); });
    }
  }
  return () => { if (!due) turn(); };
}
