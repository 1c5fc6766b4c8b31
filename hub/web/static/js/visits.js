import { begin, say } from "./frame.js";

let said = null;

begin({
  cares: (kind) => kind === "visit" || kind === "incident",
  changed() {
    const now = [...document.querySelectorAll("[data-say]")].map((place) => place.dataset.say).join(" ");
    if (said !== null && now !== said) say(now);
    said = now;
  },
});
