// The cards whose heading has what is being typed; without this script the form asks the hub.

import { begin } from "./frame.js";

const field = document.getElementById("q");
const folded = (text) => text.toLowerCase().replace(/\s/g, "");

function narrow() {
  const wanted = folded(field.value);
  let found = false;
  for (const one of document.querySelectorAll("li[data-heading], .cards__one[data-heading]")) {
    one.hidden = !folded(one.dataset.heading).includes(wanted);
    found ||= !one.hidden;
  }
  for (const group of document.querySelectorAll(".cards__index section, .cards__group")) {
    group.hidden = !group.querySelector("[data-heading]:not([hidden])");
  }
  document.getElementById("cards-none").hidden = found;
}

field.addEventListener("input", narrow);
begin({ cares: (kind) => kind === "box" });
