// The page of one simulated box: shows the lamp, sends the raw edges of the buttons.
const $ = (id) => document.getElementById(id);
let language = localStorage.getItem("language") ?? (navigator.language.startsWith("ja") ? "ja" : "en");
let view = null;
let timer = null;
let notice = null;

function write() {
  document.documentElement.lang = language;
  for (const part of document.querySelectorAll("[data-ja]")) part.textContent = part.dataset[language];
  $("language").textContent = language === "ja" ? "English" : "日本語";
  $("language").lang = language === "ja" ? "en" : "ja";
  if (!view) return;
  const words = view.words[language];
  if ($("headline").textContent !== words.headline) $("headline").textContent = words.headline;
  $("explanation").textContent = words.explanation;
  $("number").textContent = view.number ? (language === "ja" ? "受付番号 " : "Incident ") + view.number : "";
  $("recording").hidden = !view.recording;
  $("drill").hidden = !view.drill;
  document.body.classList.toggle("practice", view.drill);
  $("faults").replaceChildren(...words.faults.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  document.title = words.headline + " - " + $("counter").textContent;
}

function shine() {
  clearTimeout(timer);
  const lamp = $("lamp");
  lamp.dataset.colour = view.colour;
  lamp.dataset.state = view.state;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    lamp.classList.add("on");
    return;
  }
  let step = 0;
  const next = () => {
    const [on, ms] = view.steps[step % view.steps.length];
    lamp.classList.toggle("on", on);
    step += 1;
    timer = setTimeout(next, ms);
  };
  next();
}

function show(news) {
  view = news;
  write();
  shine();
}

function listen() {
  const stream = new EventSource("/events");
  stream.addEventListener("lamp", (event) => { $("link").hidden = true; show(JSON.parse(event.data)); });
  stream.addEventListener("notice", () => { notice ??= new Audio("/notice.wav"); notice.currentTime = 0; notice.play().catch(() => {}); });
  stream.onopen = () => { $("link").hidden = true; };
  stream.onerror = () => { $("link").hidden = false; };
}

// One request after the other: a release that overtakes its press would look like a hand that holds on.
let sending = Promise.resolve();

function edge(button, pressed) {
  $(button).classList.toggle("down", pressed);
  const body = JSON.stringify({ button, pressed });
  const send = () => fetch("/press", { method: "POST", headers: { "Content-Type": "application/json" }, body, keepalive: true });
  sending = sending.then(send).catch(() => { $("link").hidden = false; });
}

for (const button of ["main", "second"]) {
  let down = false;
  const set = (pressed) => { if (pressed !== down) { down = pressed; edge(button, pressed); } };
  const part = $(button);
  part.addEventListener("pointerdown", (event) => { part.setPointerCapture(event.pointerId); set(true); });
  for (const end of ["pointerup", "pointercancel", "blur"]) part.addEventListener(end, () => set(false));
  part.addEventListener("keydown", (event) => { if (event.key === " " || event.key === "Enter") { event.preventDefault(); set(true); } });
  part.addEventListener("keyup", () => set(false));
  part.addEventListener("contextmenu", (event) => event.preventDefault());
}

$("language").addEventListener("click", () => {
  language = language === "ja" ? "en" : "ja";
  localStorage.setItem("language", language);
  write();
});

const state = await (await fetch("/state")).json();
$("counter").textContent = state.counter;
$("buttons").hidden = !state.buttons;
write();
if (state.lamp) show(state.lamp);
listen();
