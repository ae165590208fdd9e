/* Who is there, and what they became: before and after side by side, one row for each thing they had. */

import { byId, element, moment, time } from "./page.js";

const FEW = 8, SOME = 10;
const is = { population: null, open: new Set(), shut: new Set(), all: new Set(), most: SOME, find: "" };

const plural = { visitor: "visitors", lead: "leads", user: "users" };
const pill = (kind, text = kind) => element("span", { className: `kind ${kind}`, textContent: text });
const named = (one) => one.name || one.email || one.pseudonym || one.external_id || one.id;
const LONG = 240;
const short = (text) => (text.length > LONG ? `${text.slice(0, LONG)}… ${text.length - LONG} characters more` : text);
const bare = (value) => String(value).replace(/<\/?p>/g, "");
const shown = (name, value) => {
  if (value === undefined) return "";
  if (name.endsWith("_at") && typeof value === "number") return moment(value);
  return Array.isArray(value) ? value.map(bare).join("; ") : String(value);
};
/** A name of a field may be broken at its dots. */
const label = (name) => name.split(/(?<=[._])/).flatMap((part, at) => (at ? [element("wbr"), part] : [part]));

export function forgetPeople() {
  Object.assign(is, { population: null, open: new Set(), shut: new Set(), all: new Set(), most: SOME });
  byId("people").replaceChildren();
  byId("conversions").replaceChildren();
  byId("people-hint").hidden = true;
  byId("more-conversions").hidden = true;
  byId("conversions-hint").textContent = "";
}

export function drawPeople(population) {
  is.population = population;
  drawColumns();
  drawConversions();
}

/** Stays open or shut as its reader left it, however often it is drawn anew. */
function lasting(details, key, open = false) {
  details.open = is.open.has(key) || (open && !is.shut.has(key));
  details.addEventListener("toggle", () => {
    (details.open ? is.open : is.shut).add(key);
    (details.open ? is.shut : is.open).delete(key);
  });
  return details;
}

// --- people ---------------------------------------------------------------------------------------

function drawColumns() {
  const { people, counts, became } = is.population;
  byId("people-hint").hidden = people.length > 0 || became.length > 0;
  const from = new Map();
  for (const one of became.slice().reverse()) if (one.into) from.set(one.into, [...(from.get(one.into) || []), one]);
  byId("people").replaceChildren(...Object.keys(plural).map((kind) => column(kind, counts[kind], people, from)));
}

function column(kind, count, people, from) {
  const found = people.filter((one) => one.kind === kind && fits(one));
  const some = is.all.has(kind) || is.find ? found : found.slice(0, FEW);
  const rest = found.length - some.length;
  const more = rest > 0 ? element("button", { type: "button", className: "plain more", textContent: `Show ${rest} more`, onclick: () => { is.all.add(kind); drawColumns(); } }) : null;
  const beyond = !rest && !is.find && count > found.length ? element("p", { className: "soft small", textContent: `and ${count - found.length} older` }) : null;
  return element("section", {}, element("h3", {}, pill(kind, `${count} ${count === 1 ? kind : plural[kind]}`)),
    element("ul", { className: "people" }, ...some.map((one) => person(one, from.get(one.id) || []))), more, beyond);
}

const fits = (one) => !is.find || Object.values(one).flat().some((value) => String(value).toLowerCase().includes(is.find));

function person(one, before) {
  const was = before.map((past) => (past.id === one.id ? `was a ${past.kind}` : `took in the ${past.kind} ${past.before ? named(past.before) : past.id}`));
  const name = named(one);
  const beside = [one.email, one.pseudonym, one.external_id].find((value) => value && value !== name);
  return element("li", {}, lasting(element("details", {}, element("summary", { textContent: name }), fields(one)), one.id),
    element("p", { className: "soft small", textContent: [beside, ...was].filter(Boolean).join(" · ") }));
}

