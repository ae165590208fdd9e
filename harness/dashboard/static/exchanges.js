/* The exchanges on the dashboard: the newest first, with what is remarkable about each, and filters. */

import { byId, element, pretty, time } from "./page.js";

const HELD = 500, PAGE = 25;
const is = { seen: 0, filter: "all", most: PAGE };

const CONVERSIONS = new Set(["convertVisitor", "convertLead", "MergeContact"]);
const FILTERS = [["all", "All"], ["writes", "Writes"], ["conversion", "Conversions"], ["wrong", "Went wrong"]];

export const seen = () => is.seen;

export function forgetExchanges() {
  Object.assign(is, { seen: 0, most: PAGE });
  byId("exchanges").replaceChildren();
  arrange();
}

export function drawExchanges(exchanges) {
  if (!exchanges.length) return;
  is.seen = Math.max(is.seen, ...exchanges.map((one) => one.number));
  const place = byId("exchanges");
  place.prepend(...exchanges.slice(-HELD).reverse().map(exchange));
  while (place.childElementCount > HELD) place.lastElementChild.remove();
  arrange();
}

/** What an exchange is, for the filters. */
function kinds(one) {
  const { method, target, body } = one.request;
  const found = ["all"];
  if (method !== "GET" && !target.split("?")[0].endsWith("/search")) found.push("writes");
  if (CONVERSIONS.has(one.operation) || (one.operation === "UpdateContact" && body && body.role === "user")) found.push("conversion");
  if (!went(one)) found.push("wrong");
  return found;
}

const went = (one) => Boolean(one.response && one.response.status < 400 && !one.refused && !one.broken);

const chip = (kind, text) => element("span", { className: `chip ${kind}`, textContent: text });

function remarks(one) {
  return [
    one.refused && chip("bad", `refused: ${one.refused}`),
    (one.broken || one.fault) && chip("odd", `fault: ${one.fault ? pretty(one.fault) : one.broken}`),
    one.delay && chip("odd", `after ${one.delay} s`),
    one.unread && one.unread.length && chip("bad", `not read: ${one.unread.join(", ")}`),
  ].filter(Boolean);
}

function exchange(one) {
  const status = one.broken && one.broken !== "dribble" ? "no answer" : one.response ? one.response.status : "no answer";
  const head = element("summary", {},
    element("span", { className: "soft small mono", textContent: time(one.at) }),
    element("code", { className: "path" }, element("b", { textContent: one.request.method }), ` ${one.request.target}`),
    element("span", { className: "remarks" }, ...remarks(one), element("span", { className: "soft small", textContent: one.operation })),
    element("span", { className: `status ${went(one) ? "good" : "bad"}`, textContent: String(status) }));
  const details = element("details", { className: "exchange", data: { kinds: kinds(one).join(" ") } }, head);
  details.addEventListener("toggle", () => { if (details.childElementCount === 1) details.append(...bodies(one)); });
  return details;
}

function bodies(one) {
  const version = one.request.headers["intercom-version"];
  const verdict = one.refused ? `refused: ${one.refused}` : "let through";
  const said = [`Guard: ${verdict}`, version && `Intercom-Version ${version}`, one.request.host, one.step].filter(Boolean).join(" · ");
  const part = (title, body) => (body === null || body === undefined ? [] : [
    element("div", {}, element("p", { className: "soft small", textContent: title }), element("pre", { textContent: pretty(body), tabIndex: 0 }))]);
  return [element("p", { className: "soft small", textContent: said }),
    element("div", { className: "sides" }, ...part("Asked", one.request.body), ...part("Answered", one.response && one.response.body))];
}

// --- which are shown ------------------------------------------------------------------------------

function arrange() {
  const all = [...byId("exchanges").children];
  const counts = Object.fromEntries(FILTERS.map(([kind]) => [kind, 0]));
  let shown = 0;
  for (const node of all) {
    const kinds = node.dataset.kinds.split(" ");
    for (const kind of kinds) counts[kind] += 1;
    node.hidden = !kinds.includes(is.filter) || ++shown > is.most;
  }
  byId("exchanges-hint").hidden = all.length > 0;
  const more = byId("more-exchanges");
  more.hidden = shown <= is.most;
  more.textContent = `Show older (${shown - is.most})`;
  for (const button of byId("filters").children) {
    button.setAttribute("aria-pressed", String(button.dataset.filter === is.filter));
    button.lastElementChild.textContent = String(counts[button.dataset.filter]);
  }
}

byId("filters").append(...FILTERS.map(([kind, label]) => element("button", {
  type: "button", className: "plain", data: { filter: kind }, onclick: () => { Object.assign(is, { filter: kind, most: PAGE }); arrange(); },
}, `${label} `, element("span", { className: "soft", textContent: "0" }))));
byId("more-exchanges").addEventListener("click", () => { is.most += 4 * PAGE; arrange(); });
