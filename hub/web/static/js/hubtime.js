// Times run by the hub's clock, never by this computer's.

let offset = Number(document.body.dataset.hubNow) - performance.now();

export const hubNow = () => performance.now() + offset;

export function heardAt(now_ms) {
  offset = now_ms - performance.now();
}

const office = new Intl.DateTimeFormat("ja-JP", {
  timeZone: "Asia/Tokyo", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

export const wallClock = (ms) => office.format(new Date(ms));

function stopwatch(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

export function tick() {
  const now = hubNow();
  for (const place of document.querySelectorAll("time[data-since]")) {
    const text = stopwatch(now - Number(place.dataset.since));
    if (place.textContent !== text) place.textContent = text;
  }
  for (const place of document.querySelectorAll("time[data-until]:not([data-words])")) {
    const text = stopwatch(Number(place.dataset.until) - now);
    if (place.textContent !== text) place.textContent = text;
  }
  for (const place of document.querySelectorAll("[data-until][data-words]")) {
    // A second beside a full minute is that minute: page and hub must not differ by the beat that is between them.
    const minutes = Math.max(0, Math.ceil((Number(place.dataset.until) - now - 1000) / 60000));
    const text = place.dataset.words.replace("%(minutes)s", minutes);
    if (place.textContent !== text) place.textContent = text;
  }
  for (const bar of document.querySelectorAll("progress[data-since]")) {
    bar.value = Math.min(bar.max, (now - Number(bar.dataset.since)) / 1000);
  }
  const clock = document.getElementById("hub-clock");
  if (clock && document.documentElement.dataset.live !== "lost") clock.textContent = wallClock(now);
}
