// The owner's preferences as a form: one field for each value of the settings file that may be changed.
const $ = (id) => document.getElementById(id);
let before = new Map();

function field({ name, value, default: usual, label, line }) {
  const box = document.createElement("div");
  box.className = "field";
  const title = document.createElement("label");
  const input = document.createElement("input");
  input.id = `field-${name}`;
  input.name = name;
  input.value = value;
  input.defaultValue = value;
  input.placeholder = name.startsWith("rules.") ? "does not count" : usual;
  input.autocomplete = "off";
  input.spellcheck = false;
  if (line !== null) input.title = `line ${line} of the file`;
  title.htmlFor = input.id;
  title.textContent = label || name.slice("rules.".length);
  box.append(title, input);
  return box;
}

function fill({ file, fields }) {
  $("file").textContent = file;
  before = new Map(fields.map(({ name, value }) => [name, value]));
  const isRule = ({ name }) => name.startsWith("rules.");
  $("limits").replaceChildren(...fields.filter((one) => !isRule(one)).map(field));
  $("rules").replaceChildren(...fields.filter(isRule).map(field));
}

function complain({ field: name, message }) {
  $("wrong").textContent = message;
  const input = name && document.getElementById(`field-${name}`);
  const found = input || (name ? $("own-text") : null);
  if (!found) return;
  found.setAttribute("aria-invalid", "true");
  found.setAttribute("aria-describedby", "wrong");
  found.focus();
}

function forgive() {
  $("wrong").textContent = "";
  $("saved").textContent = "";
  for (const input of document.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

function changes() {
  const changed = {};
  for (const input of document.querySelectorAll("#limits input, #rules input")) {
    if (input.value.trim() !== before.get(input.name)) changed[input.name] = input.value.trim();
  }
  const [name, text] = [$("own-name").value.trim(), $("own-text").value.trim()];
  if (name || text) changed[`rules.${name}`] = text;
  return changed;
}

async function save() {
  forgive();
  try {
    const answer = await fetch("preferences", { method: "POST", body: JSON.stringify(changes()) });
    const said = await answer.json();
    if (!answer.ok) return complain(said);
    fill(said);
    $("own-name").value = $("own-text").value = "";
    $("saved").textContent = "Saved; it holds from now on.";
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
