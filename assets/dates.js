// Dates in the editor, written as the server writes them everywhere: in the blog's time zone, in the order its owner likes.
import { sheet } from "./fields.js";

const { zone, dates, clock: hours } = sheet.dataset;

function partsOf(time, options) {
  const write = timeZone => new Intl.DateTimeFormat('en-US', { ...options, timeZone }).formatToParts(time);
  let parts;
  try {
    parts = write(zone);
  } catch {
    parts = write('UTC'); // a zone that this browser does not know
  }
  return Object.fromEntries(parts.map(({ type, value }) => [type, value]));
}

/** `09:12`, or `9:12 AM`. */
export function clock(time) {
  const twelve = hours === '12';
  const { hour, minute, dayPeriod } = partsOf(time, { hour: twelve ? 'numeric' : '2-digit', minute: '2-digit', hourCycle: twelve ? 'h12' : 'h23' });
  return twelve ? `${hour}:${minute}\u00a0${dayPeriod}` : `${hour}:${minute}`;
}

/** `14 Nov 2026, 09:12`. */
export function moment(time) {
  const iso = dates === 'year-first';
  const { year, month, day } = partsOf(time, { year: 'numeric', month: iso ? '2-digit' : 'short', day: iso ? '2-digit' : 'numeric' });
  if (iso) return `${year}-${month}-${day} ${clock(time)}`;
  return `${dates === 'month-first' ? `${month} ${day},` : `${day} ${month}`} ${year}, ${clock(time)}`;
}

/** The same point in time in the form of a date field. */
export function local(time) {
  const form = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  const { year, month, day, hour, minute } = partsOf(time, form);
  return `${year}-${month}-${day}T${hour}:${minute}`;
}
