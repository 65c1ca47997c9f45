"use strict";

const POLL_MILLIS = 500;
const TINTS = { eu: "var(--eu)", us: "var(--us)", ap: "var(--ap)" };
const byId = (id) => document.getElementById(id);
let lastLine = 0;
let prompted = false;
let serving = false;
/** Whether a button of a node is held down: what is replaced meanwhile would not be clicked. */
let pressing = false;

/** An element with a class and text. What others have written only ever goes in as text. */
function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function svg(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const reply = await response.json();
  if (!response.ok) throw new Error(reply.error);
  return reply;
}

function millis(value) {
  return (value < 10 ? value.toFixed(2) : value.toFixed(0)) + " ms";
}

function count(value) {
  return Math.round(value).toLocaleString("en");
}

/** Lines over a common x axis. Each series: class name and points [x, y]. */
function chart(target, series, unit) {
  const width = target.clientWidth || 400;
  const height = target.clientHeight || 170;
  const left = 46, bottom = 20, top = 8, right = 8;
  const points = series.flatMap((one) => one.points);
  target.setAttribute("viewBox", `0 0 ${width} ${height}`);
  target.replaceChildren();
  if (points.length < 2) {
    target.append(svg("text", { x: width / 2, y: height / 2, class: "axis",
      "text-anchor": "middle" }, "nothing yet"));
    return;
  }
  const xs = points.map((p) => p[0]);
  const low = Math.min(...xs), high = Math.max(...xs, low + 1);
  const peak = nice(Math.max(...points.map((p) => p[1]), 1e-9));
  const x = (value) => left + (value - low) / (high - low) * (width - left - right);
  const y = (value) => height - bottom - value / peak * (height - bottom - top);
  for (const share of [0, 0.5, 1]) {
    const at = y(share * peak);
    target.append(svg("line", { x1: left, x2: width - right, y1: at, y2: at, class: "grid" }));
    target.append(svg("text", { x: left - 6, y: at + 4, class: "axis", "text-anchor": "end" },
      label(share * peak)));
  }
  target.append(svg("text", { x: left, y: height - 4, class: "axis" }, label(low) + unit));
  target.append(svg("text", { x: width - right, y: height - 4, class: "axis",
    "text-anchor": "end" }, label(high) + unit));
  for (const one of series) {
    const path = one.points.map((p) => x(p[0]).toFixed(1) + "," + y(p[1]).toFixed(1)).join(" ");
    target.append(svg("polyline", { points: path, class: "line " + one.name }));
  }
}

/** The next of 1, 2 or 5 times a power of ten. */
function nice(value) {
  const power = Math.pow(10, Math.floor(Math.log10(value)));
  return [1, 2, 5, 10].map((m) => m * power).find((candidate) => candidate >= value);
}

function label(value) {
  return value >= 10 || Number.isInteger(value) ? count(value) : value.toPrecision(2);
}

function ringColour(member) {
  const second = member.endsWith("2");
  return `color-mix(in srgb, ${TINTS[member.slice(0, 2)]} ${second ? 55 : 100}%, var(--card))`;
}

function drawRing(ring, up) {
  const target = byId("ring-chart");
  target.replaceChildren();
  const pieces = ring.owners.length;
  const point = (i) => {
    const angle = 2 * Math.PI * i / pieces;
    return `${(100 + 76 * Math.sin(angle)).toFixed(2)} ${(100 - 76 * Math.cos(angle)).toFixed(2)}`;
  };
  const shares = ring.members.map(() => 0);
  ring.owners.forEach((owner, i) => {
    const member = ring.members[owner];
    shares[owner]++;
    const arc = svg("path", { d: `M${point(i)} A76 76 0 0 1 ${point(i + 1.08)}`,
      fill: "none", "stroke-width": 34, opacity: up[member] ? 1 : 0.18 });
    arc.style.stroke = ringColour(member);
    target.append(arc);
  });
  byId("ring-key").replaceChildren(...ring.members.map((member, i) => {
    const row = element("li");
    const swatch = element("i");
    swatch.style.setProperty("--swatch", ringColour(member));
    row.append(swatch, member + (up[member] ? "" : " (down)"),
      element("span", "", Math.round(100 * shares[i] / pieces) + " %"));
    return row;
  }));
}

