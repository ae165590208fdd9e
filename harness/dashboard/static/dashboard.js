/* The dashboard: who is there, what they became, what was asked. It asks again every second, and only looks unless let. */

import { ask, byId, complaint, element, keepToken, pretty, say, token } from "./page.js";

const EVERY = 1000, MOST = 200;
const is = { seen: 0, people: new Map(), before: new Map(), conversions: [], control: false, busy: false, opened: 0 };

const bearer = () => byId("token").value.trim();

async function get(path) {
  const answer = await ask({ path, headers: { Authorization: `Bearer ${bearer()}` } });
  if (!answer.ok) throw new Error(answer.status === 401 ? "The access token is refused. A token is sandbox-NAME, in small letters." : complaint(answer));
  return answer.body;
}

// --- looking --------------------------------------------------------------------------------------

async function open() {
  keepToken(bearer());
  Object.assign(is, { seen: 0, people: new Map(), before: new Map(), conversions: [], opened: is.opened + 1, first: true });
  for (const name of ["people", "conversions", "exchanges", "faults"]) byId(name).replaceChildren();
  byId("to-live").href = `/_sandbox/live-visitor#token=${encodeURIComponent(bearer())}`;
  say(byId("workspace-note"), "");
  await look();
}

async function look() {
  if (is.busy) return;
  is.busy = true;
  const opened = is.opened;
  try {
    const health = (await ask({ path: "/_sandbox/health" })).body;
    const exchanges = (await get(`/_sandbox/exchanges?since=${is.seen}`)).data;
    if (opened !== is.opened) return;
    if (exchanges.length || is.first || is.changed) {
      const people = health.backend === "sandbox" ? await get("/_sandbox/people") : null;
      if (opened !== is.opened) return;
      if (people) drawPeople(people);
      drawExchanges(exchanges);
      await drawRest(health);
      is.first = is.changed = false;
    }
    byId("now").value = new Date(health.now * 1000).toISOString().replace("T", " ").slice(0, 19);
    byId("state").textContent = "live";
    say(byId("workspace-note"), "");
  } catch (error) {
    byId("state").textContent = "not answering";
    say(byId("workspace-note"), error.message);
  } finally {
    is.busy = false;
  }
}

async function drawRest(health) {
  is.control = health.control;
  byId("control").disabled = !is.control;
  byId("control-hint").textContent = is.control ? "What is done here is done to this workspace alone."
    : "Read only. Start the sandbox with --control to change things from here.";
  const [names, faults] = await Promise.all([get("/_sandbox/workspaces"), get("/_sandbox/faults").catch(() => null)]);
  byId("names").replaceChildren(...names.data.map((name) => element("option", { value: `sandbox-${name}` })));
  byId("faults").replaceChildren(...faultRows(faults));
}

// --- people ---------------------------------------------------------------------------------------


function drawPeople({ app_id: appId, people, counts, became }) {
  byId("app-id").value = appId;
  const now = new Map(people.map((one) => [one.id, one]));
  if (!is.first) noticeConversions(now, became);
  is.people = now;
  const from = new Map();
  for (const one of became.slice().reverse()) if (one.reason !== "deleted") from.set(one.into, [...(from.get(one.into) || []), one]);
  byId("people").replaceChildren(...Object.entries(plural).map(([kind, many]) => element("section", {},
    element("h3", {}, element("span", { className: `kind ${kind}`, textContent: `${counts[kind]} ${counts[kind] === 1 ? kind : many}` })),
    element("ul", { className: "people" }, ...people.filter((one) => one.kind === kind).map((one) => person(one, from.get(one.id) || []))))));
}

function person(one, before) {
  const was = before.map((past) => (past.id === one.id ? `was a ${past.kind}` : `took in the ${past.kind} ${past.id}`));
  const name = one.name || one.email || one.pseudonym || one.external_id || one.id;
  return element("li", {}, element("details", {}, element("summary", { textContent: name }), table(one)),
    was.length ? element("p", { className: "soft small", textContent: was.join("; ") }) : null);
}

const plural = { visitor: "visitors", lead: "leads", user: "users" };
const dated = (name, value) => (name.endsWith("_at") && typeof value === "number" ? new Date(value * 1000).toISOString().replace("T", " ").slice(0, 19) : shown(value));
const shown = (value) => (Array.isArray(value) ? value.map((item) => String(item).replace(/<\/?p>/g, "")).join("; ") : String(value));

function table(one, other = null) {
  const rows = Object.entries(one).map(([name, value]) => element("tr", { className: other && shown(other[name] ?? "") !== shown(value) ? "changed" : "" },
    element("th", { scope: "row", className: "small", textContent: name }), element("td", { className: "small", textContent: dated(name, value) })));
  return element("table", {}, element("tbody", {}, ...rows));
}

