// Calls that can be heard. Browsers keep pages silent until a person has touched them, so this must be switched on, and
// as long as it is not, the page says so. Sound never carries a meaning alone.

const panel = document.getElementById("sound");
const words = JSON.parse(panel.dataset.words);
const mute = panel.querySelector("[data-sound=mute]");
const MUTE_MS = 2 * 60 * 1000;
const REPEAT_MS = { assist: 30000, emergency: 10000 };

let audio = null;
let mutedUntil = 0;
let played = { assist: 0, emergency: 0 };
let waiting = { assist: 0, emergency: 0 };

// Each is shorter than 3 s: [frequency in Hz, begin in s, length in s].
const TUNES = {
  assist: [[784, 0, 0.35], [659, 0.4, 0.55], [784, 1.2, 0.35], [659, 1.6, 0.55]],
  emergency: [0, 0.45, 0.9, 1.35, 1.8].flatMap((at) => [[988, at, 0.16], [740, at + 0.2, 0.16]]),
  test: [[659, 0, 0.2], [784, 0.22, 0.2], [988, 0.44, 0.4]],
};

function play(name) {
  if (audio?.state !== "running") return;
  for (const [pitch, at, length] of TUNES[name]) {
    const tone = audio.createOscillator();
    const gain = audio.createGain();
    const start = audio.currentTime + at;
    tone.type = name === "emergency" ? "square" : "sine";
    tone.frequency.value = pitch;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(name === "emergency" ? 0.25 : 0.5, start + 0.02);
    gain.gain.setValueAtTime(name === "emergency" ? 0.25 : 0.5, start + length - 0.04);
    gain.gain.linearRampToValueAtTime(0, start + length);
    tone.connect(gain).connect(audio.destination);
    tone.start(start);
    tone.stop(start + length);
  }
}

function look() {
  const can = "AudioContext" in window;
  const state = !can ? "none" : audio?.state !== "running" ? "off" : performance.now() < mutedUntil ? "muted" : "on";
  if (panel.dataset.state === state) return;
  panel.dataset.state = state;
  panel.querySelector(".sound__word span").textContent = words[state];
  mute.querySelector("span").textContent = JSON.parse(mute.dataset.words)[state === "muted" ? "unmute" : "mute"];
}

async function wake() {
  audio ??= new AudioContext();
  audio.onstatechange = look;
  await audio.resume();
  look();
}

panel.addEventListener("click", async (event) => {
  const act = event.target.closest("[data-sound]")?.dataset.sound;
  if (!act) return;
  if (act === "mute") {
    mutedUntil = performance.now() < mutedUntil ? 0 : performance.now() + MUTE_MS;
    look();
    return;
  }
  await wake();
  play({ enable: "test", test: "assist", "test-emergency": "emergency" }[act]);
});

// What calls at this moment. A new call sounds at once, an old one again and again until a person has seen it.
export function calling(counts, fresh) {
  waiting = counts;
  for (const level of ["emergency", "assist"]) if (fresh[level]) return ring(level);
  return undefined;
}

function ring(level) {
  played[level] = performance.now();
  if (level === "emergency" || performance.now() >= mutedUntil) play(level);
}

setInterval(() => {
  look();
  for (const level of ["emergency", "assist"]) {
    if (waiting[level] && performance.now() - played[level] >= REPEAT_MS[level]) {
      ring(level);
      return;
    }
  }
}, 1000);

if ("AudioContext" in window) {
  audio = new AudioContext(); // runs at once where the browser or the kiosk allows it
  audio.onstatechange = look;
}
look();
