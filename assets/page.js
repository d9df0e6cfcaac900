// Every other page: what is said to its visitor alone, and buttons to copy code.
import { startCopying } from "./copy.js";
import { startMe } from "./me.js";

startCopying();
startMe();
