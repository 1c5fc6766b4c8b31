// The one connection to the hub, in the shared worker or, where there is none, in the page itself.
// States: live (events flow), poll (as many screens as the hub allows: look every 15 s), lost, signed-out.

const BEAT_LIMIT_MS = 20000;
const POLL_MS = 15000;
const RETRY_MS = 2000;

export class Stream {
  constructor(tell) {
    this.tell = tell;
    this.state = "lost";
    this.since = Date.now();
    this.lastId = "";
    this.beat = null;
    this.open();
    setInterval(() => this.watch(), 1000);
  }

  open() {
    clearTimeout(this.retry);
    this.source?.close();
    const from = this.lastId ? `?last_id=${this.lastId}` : "";
    this.source = new EventSource(`/api/v1/stream${from}`);
    this.source.addEventListener("hb", (event) => this.heard(event, "hb"));
    for (const kind of ["incident", "box", "alert", "visit", "reset"]) {
      this.source.addEventListener(kind, (event) => this.heard(event, kind));
    }
    this.source.onerror = () => this.broke();
  }

  heard(event, kind) {
    this.lastHeard = performance.now();
    this.lastId = event.lastEventId || this.lastId;
    const data = JSON.parse(event.data);
    if (kind === "hb") this.beat = { now_ms: data.now_ms, at: performance.now() };
    this.become("live");
    this.tell({ type: "event", kind, data, beat: kind === "hb" ? data.now_ms : undefined });
  }

  broke() {
    const closed = this.source.readyState === EventSource.CLOSED;
    if (this.state !== "poll") this.become("lost");
    if (closed) this.ask();
  }

  // The browser has given up the stream for good: find out why.
  async ask() {
    let next = RETRY_MS;
    try {
      const answer = await fetch("/api/v1/me", { headers: { Accept: "application/json" } });
      if (answer.status === 401) {
        this.become("signed-out");
        next = POLL_MS;
      } else if (answer.ok) {
        const me = await answer.json();
        this.lastHeard = performance.now();
        this.become("poll");
        this.tell({ type: "event", kind: "poll", data: {}, beat: Date.parse(me.at) });
        next = POLL_MS;
      } else {
        this.become("lost");
      }
    } catch {
      this.become("lost");
    }
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.open(), next);
  }

  // A cut cable ends no stream: only the missing heartbeat tells.
  watch() {
    if (this.state === "live" && performance.now() - this.lastHeard > BEAT_LIMIT_MS) {
      this.become("lost");
      this.open();
    }
  }

  become(state) {
    if (state === this.state) return;
    this.state = state;
    this.since = Date.now();
    this.tell({ type: "state", state });
  }

  // For a page that has just come: how things stand.
  greet() {
    const beat = this.beat ? this.beat.now_ms + (performance.now() - this.beat.at) : undefined;
    return { type: "state", state: this.state, beat };
  }
}
