import { begin, say } from "./frame.js";

const live = document.getElementById("live");
let said = null;

begin({
  cares: (kind, data) => data.incident === live.querySelector("[data-incident]").dataset.incident,
  changed() {
    if (live.querySelector("[data-over]").dataset.over === "yes") location.reload();
    const now = [...live.querySelectorAll("[data-say]")].map((one) => one.dataset.say).join(" ");
    if (said !== null && now !== said) say(now);
    said = now;
  },
});