function condition(node) {
  if (!node.up) {
    const waits = node.kind === "replica" && !serving;
    return waits ? ["idle", "waits for a model"] : ["bad", "down"];
  }
  if (node.cut) return ["bad", "cut off"];
  if (node.kind === "replica") {
    if (node.mood === "failing") return ["bad", "failing, " + (node.state || "")];
    if (node.mood === "slow") return ["warn", "slow"];
    if (node.state && !["available", "starting"].includes(node.state)) return ["warn", node.state];
  }
  if (node.kind === "store" && node.caughtUp === false) return ["warn", "catching up"];
  return ["good", "well"];
}

function facts(node) {
  if (!node.up) return "";
  if (node.kind === "control") {
    return `${node.role}, term ${node.term}, ${count(node.commitIndex)} committed`;
  }
  if (node.kind === "store") {
    return node.keys === undefined ? "" :
      `${count(node.keys)} keys` + (node.hints ? `, ${count(node.hints)} hints for others` : "");
  }
  return `${count(node.picks || 0)} calls, ${count(node.failures || 0)} failed`
    + `, feature breaker ${node.breaker}`
    + (node.staleHits ? `, ${count(node.staleHits)} stale profiles` : "");
}

function button(node, action, text) {
  const made = element("button", "", text);
  made.type = "button";
  made.dataset.node = node.id;
  made.dataset.action = action;
  made.setAttribute("aria-label", text + " " + node.id);
  return made;
}

function drawNode(node) {
  const row = element("div", "node");
  row.id = "node-" + node.id;
  const head = element("div");
  head.append(element("b", "", node.id));
  if (node.up && node.role === "leader") head.append(element("span", "badge", "leads the store"));
  if (node.leadsTraining) head.append(element("span", "badge", "trains"));
  if (node.up && node.version) head.append(element("span", "badge", "model " + node.version));
  const [className, text] = condition(node);
  head.append(element("span", "state " + className, text));
  const below = element("div", "facts", facts(node));
  const buttons = element("span");
  buttons.append(node.up ? button(node, "kill", "kill") : button(node, "start", "start"), " ");
  if (node.up && node.kind === "replica") {
    buttons.append(node.mood === "well"
      ? button(node, "slow", "slow down") : button(node, "well", "make well"), " ");
    if (node.mood === "well") buttons.append(button(node, "fail", "make fail"), " ");
  }
  buttons.append(node.cut ? button(node, "heal", "heal") : button(node, "cut", "cut off"));
  below.append(buttons);
  row.append(head, below);
  return row;
}

function routes(region) {
  if (!region.routes) return "no users yet";
  const shares = Object.entries(region.routes).filter(([, share]) => share > 0.0005)
    .map(([name, share]) => `${Math.round(100 * share)} % to ${name}`);
  return "its users are sent " + shares.join(", ");
}

function drawRegions(regions) {
  const focused = document.activeElement;
  const wanted = focused && focused.dataset && focused.dataset.node
    ? [focused.dataset.node, focused.dataset.action] : null;
  byId("regions").replaceChildren(...regions.map((region) => {
    const card = element("section", "region");
    card.style.setProperty("--tint", TINTS[region.name]);
    card.append(element("h2", "", region.name), element("p", "", routes(region)),
      ...region.nodes.map(drawNode));
    return card;
  }));
  // Drawn anew: whoever uses the keyboard stays where he was.
  if (wanted) {
    const again = [...document.querySelectorAll("button[data-node]")]
      .find((one) => one.dataset.node === wanted[0] && one.dataset.action === wanted[1]);
    if (again) again.focus();
  }
}

