// One stream for all tabs of this browser: over HTTP/1.1 a browser opens six connections to a server, no more.
import { Stream } from "./stream.js";

const ports = new Set();
const stream = new Stream((message) => {
  for (const port of ports) port.postMessage(message);
});

self.addEventListener("connect", (event) => {
  const port = event.ports[0];
  ports.add(port);
  port.onmessage = (message) => {
    if (message.data === "bye") ports.delete(port);
    if (message.data === "again" && stream.state !== "live") stream.open();
  };
  port.postMessage(stream.greet());
  if (stream.state === "signed-out") stream.open();
});
