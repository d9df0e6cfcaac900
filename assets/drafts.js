// What is not saved yet is kept in this browser: for each post, and for each of its tabs. A tab holds a lock as long as it
// is there; what a closed one left behind is offered back.
import { sheet } from "./fields.js";
import { keep, kept } from "./parts.js";

const ownTab = Math.random().toString(36).slice(2);
const drawer = () => `unsaved:${sheet.elements.id.value || 'new'}:`;

/** Keeps the fields of the form in this browser; whether there was room. */
export function keepDraft(fields) {
  const key = drawer() + ownTab, text = JSON.stringify({ at: Date.now(), fields });
  keep(key, text);
  return kept(key) === text;
}

/** Forgets what this tab keeps. */
export const forgetDraft = () => keep(drawer() + ownTab, '');

/** Keeps fields that this tab gives up, as if it had left them behind; under which key. */
export function leaveDraft(fields) {
  const key = `${drawer() + ownTab}-${Date.now()}`;
  keep(key, JSON.stringify({ at: Date.now(), fields }));
  return key;
}

/** The draft under a key: its time and its fields; nothing if it was saved in the meantime. */
export function draftIn(key) {
  try {
    return JSON.parse(kept(key));
  } catch {
    return null;
  }
}

// Locks are there on secure addresses only. Without them the drafts of open tabs are offered too.
const locks = navigator.locks;

/** Calls `found(key)` for every draft of this post that no tab holds, also for those whose tab closes later. */
export function findDrafts(found) {
  locks?.request(ownTab, () => new Promise(() => {}));
  let keys = [];
  try {
    keys = Object.keys(localStorage);
  } catch { /* there is no storage, so there are no drafts */ }
  for (const key of keys) {
    const tab = key.startsWith(drawer()) && key.slice(drawer().length);
    if (!tab || tab === ownTab) continue;
    if (locks) locks.request(tab, () => found(key));
    else found(key);
  }
}