/** Somebody changed their kind, or went into somebody else, since the last look. */
function noticeConversions(now, became) {
  for (const [id, old] of is.people) {
    const here = now.get(id);
    if (here && here.kind === old.kind) continue;
    const end = became.find((one) => one.id === id && one.kind === old.kind);
    if (!here && !end) continue;
    const into = here || now.get(end.into);
    is.conversions.unshift({ old, into, target: here ? null : is.people.get((end || {}).into), reason: end ? end.reason : "" });
  }
  is.conversions = is.conversions.slice(0, 20);
  byId("conversions-hint").hidden = is.conversions.length > 0;
  byId("conversions").replaceChildren(...is.conversions.map(conversion));
}

function conversion({ old, into, target, reason }) {
  const side = (title, ...parts) => element("div", { className: "scroll" }, element("h3", { textContent: title }), ...parts);
  const kind = (one) => element("span", { className: `kind ${one.kind}`, textContent: one.kind });
  const head = element("summary", {}, kind(old), " → ", into ? kind(into) : element("span", { className: "kind gone", textContent: reason || "gone" }),
    ` ${old.name || old.email || old.pseudonym || old.id}${target ? ` merged into ${target.email || target.name || target.id}` : ""}`);
  return element("details", { open: true }, head, element("div", { className: "sides" },
    side("Before", table(old), target ? element("h3", { textContent: "and the user who was there" }) : null, target ? table(target) : null),
    side("After", into ? table(into, target || old) : element("p", { textContent: "Nobody: deleted with all they had." }))));
}

// --- exchanges ------------------------------------------------------------------------------------

function drawExchanges(exchanges) {
  if (!exchanges.length) return;
  is.seen = Math.max(is.seen, ...exchanges.map((one) => one.number));
  const place = byId("exchanges");
  place.prepend(...exchanges.slice(-MOST).reverse().map(exchange));
  while (place.childElementCount > MOST) place.lastElementChild.remove();
}

function exchange(one) {
  const status = one.response ? one.response.status : "no answer";
  const good = one.response && one.response.status < 400 && !one.refused && !one.broken;
  const notes = [one.refused && `refused: ${one.refused}`, one.broken && `fault: ${one.broken}`, one.fault && `fault: ${pretty(one.fault)}`,
    one.delay && `after ${one.delay} s`, one.unread && one.unread.length && `unread: ${one.unread.join(", ")}`].filter(Boolean).join(" · ");
  const head = element("summary", {},
    element("span", { className: "path" }, element("code", { textContent: `${one.request.method} ${one.request.target}` })),
    element("span", { className: "soft small", textContent: [one.operation, notes].filter(Boolean).join(" · ") }),
    element("span", { className: `status ${good ? "good" : "bad"}`, textContent: String(status) }));
  const details = element("details", { className: "exchange" }, head);
  details.addEventListener("toggle", () => {
    if (details.childElementCount > 1) return;
    for (const [title, body] of [["Asked", one.request.body], ["Answered", one.response && one.response.body]]) {
      if (body !== null && body !== undefined) details.append(element("p", { className: "soft small", textContent: title }), element("pre", { textContent: pretty(body), tabIndex: 0 }));
    }
  });
  return details;
}

// --- control --------------------------------------------------------------------------------------

function faultRows(faults) {
  const armed = (faults && faults.data) || [];
  if (!armed.length) return [];
  return [element("h3", { textContent: "Faults" }), element("div", { className: "scroll" }, element("table", {},
    element("tbody", {}, ...armed.map((one) => element("tr", {}, ...Object.entries(one).filter(([, value]) => value !== null)
      .map(([name, value]) => element("td", { className: "small", textContent: `${name} ${shown(value)}` })))))))];
}

function act(button, call, said) {
  byId(button).addEventListener("click", async () => {
    try {
      const { method, path, body } = call();
      const answer = await ask({ method, path: `/_sandbox${path}`, body, headers: { Authorization: `Bearer ${bearer()}` } });
      if (!answer.ok) throw new Error(complaint(answer));
      say(byId("control-note"), said, "good");
      is.changed = true;
      await look();
    } catch (error) { say(byId("control-note"), error.message); }
  });
}

const value = (name) => byId(name).value.trim();
act("make-visitor", () => ({ method: "POST", path: "/visitors", body: {} }), "There is one visitor more.");
act("move-clock", () => ({ method: "PUT", path: "/clock", body: { advance: Number(value("advance")) } }), "The clock was moved.");
act("save", () => ({ method: "PUT", path: `/checkpoints/${encodeURIComponent(value("checkpoint"))}` }), "Saved.");
act("rewind", () => ({ method: "POST", path: `/checkpoints/${encodeURIComponent(value("checkpoint"))}/rewind` }), "All is as it was at the checkpoint.");
act("arm", () => ({ method: "POST", path: "/faults", body: { operation: value("operation"), kind: value("kind"), times: Number(value("times")) } }), "Armed.");
act("clear", () => ({ method: "DELETE", path: "/faults" }), "No fault is armed.");
act("reset", () => ({ method: "POST", path: "/reset" }), "Everybody is forgotten.");

byId("workspace").addEventListener("submit", (event) => { event.preventDefault(); open(); });
byId("token").value = token();
open();
setInterval(() => { if (!document.hidden) look(); }, EVERY);
