// A button that copies the code, beside every block of code.
import { say } from "./announce.js";
import { $, $$, make } from "./parts.js";

/** Adds the buttons, where the browser lets a page write to the clipboard. */
export function startCopying() {
  if (!navigator.clipboard) return;
  for (const box of $$('.code')) {
    const button = make('button', { type: 'button', className: 'btn bare', textContent: 'Copy' });
    button.onclick = async () => {
      await navigator.clipboard.writeText($('pre', box).textContent);
      button.textContent = 'Copied';
      say('Copied');
      setTimeout(() => { button.textContent = 'Copy'; }, 2000);
    };
    box.append(button);
  }
}
