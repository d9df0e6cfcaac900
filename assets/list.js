// A list of posts: the home page, the archive, the tags.
import { live } from "./live.js";
import { renewRows, row } from "./rows.js";

live('#main', row, renewRows);