function fields(one) {
  return element("table", {}, element("tbody", {}, ...Object.entries(one).map(([name, value]) => element("tr", {},
    element("th", { scope: "row", className: "small" }, ...label(name)), element("td", { className: "small", textContent: short(shown(name, value)) })))));
}

// --- conversions ----------------------------------------------------------------------------------

function drawConversions() {
  const all = is.population.became, some = all.slice(0, is.most);
  byId("conversions-hint").textContent = all.length
    ? "The newest first. After is what they are now, or were until their next conversion."
    : "Nobody was converted, merged or deleted yet. Whoever is stands here with what they had before and after, side by side.";
  byId("conversions").replaceChildren(...some.map((one, at) => conversion(one, at === 0)));
  byId("more-conversions").hidden = all.length <= is.most;
  byId("more-conversions").textContent = `Show older (${all.length - is.most})`;
}

function conversion(one, newest) {
  const merged = one.reason === "merged", gone = one.reason === "deleted";
  const result = gone ? pill("gone", "deleted") : one.after ? pill(one.after.kind) : pill("gone", merged ? "merged" : "gone");
  const into = merged ? ` merged into ${one.target_before ? named(one.target_before) : one.into}` : "";
  const head = element("summary", {}, element("span", { className: "soft small mono", textContent: time(one.at) }),
    element("span", {}, pill(one.kind), " → ", result), element("span", { className: "who", textContent: (one.before ? named(one.before) : one.id) + into }));
  return lasting(element("details", { className: "conversion" }, head, ...evidence(one)), `conversion ${one.number}`, newest);
}

function evidence(one) {
  if (!one.before) return [forgotten()];
  if (one.after) return [comparison(one)];
  const why = one.reason === "deleted" ? "Deleted with all they had: nobody has it now." : "Whoever they became is gone as well.";
  return [element("p", { textContent: `${why} Before:` }), fields(one.before)];
}

const forgotten = () => element("p", { className: "soft small", textContent: "What they were before is kept of the latest fifty only." });

function comparison(one) {
  const { before: source, target_before: target, after } = one;
  const columns = [[`Before: the ${source.kind}`, source], ...(target ? [[`Before: the ${target.kind}`, target]] : []), [`After: the ${after.kind}`, after]];
  const names = [...new Set(columns.flatMap(([, who]) => Object.keys(who)))];
  const head = element("thead", {}, element("tr", {}, ...["What", ...columns.map(([title]) => title), "Became"].map((title) => element("th", { scope: "col", textContent: title }))));
  const found = names.map((name) => {
    const values = columns.map(([, who]) => shown(name, who[name]));
    return [name, values, became(values, columns.length === 3)];
  });
  const rows = [...found.filter(([, , fate]) => !STILL.has(fate)), ...found.filter(([, , fate]) => STILL.has(fate))].map(([name, values, fate]) =>
    element("tr", { className: STILL.has(fate) ? "" : fate === "dropped" ? "lost" : "changed" },
      element("th", { scope: "row" }, ...label(name)),
      ...values.map((value, at) => element("td", { textContent: short(value), data: { label: columns[at][0] } })),
      element("td", { className: "fate", textContent: fate, data: { label: "Became" } })));
  return element("table", { className: "fold compared" }, head, element("tbody", {}, ...rows));
}

const STILL = new Set(["kept", "the target’s stays", "not taken over"]);

/** What became of one thing, in a word, from how it reads before and after. */
function became(values, merged) {
  const [source, after] = [values[0], values.at(-1)];
  if (!merged) return source === after ? "kept" : !source ? "new" : !after ? "dropped" : "changed";
  const target = values[1];
  if (after === target) return !source || source === target ? "kept" : target ? "the target’s stays" : "not taken over";
  if (after === source) return "moved";
  return source && source.split("; ").every((part) => after.includes(part)) ? "united" : "changed";
}

byId("find").addEventListener("input", () => { is.find = byId("find").value.trim().toLowerCase(); if (is.population) drawColumns(); });
byId("more-conversions").addEventListener("click", () => { is.most += 4 * SOME; drawConversions(); });
