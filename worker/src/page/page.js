// Shows each snapshot that comes, and passes on what the owner wants. Texts of strangers are only ever set as text.
import { drawHistory } from "./charts.js";
import { setUpForm } from "./form.js";
import { bytes, energy, span } from "./words.js";

const $ = (id) => document.getElementById(id);
const say = (id, text) => { if ($(id).textContent !== text) $(id).textContent = text; };

const credits = (micro) => (micro / 1e6).toLocaleString("en", { maximumFractionDigits: 2 });

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

const STATES = { running: "runs", saving: "is being saved", stopped: "stands still", emptied: "stands still, its memory given back", free: "free" };

function slot(shown, several) {
  const item = element("li");
  const head = element("div", "head");
  const { work } = shown;
  head.append(element("strong", "", work ? work.job : `Slot ${shown.number}`), element("span", `state-${shown.state}`, STATES[shown.state] ?? shown.state));
  item.append(head);
  if (!work) return item;
  const percent = Math.floor(work.progress_ppm / 10000);
  const bar = element("progress");
  bar.max = 1000000;
  bar.value = work.progress_ppm;
  bar.setAttribute("aria-label", `Progress of ${work.job}: ${percent} %`);
  const of = several ? ` (${work.project})` : "";
  item.append(element("p", "", `for ${work.submitter}${of}${work.description ? `: ${work.description}` : ""}`), bar,
    element("p", "faint", `${percent} %, ${span(work.cpu_ms)} of CPU time; ${work.why}`));
  return item;
}

function showSensors(snapshot) {
  $("sensors").replaceChildren(...snapshot.sensors.map(({ name, value }) => {
    const row = element("div");
    row.append(element("dt", "", name), element("dd", value === null ? "unknown" : "", value ?? "unknown"));
    return row;
  }));
  $("blind").replaceChildren(...snapshot.blind.map((rule) => element("li", "", rule)));
}

const WHOM = { off: "nobody", lan: "workers of this network", full: "all workers of the project" };

/** With whom blobs are shared, what came of it, and why nothing is given now. */
function showSharing({ mode, linked, today, in_all, upload_bytes_per_s_max: most, paused }) {
  say("given", bytes(today.given_bytes));
  const now = paused ? `; nothing is given now: waiting for ${paused.words}` : `; linked now: ${linked}`;
  say("peers", `${bytes(today.taken_bytes)} taken${mode === "off" ? "" : now}`);
  const bound = most === null ? "what the line carries is not known yet" : `at most ${bytes(most)} a second`;
  const pace = mode === "full" ? `, ${bound}` : "";
  say("whom", `with ${WHOM[mode] ?? mode}${pace}; in all ${bytes(in_all.given_bytes)} given, ${bytes(in_all.taken_bytes)} taken`);
}

function showFigures({ days, network, sharing, credit }) {
  const today = days.at(-1) ?? { donated_ms: 0, energy_mj: 0, waits: [], sentence: "" };
  say("donated", span(today.donated_ms));
  say("waited", today.waits.slice(0, 3).map(({ ms, words }) => `${span(ms)} waited for: ${words}`).join("; "));
  say("energy", energy(today.energy_mj));
  say("bytes", bytes(network.today_bytes));
  say("budget", network.day_max_bytes === null ? "no limit" : `of ${bytes(network.day_max_bytes)} a day`);
  showSharing(sharing);
  say("credit", credit.total_micro === null ? "not told yet" : credits(credit.total_micro));
  say("earned", `${credits(credit.since_start_micro)} since the worker was started`);
}

const link = ({ is_connected, refused }) => (is_connected ? ["connected", "good"] : [refused ?? "the coordinator is away", "bad"]);

function allLinks(projects) {
  const there = projects.filter(({ coordinator }) => coordinator.is_connected).length;
  return [`connected to ${there} of ${projects.length} projects`, there === projects.length ? "good" : "bad"];
}

/** Who computes for one project only is not shown a table of it. */
function showProjects(projects) {
  $("projects").hidden = projects.length < 2;
  $("each").replaceChildren(...projects.map(({ name, share, slots, units, computed_ms, credit, coordinator }) => {
    const row = element("tr");
    const earned = credit.total_micro === null ? "not told yet" : credits(credit.total_micro);
    const title = element("th", "", name);
    title.scope = "row";
    row.append(title, ...[share, slots, units, span(computed_ms), earned, link(coordinator)[0]].map((cell) => element("td", "", cell)));
    return row;
  }));
}

function show(snapshot) {
  const { governor, coordinator, held, projects } = snapshot;
  say("nickname", snapshot.nickname);
  say("place", projects.length > 1 ? `for ${projects.map(({ name }) => name).join(", ")}` : `for ${coordinator.place}`);
  const [word, kind] = projects.length > 1 ? allLinks(projects) : link(coordinator);
  say("link", word);
  $("link").className = `badge ${kind}`;
  say("sentence", governor.is_draining ? `stopping; ${governor.sentence}` : governor.sentence);
  say("network-hold", governor.no_network ? `Nothing is downloaded or uploaded: waiting for ${governor.no_network.words}` : "");
  const wish = typeof governor.wish === "string" ? governor.wish : Object.keys(governor.wish)[0];
  for (const button of document.querySelectorAll("[data-wish]")) {
    button.setAttribute("aria-pressed", String(wish !== "resume" && button.dataset.wish.startsWith(wish)));
  }
  showFigures(snapshot);
  $("slots").replaceChildren(...snapshot.slots.map((shown) => slot(shown, projects.length > 1)));
  showProjects(projects);
  say("held", `Waiting for a slot: ${held.units}, ready of them: ${held.ready}. Reports waiting for the coordinator: ${held.reports}; handed in since the start: ${held.reported}.`);
  showSensors(snapshot);
  drawHistory(snapshot.days);
}

async function wish(button) {
  const text = button.dataset.wish;
  if (text === "finish" && !confirm("Compute what was begun to its end, begin nothing else, and then stop the worker?")) return;
  try {
    const answer = await fetch("wish", { method: "POST", body: text });
    say("said", answer.ok ? (await answer.text()).trim().split("\n")[0] : (await answer.json()).message);
  } catch {
    say("said", "the worker does not answer");
  }
}

for (const button of document.querySelectorAll("[data-wish]")) button.addEventListener("click", () => wish(button));
const live = new EventSource("live");
live.onmessage = (event) => show(JSON.parse(event.data));
live.onerror = () => {
  say("link", "the worker does not answer; trying again");
  $("link").className = "badge bad";
};
setUpForm();
