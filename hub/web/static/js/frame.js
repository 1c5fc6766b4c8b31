// What every page with live parts does: stay connected, show when it is not, refresh, send deeds.
import { connect } from "./live.js";
import { heardAt, hubNow, tick, wallClock } from "./hubtime.js";
import { morph } from "./morph.js";

const root = document.documentElement;
const banner = document.getElementById("lost");
const live = document.getElementById("live");
const trouble = document.getElementById("trouble");
const BEAT_LIMIT_MS = 20000;
const GAP_MS = 250; // a storm of changes is a few looks, not hundreds; a single change is looked at once
const SOON_MS = 10 * 60 * 1000;

let heard = hubNow();
let refreshing = false;
let done = 0; // deeds of this page that the hub has taken
let again = false;
let asked = -Infinity; // when the hub was asked last
let later;
let waiting = []; // deeds that wait for a look which was asked for after them
let lookAfterMyself = () => {};

// --- refreshing ----------------------------------------------------------------------------------------------------

// `changed` is called after every refresh; `cares` says whether an event concerns this page.
export function begin({ changed = () => {}, cares = () => true } = {}) {
  root.dataset.live = "starting";
  lookAfterMyself = connect((message) => {
    if (message.beat) heardAt(message.beat);
    if (message.state === "live") heard = hubNow();
    if (message.type === "state") become(message.state, changed);
    if (message.type !== "event") return;
    heard = hubNow();
    const everybody = message.kind === "poll" || message.kind === "reset"; // reset: too much was missed to be told
    if (everybody || (message.kind !== "hb" && cares(message.kind, message.data))) refresh(changed);
  });
  setInterval(() => second(changed), 1000);
  document.addEventListener("submit", (event) => deed(event, changed));
  document.addEventListener("click", closeMenus);
  document.addEventListener("keydown", escape);
  second(changed);
  changed();
}

export async function refresh(changed) {
  if (!live) return;
  if (refreshing) {
    again = true;
    return;
  }
  const wait = asked + GAP_MS - performance.now();
  if (wait > 0) {
    later ??= setTimeout(() => {
      later = undefined;
      refresh(changed);
    }, wait);
    return;
  }
  refreshing = true;
  asked = performance.now();
  const before = done;
  try {
    const answer = await fetch(live.dataset.source, { headers: { "X-Requested-With": "madomori" } });
    if (answer.ok && before === done) { // what was asked before our own deed is old: it would open the form again
      const wanted = new DOMParser().parseFromString(await answer.text(), "text/html").body;
      const shell = live.cloneNode(false);
      shell.append(...wanted.childNodes);
      morph(live, shell);
      tick();
      changed();
    }
  } catch {
    // The stream's state tells people; the next event or poll tries again.
  } finally {
    refreshing = false;
    const seen = waiting.filter((deed) => deed.since <= asked);
    waiting = waiting.filter((deed) => deed.since > asked);
    seen.forEach((deed) => deed.seen());
    if (again) {
      again = false;
      refresh(changed);
    }
  }
}

// Resolves when the page shows what a deed has just changed; until then its forms ask for what was there before.
function shown(changed) {
  if (!live) return undefined;
  return new Promise((seen) => {
    waiting.push({ since: performance.now(), seen });
    refresh(changed);
  });
}

// --- connection ----------------------------------------------------------------------------------------------------

function become(state, changed) {
  const before = root.dataset.live;
  root.dataset.live = state;
  const pulse = document.getElementById("pulse");
  const words = JSON.parse(pulse.dataset.words);
  pulse.querySelector(".pulse__word").textContent = words[state === "signed-out" ? "lost" : state] ?? words.lost;
  if (state === "lost" && before !== "lost") {
    show(banner.dataset.lost.replace("%(time)s", wallClock(heard)), "alarm");
  } else if (state === "signed-out") {
    show(banner.dataset.signedOut, "alarm", true);
  } else if (state === "poll") {
    show(banner.dataset.polling, "warn");
  } else if (state === "live") {
    banner.hidden = true;
    if (before !== "live") refresh(changed);
  }
}

function show(text, look, link = false) {
  banner.className = `notice notice--${look}`;
  banner.querySelector(".notice__text").textContent = text;
  banner.querySelector(".notice__link").hidden = !link;
  banner.hidden = false;
}

function second(changed) {
  tick();
  if (root.dataset.live === "live" && hubNow() - heard > BEAT_LIMIT_MS) {
    become("lost", changed);
    lookAfterMyself();
  }
  const ends = Number(document.body.dataset.sessionEnds);
  if (ends && root.dataset.live === "live" && ends - hubNow() < SOON_MS && banner.hidden) {
    show(banner.dataset.ending, "warn", true);
  }
}

// --- deeds ---------------------------------------------------------------------------------------------------------

const fresh = () => [...crypto.getRandomValues(new Uint8Array(9))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

async function deed(event, changed) {
  const form = event.target;
  if (!form.matches("form[data-deed]")) return;
  event.preventDefault();
  const button = event.submitter ?? form.querySelector("button");
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  trouble.hidden = true;
  try {
    const answer = await fetch(form.getAttribute("action"), { // a field named "action" hides the property
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { "X-Requested-With": "madomori", "X-CSRF-Token": document.body.dataset.csrf },
    });
    if (answer.ok) {
      done += 1;
      form.reset();
      form.querySelector("[name=once]").value = fresh();
      form.closest("details")?.removeAttribute("open");
      asked = -Infinity; // people see at once what they did
      await shown(changed);
      if (!button.isConnected || button.offsetParent === null) document.getElementById("main").focus();
    } else {
      const problem = await answer.json();
      if (problem.type === "urn:madomori:problem:key-reused") { // other words came before: the next try is a deed of its own
        form.querySelector("[name=once]").value = fresh();
        refresh(changed);
      }
      complain(problem);
    }
  } catch {
    complain({ title: trouble.dataset.unsent });
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

function complain(problem) {
  const tongue = root.lang;
  const fields = (problem.errors ?? []).map((error) => `${error.field}: ${error[tongue] ?? error.ja}`);
  trouble.textContent = [problem.title, problem.detail, ...fields].filter(Boolean).join(" ");
  trouble.hidden = false;
}

// --- menus ---------------------------------------------------------------------------------------------------------

function closeMenus(event) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  }
}

function escape(event) {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open], details.drop[open]");
  if (!menu) return;
  menu.removeAttribute("open");
  menu.querySelector("summary").focus();
}

// For screen readers: `alarm` interrupts, everything else waits its turn.
export function say(text, alarm = false) {
  document.getElementById(alarm ? "shout" : "say").textContent = text;
}
