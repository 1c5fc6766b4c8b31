// The tab itself calls, for people who look at another window: title (at most one change a second) and icon.

const calm = document.title;
const icon = document.getElementById("favicon");
let text = "";
let shown = false;

export function attention(title, unseen) {
  text = title;
  const href = unseen ? icon.dataset.alert : icon.dataset.calm;
  if (icon.getAttribute("href") !== href) icon.setAttribute("href", href);
  if (!text) document.title = calm;
  else if (!shown) turn();
}

function turn() {
  shown = Boolean(text) && !shown;
  document.title = shown ? `● ${text}` : calm;
}

setInterval(() => {
  if (text || shown) turn();
}, 1000);
