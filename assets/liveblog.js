// The page of a post with entries: all that a post's page has, and the entries as they come.
import { startCopying } from "./copy.js";
import { entry, renewEntries } from "./entries.js";
import { also } from "./conversation.js";

also.entry = entry;
also.renew = renewEntries;
startCopying();
