// A page's end of the live connection. `tell` gets {type: "state"|"event", …} as stream.js says them.
import { Stream } from "./stream.js";

export function connect(tell) {
  if (!("SharedWorker" in window)) return alone(tell);
  try {
    const worker = new SharedWorker("/static/js/live_worker.js", { type: "module", name: "madomori" });
    worker.onerror = () => alone(tell);
    worker.port.onmessage = (message) => tell(message.data);
    worker.port.start();
    addEventListener("pagehide", () => worker.port.postMessage("bye"));
    addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload();
    });
    document.documentElement.dataset.shared = "yes";
  } catch {
    alone(tell);
  }
}

function alone(tell) {
  document.documentElement.dataset.shared = "no";
  new Stream(tell);
}
