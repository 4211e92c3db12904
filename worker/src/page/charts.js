// Bars for each day, drawn as SVG. Colours are classes, so that they follow the page's.
import { bytes, energy, span } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const OTHERS = 6;
let drawn = "";

function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Draws stacked bars into `svg`: each day has parts, each part a size, a class and a title. */
function bars(svg, days, scale, unit) {
  const width = svg.clientWidth || 600, height = svg.clientHeight || 100;
  const left = 34, bottom = 16, room = height - bottom - 8;
  const step = (width - left) / Math.max(days.length, 7), wide = Math.min(step * 0.76, 48);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const parts = [0, 0.5, 1].flatMap((share) => {
    const y = 8 + room * (1 - share);
    return [shape("line", { x1: left, x2: width, y1: y, y2: y }), shape("text", { x: left - 4, y: y + 4, "text-anchor": "end" }, label(scale * share))];
  });
  days.forEach((day, at) => {
    let y = 8 + room;
    for (const part of day.parts) {
      const tall = Math.max(0, Math.min(room, (part.size / scale) * room));
      y -= tall;
      const bar = shape("rect", { x: left + (at + 0.5) * step - wide / 2, y, width: wide, height: tall, class: part.kind });
      bar.append(shape("title", {}, `${day.date}: ${part.title}${unit}`));
      parts.push(bar);
    }
    const every = Math.ceil(44 / step), middle = left + at * step + step / 2;
    const isOuter = at === days.length - 1 && middle + 18 > width;
    if ((days.length - 1 - at) % every === 0) {
      parts.push(shape("text", { x: isOuter ? width : middle, y: height - 3, "text-anchor": isOuter ? "end" : "middle" }, day.date.slice(5)));
    }
  });
  svg.replaceChildren(...parts);
}

function label(value) {
  if (value === 0) return "0";
  return value >= 10 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}

/** The least of 1, 2, 5, 10, 20, … that is not below any of `values`. */
function roof(values) {
  const most = Math.max(1, ...values);
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= most);
}

const hours = (ms) => ms / 3600000;
const told = (ms) => `${hours(ms).toFixed(1)} h `;

/** Which reasons have a colour of their own: those that were waited for longest. */
function ranked(days) {
  const sums = new Map();
  for (const { waits } of days) for (const { words, ms } of waits) sums.set(words, (sums.get(words) ?? 0) + ms);
  return [...sums].sort((a, b) => b[1] - a[1]).slice(0, OTHERS).map(([words]) => words);
}

function legend(reasons, hasOthers) {
  const entries = [["donated", "s0"], ...reasons.map((words, at) => [`waited for: ${words}`, `s${at + 1}`])];
  if (hasOthers) entries.push(["waited for: other reasons", "s7"]);
  return entries.map(([text, kind]) => {
    const entry = document.createElement("span");
    const mark = shape("svg", { viewBox: "0 0 8 8", "aria-hidden": "true" });
    mark.append(shape("rect", { width: 8, height: 8, class: kind }));
    entry.append(mark, text);
    return entry;
  });
}

function rows(days) {
  return [...days].reverse().map((day) => {
    const row = document.createElement("tr");
    for (const text of [day.date, day.sentence, span(day.core_ms), energy(day.energy_mj), bytes(day.moved_bytes)]) {
      const cell = document.createElement("td");
      cell.textContent = text;
      row.append(cell);
    }
    return row;
  });
}

export function drawHistory(days) {
  // Days change slowly: what would look the same is not drawn again.
  const width = document.getElementById("hours").clientWidth;
  const now = JSON.stringify([width, days.map((day) => [day.date, Math.floor(day.donated_ms / 10000), Math.floor(day.energy_mj / 360000), day.moved_bytes, day.waits.map(({ ms }) => Math.floor(ms / 10000))])]);
  if (now === drawn) return;
  drawn = now;
  const reasons = ranked(days);
  const time = days.map((day) => ({
    date: day.date,
    parts: [{ size: hours(day.donated_ms), kind: "s0", title: `${told(day.donated_ms)}donated` },
      ...day.waits.map(({ words, ms }) => ({ size: hours(ms), kind: `s${reasons.indexOf(words) + 1 || 7}`, title: `${told(ms)}waited for: ${words}` }))],
  }));
  bars(document.getElementById("hours"), time, 24, "");
  const single = (value) => days.map((day) => ({ date: day.date, parts: [{ size: value(day), kind: "s0", title: value(day).toFixed(1) }] }));
  const wattHours = single((day) => day.energy_mj / 3.6e6), mebibytes = single((day) => day.moved_bytes / 1048576);
  const most = (all) => roof(all.map(({ parts }) => parts[0].size));
  bars(document.getElementById("watt-hours"), wattHours, most(wattHours), " Wh");
  bars(document.getElementById("mebibytes"), mebibytes, most(mebibytes), " MiB");
  const hasOthers = days.some(({ waits }) => waits.some(({ words }) => !reasons.includes(words)));
  document.getElementById("legend").replaceChildren(...legend(reasons, hasOthers));
  document.getElementById("days").replaceChildren(...rows(days));
}
