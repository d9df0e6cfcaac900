// The page of a post with entries: all that a post's page has, and the entries as they come.
import { entry, renewEntries } from "./entries.js";
import { also } from "./post.js";

also.entry = entry;
also.renew = renewEntries;
