// Writing a post. Everything here works by the form alone too, a press at a time.
import { startCovers } from "./covers.js";
import { startMarkup } from "./markup.js";
import { startMe } from "./me.js";
import { byId } from "./parts.js";
import { startPictures } from "./pictures.js";
import { startProof } from "./proof.js";
import { startSaving } from "./saving.js";
import { startTiming } from "./timing.js";

byId('editor').classList.add('aided');
byId('keys').hidden = false;
startProof();
startSaving();
startMarkup();
startPictures();
startCovers();
startTiming();
startMe();
