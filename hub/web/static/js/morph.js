// Change a part of the page into what the hub has just sent, touching only what differs: focus, open lists and
// half-written forms stay as they are.

// A part that has a heading is known by it: what is written in it goes along when it finds another place.
const keyOf = (node) => (node.nodeType === 1
  && (node.dataset.key || node.dataset.id || node.id || node.getAttribute("aria-labelledby"))) || null;

const fields = "input:not([type=hidden]), textarea, select";

function written(form) {
  return [...form.querySelectorAll(fields)].some((field) =>
    field.matches("[type=checkbox], [type=radio]") ? field.checked !== field.defaultChecked
      : field.matches("select") ? [...field.options].some((option) => option.selected !== option.defaultSelected) && field.selectedIndex > 0
        : field.value !== field.defaultValue);
}

const busy = (form) => form.contains(document.activeElement) && document.activeElement.matches(fields);

export function morph(old, wanted) {
  if (old.isEqualNode(wanted)) return;
  if (old.nodeType !== 1) {
    if (old.nodeValue !== wanted.nodeValue) old.nodeValue = wanted.nodeValue;
    return;
  }
  if (old.matches("form") && (written(old) || busy(old))) return;
  attributes(old, wanted);
  children(old, wanted);
}

function attributes(old, wanted) {
  for (const { name } of [...old.attributes]) {
    if (!wanted.hasAttribute(name) && !(name === "open" && old.matches("details"))) old.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function children(old, wanted) {
  const keyed = new Map();
  for (const child of old.childNodes) if (keyOf(child)) keyed.set(keyOf(child), child);
  let place = old.firstChild;
  for (const next of [...wanted.childNodes]) {
    const key = keyOf(next);
    let match = key ? keyed.get(key) : null;
    if (!match && !key && place && !keyOf(place) && place.nodeName === next.nodeName) match = place;
    if (match && match.nodeName === next.nodeName) {
      if (match !== place) old.insertBefore(match, place);
      else place = place.nextSibling;
      morph(match, next);
    } else {
      old.insertBefore(next.cloneNode(true), place);
    }
  }
  while (place) {
    const after = place.nextSibling;
    place.remove();
    place = after;
  }
}
