import { begin } from "./frame.js";

begin({ cares: (kind) => kind === "box" || kind === "incident" });
