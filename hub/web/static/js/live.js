// A page's end of the live connection. `tell` gets {type: "state"|"event", …} as stream.js says them.
import { Stream } from "./stream.js";

const ANSWER_MS = 3000;

// Returns what to call when nothing has been heard for too long: the page then looks after itself.
export function connect(tell) {
  let own = false;
  const alone = () => {
    if (own) return;
    own = true;
    document.documentElement.dataset.shared = "no";
    new Stream(tell);
  };
  if (!("SharedWorker" in window)) {
    alone();
    return alone;
  }
  try {
    const worker = new SharedWorker("/static/js/live_worker.js", { type: "module", name: "madomori" });
    const answer = setTimeout(alone, ANSWER_MS); // it may be ending together with the page before this one
    worker.onerror = alone;
    worker.port.onmessage = (message) => {
      clearTimeout(answer);
      if (!own) tell(message.data);
    };
    worker.port.start();
    addEventListener("pagehide", () => worker.port.postMessage("bye"));
    addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload();
    });
    document.documentElement.dataset.shared = "yes";
  } catch {
    alone();
  }
  return alone;
}