function drawTiles(state) {
  const beat = state.beats[state.beats.length - 1];
  if (beat) {
    byId("rate").textContent = count(beat.perSecond);
    byId("p50").textContent = millis(beat.p50Millis);
    byId("p99").textContent = millis(beat.p99Millis);
  }
  if (state.totals) {
    // Questions that are still out count as unanswered here: rounded down, never up.
    const percent = Math.floor(10000 * state.totals.availability) / 100;
    byId("availability").textContent = percent.toFixed(2) + " %";
    byId("answered").textContent = count(state.totals.answered);
  }
  byId("clock").textContent = count(state.seconds) + " s";
}

function drawLog(lines) {
  const log = byId("log");
  for (const line of lines) {
    lastLine = Math.max(lastLine, line.number);
    const row = element("li", line.isTitle ? "title" : "");
    row.append(element("time", "", line.seconds.toFixed(1) + " s"), element("span", "", line.text));
    log.prepend(row);
  }
  while (log.children.length > 500) log.lastChild.remove();
}

function drawScore(rows) {
  byId("score").hidden = rows.length === 0;
  byId("rows").replaceChildren(...rows.map((row) => {
    const line = element("tr");
    const required = row.limit !== undefined && row.limit !== null;
    const met = element("td", required ? (row.met ? "good" : "bad") : "",
      required ? (row.met ? "yes" : "no") : "–");
    line.append(element("td", "", row.requirement), element("td", "", row.measured), met);
    return line;
  }));
}

function draw(state) {
  byId("part").textContent = state.part;
  if (!prompted) {
    byId("text").placeholder = state.prompt;
    prompted = true;
  }
  if (state.serving && !serving) byId("answer").textContent = "The model answers.";
  serving = state.serving;
  drawTiles(state);
  drawLog(state.lines);
  drawScore(state.score);
  if (state.regions) {
    if (!pressing) drawRegions(state.regions);
    const up = {};
    state.regions.forEach((r) => r.nodes.forEach((n) => { up[n.id] = n.up; }));
    drawRing(state.ring, up);
  }
  const beats = state.beats;
  chart(byId("rate-chart"),
    [{ name: "rate", points: beats.map((b) => [b.seconds, b.perSecond]) }], " s");
  chart(byId("latency-chart"), [
    { name: "p99", points: beats.map((b) => [b.seconds, b.p99Millis]) },
    { name: "p50", points: beats.map((b) => [b.seconds, b.p50Millis]) }], " s");
  chart(byId("loss-chart"),
    [{ name: "loss", points: state.losses.map((l) => [l.step, l.mean]) }], "");
}

async function poll() {
  const connection = byId("connection");
  try {
    const response = await fetch("state?after=" + lastLine);
    draw(await response.json());
    connection.textContent = "live, twice a second";
    connection.className = "";
  } catch (e) {
    connection.textContent = "The platform does not answer any more: what you see is old.";
    connection.className = "lost";
  }
  setTimeout(poll, POLL_MILLIS);
}

byId("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = byId("answer");
  try {
    const reply = await post("predict",
      { text: byId("text").value, region: byId("region").value });
    answer.className = "";
    answer.replaceChildren(element("strong", "", reply.answer),
      ` (${Math.round(100 * reply.probability)} % sure), says ${reply.replica}`
      + ` with model ${reply.version}, after ${millis(reply.millis)}`);
  } catch (e) {
    answer.className = "failed";
    answer.textContent = e.message;
  }
});

byId("regions").addEventListener("pointerdown", () => { pressing = true; });
for (const end of ["pointerup", "pointercancel", "blur"]) {
  window.addEventListener(end, () => { pressing = false; });
}

byId("regions").addEventListener("click", async (event) => {
  const { node, action } = event.target.dataset;
  if (!node) return;
  event.target.disabled = true;
  try {
    await post("act", { node, action });
  } catch (e) {
    byId("answer").className = "failed";
    byId("answer").textContent = e.message;
  }
});

poll();
