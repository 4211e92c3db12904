// The owner's preferences as a form: one field for each value of the settings file that may be changed.
const $ = (id) => document.getElementById(id);
let before = new Map();

/** An input for anything, or a choice where there are few values. */
function entry({ name, value, default: usual, choices }) {
  if (choices.length === 0) {
    const input = document.createElement("input");
    input.value = input.defaultValue = value;
    input.placeholder = name.startsWith("rules.") ? "does not count" : usual;
    input.autocomplete = "off";
    input.spellcheck = false;
    return input;
  }
  const input = document.createElement("select");
  const meant = choices.find((one) => one.value === usual)?.words ?? usual;
  const all = [{ value: "", words: `the default, ${meant}` }, ...choices];
  // A file that was written by hand may say what no worker would start with.
  if (!all.some((one) => one.value === value)) all.push({ value, words: value });
  input.append(...all.map((one) => new Option(one.words, one.value, one.value === value, one.value === value)));
  return input;
}

function field(shown) {
  const { name, label, line, is_from_start: isFromStart, until_then: untilThen } = shown;
  const box = document.createElement("div");
  box.className = "field";
  const title = document.createElement("label");
  const input = entry(shown);
  input.id = `field-${name}`;
  input.name = name;
  if (line !== null) input.title = `line ${line} of the file`;
  title.htmlFor = input.id;
  title.textContent = label || name.slice("rules.".length);
  box.append(title, input);
  if (isFromStart) {
    const note = document.createElement("p");
    note.id = `note-${name}`;
    note.className = untilThen === null ? "note" : "note pending";
    note.textContent = `Counts from the worker's next start${untilThen === null ? "" : `; until then: ${untilThen}`}.`;
    input.setAttribute("aria-describedby", note.id);
    input.dataset.note = note.id;
    box.append(note);
  }
  return box;
}

const GROUPS = ["limits", "peers", "rules"];

/** Where a field stands: by the table that it is in, or with the rest. */
function group({ name }) {
  const table = name.split(".")[0];
  return GROUPS.includes(table) ? table : "itself";
}

function fill({ file, fields }) {
  $("file").textContent = file;
  before = new Map(fields.map(({ name, value }) => [name, value]));
  for (const table of [...GROUPS, "itself"]) {
    $(`of-${table}`).replaceChildren(...fields.filter((one) => group(one) === table).map(field));
  }
}

/** Says what is wrong, below the field that it is about. */
function complain({ field: name, message }) {
  const input = name && document.getElementById(`field-${name}`);
  const found = input || (name ? $("own-text") : null);
  found?.closest(".field").append($("wrong"));
  $("wrong").textContent = message;
  if (!found) return;
  found.setAttribute("aria-invalid", "true");
  found.setAttribute("aria-describedby", `wrong ${found.dataset.note ?? ""}`.trim());
  found.focus();
}

function forgive() {
  $("wrong").textContent = "";
  // Fields come and go.
  document.querySelector("#preferences > .buttons").before($("wrong"));
  $("saved").textContent = "";
  for (const input of document.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    if (input.dataset.note) input.setAttribute("aria-describedby", input.dataset.note);
    else input.removeAttribute("aria-describedby");
  }
}

function changes() {
  const changed = {};
  for (const input of document.querySelectorAll("#preferences [name]")) {
    if (input.value.trim() !== before.get(input.name)) changed[input.name] = input.value.trim();
  }
  const [name, text] = [$("own-name").value.trim(), $("own-text").value.trim()];
  if (name || text) changed[`rules.${name}`] = text;
  return changed;
}

/** From when on what was changed holds. */
function saved(names, fields) {
  const late = fields.filter(({ name, is_from_start: isFromStart }) => isFromStart && names.includes(name)).length;
  if (late === 0) return "Saved; it holds from now on.";
  return late === names.length ? "Saved; it counts from the worker's next start." : "Saved; what says so counts from the worker's next start, the rest holds from now on.";
}

async function save() {
  forgive();
  try {
    const changed = changes();
    const answer = await fetch("preferences", { method: "POST", body: JSON.stringify(changed) });
    const said = await answer.json();
    if (!answer.ok) return complain(said);
    fill(said);
    $("own-name").value = $("own-text").value = "";
    $("saved").textContent = saved(Object.keys(changed), said.fields);
  } catch {
    complain({ message: "the worker does not answer" });
  }
}

export async function setUpForm() {
  $("preferences").addEventListener("submit", (event) => { event.preventDefault(); save(); });
  $("preferences").addEventListener("reset", forgive);
  const answer = await fetch("preferences");
  const said = await answer.json();
  if (answer.ok) fill(said); else complain(said);
}
