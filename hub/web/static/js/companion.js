import { begin, say } from "./frame.js";

const live = document.getElementById("live");
let said = null;

begin({
  cares: (kind, data) => data.box === live.dataset.box || data.incident === live.querySelector("[data-incident]").dataset.incident,
  changed() {
    const now = live.querySelector("[data-say]")?.dataset.say ?? "";
    if (said !== null && now !== said) say(now);
    said = now;
  },
});
