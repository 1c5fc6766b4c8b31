import { begin, say } from "./frame.js";

const mine = document.getElementById("live").dataset.incident;
let state = null;

begin({
  cares: (kind, data) => data.incident === mine,
  changed() {
    const now = document.querySelector("[data-say]")?.dataset.say;
    if (state !== null && now !== state) say(now);
    state = now;
  },
});
