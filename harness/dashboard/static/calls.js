/* A call as it was made, and the same call as curl, Python and Node, ready to copy. */

import { ask, complaint, copy, element, pretty } from "./page.js";

const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

function headersOf(call) {
  const headers = {};
  if (call.token) headers.Authorization = `Bearer ${call.token}`;
  if (call.version) headers["Intercom-Version"] = call.version;
  return headers;
}

export function asCurl(call) {
  const lines = [`curl -sS -X ${call.method} ${quoted(location.origin + call.path)}`];
  for (const [name, value] of Object.entries(headersOf(call))) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (call.body !== undefined) lines.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(call.body))}`);
  for (const [name, value] of Object.entries(call.form || {})) lines.push(`--data-urlencode ${quoted(`${name}=${value}`)}`);
  return lines.join(" \\\n  ");
}

/** A value as Python writes it. */
function python(value, indent = "") {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const deeper = `${indent}    `;
  const entries = Array.isArray(value)
    ? value.map((item) => deeper + python(item, deeper))
    : Object.entries(value).map(([key, item]) => `${deeper}${JSON.stringify(key)}: ${python(item, deeper)}`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return entries.length ? `${open}\n${entries.join(",\n")},\n${indent}${close}` : open + close;
}

export function asPython(call) {
  const named = [`    ${JSON.stringify(call.method)}`, `    ${JSON.stringify(location.origin + call.path)}`];
  const headers = headersOf(call);
  if (Object.keys(headers).length) named.push(`    headers=${python(headers, "    ")}`);
  if (call.body !== undefined) named.push(`    json=${python(call.body, "    ")}`);
  if (call.form) named.push(`    data=${python(call.form, "    ")}`);
  named.push("    timeout=10");
  return `import requests\n\nanswer = requests.request(\n${named.join(",\n")},\n)\nprint(answer.status_code, answer.text)\n`;
}

export function asNode(call) {
  const headers = headersOf(call);
  if (call.body !== undefined) headers["Content-Type"] = "application/json";
  const lines = [`  method: ${JSON.stringify(call.method)},`];
  const indented = (value) => JSON.stringify(value, null, 2).replaceAll("\n", "\n  ");
  if (Object.keys(headers).length) lines.push(`  headers: ${indented(headers)},`);
  if (call.body !== undefined) lines.push(`  body: JSON.stringify(${indented(call.body)}),`);
  if (call.form) lines.push(`  body: new URLSearchParams(${indented(call.form)}),`);
  const url = JSON.stringify(location.origin + call.path);
  return `const answer = await fetch(${url}, {\n${lines.join("\n")}\n});\nconsole.log(answer.status, await answer.text());\n`;
}

const KINDS = [["asked", "Asked and answered"], ["curl", "curl", asCurl], ["python", "Python", asPython], ["node", "Node", asNode]];
let cards = 0;

/** Shows one call beside a step, before and after it is made. */
export class CallCard {
  constructor(place, name) {
    this.name = name;
    this.number = ++cards;
    this.call = null;
    this.answer = null;
    this.chosen = "asked";
    this.panel = element("div", { role: "tabpanel", id: `panel-${this.number}`, tabIndex: 0 });
    this.copier = element("button", { type: "button", className: "plain copy", textContent: "Copy", onclick: () => copy(this.text(), this.copier) });
    this.tabs = KINDS.map(([kind, label]) => element("button", {
      type: "button", role: "tab", textContent: label, id: `tab-${this.number}-${kind}`, onclick: () => this.choose(kind),
      "aria-controls": `panel-${this.number}`, data: { kind },
    }));
    const list = element("div", { role: "tablist", className: "tabs", "aria-label": name }, ...this.tabs);
    list.addEventListener("keydown", (event) => this.walk(event));
    const bar = element("div", { className: "tabs" }, list, this.copier);
    place.replaceChildren(element("div", { className: "call" }, bar, this.panel));
    this.draw();
  }

  choose(kind) { this.chosen = kind; this.draw(); }

  walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = KINDS.findIndex(([kind]) => kind === this.chosen);
    this.choose(KINDS[(at + step + KINDS.length) % KINDS.length][0]);
    this.tabs.find((tab) => tab.dataset.kind === this.chosen).focus();
  }

  plan(call) { this.call = call; this.answer = null; this.draw(); }

  async run(call) {
    this.call = call;
    this.answer = await ask({ ...call, headers: headersOf(call) });
    this.draw();
    return this.answer;
  }

  text() {
    const kind = KINDS.find(([name]) => name === this.chosen);
    if (kind[2]) return this.call ? kind[2](this.call) : "";
    return this.panel.innerText;
  }

  draw() {
    for (const tab of this.tabs) {
      const chosen = tab.dataset.kind === this.chosen;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      if (chosen) this.panel.setAttribute("aria-labelledby", tab.id);
    }
    this.copier.hidden = this.chosen === "asked" || !this.call;
    this.panel.replaceChildren(...(this.chosen === "asked" ? this.asked() : [element("pre", { textContent: this.text() })]));
  }

  asked() {
    if (!this.call) return [element("p", { className: "soft small", textContent: "Nothing was asked yet." })];
    const { method, path, body, form } = this.call;
    const head = element("p", {}, element("code", { textContent: `${method} ${path}` }));
    const sent = body !== undefined ? body : form;
    const shown = [head];
    if (sent !== undefined) shown.push(element("pre", { textContent: pretty(sent) }));
    if (!this.answer) return [...shown, element("p", { className: "soft small", textContent: "Not asked yet." })];
    const kind = this.answer.ok ? "good" : "bad";
    const said = this.answer.ok ? String(this.answer.status) : complaint(this.answer);
    shown.push(element("p", {}, "answered ", element("span", { className: `status ${kind}`, textContent: said })));
    if (this.answer.link) shown.push(element("p", { className: "small" }, "Link: ", element("code", { textContent: this.answer.link })));
    if (this.answer.body !== null) shown.push(element("pre", { textContent: pretty(this.answer.body), tabIndex: 0 }));
    return [element("div", { className: "asked" }, ...shown)];
  }
}
