import { attention } from "./attention.js";
import { begin, say } from "./frame.js";
import { calling } from "./sound.js";

let known = null; // ids of unseen calls at the last look
let said = new Map(); // id -> what was said of it

function changed() {
  const board = document.getElementById("dashboard");
  const unseen = new Set(board.dataset.unseen.split(" ").filter(Boolean));
  const emergencies = new Set(board.dataset.emergencies.split(" ").filter(Boolean));
  const fresh = { assist: 0, emergency: 0 };
  for (const id of unseen) {
    const level = emergencies.has(id) ? "emergency" : "assist";
    if (!known?.has(`${id} ${level}`)) fresh[level] += 1;
  }
  known = new Set([...unseen].map((id) => `${id} ${emergencies.has(id) ? "emergency" : "assist"}`));
  calling({ assist: unseen.size - emergencies.size, emergency: emergencies.size }, fresh);
  attention(board.dataset.title, unseen.size);
  tell();
}

// Screen readers hear what is new or different, and nothing when the page opens.
function tell() {
  const now = new Map();
  const news = [];
  for (const call of document.querySelectorAll("[data-say]")) {
    const id = call.closest("[data-key]").dataset.key;
    now.set(id, call.dataset.say);
    if (said.get(id) !== call.dataset.say) news.push(call);
  }
  const first = said.size === 0 && document.documentElement.dataset.told !== "yes";
  document.documentElement.dataset.told = "yes";
  said = now;
  if (first) return;
  for (const call of news) {
    say(call.dataset.say, call.dataset.level === "emergency" && call.classList.contains("call--raised"));
  }
}

begin({ changed });
