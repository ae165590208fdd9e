/* The dashboard: who is there, what they became, what was asked. It asks again every moment, and only looks unless let. */

import { ask, byId, complaint, element, keepToken, moment, say, time, token, DEFAULT_TOKEN } from "./page.js";
import { drawExchanges, forgetExchanges, seen } from "./exchanges.js";
import { drawPeople, forgetPeople } from "./people.js";

const EVERY = 700;
const is = { changes: -1, busy: false, opened: 0, again: false };

const bearer = () => byId("token").value.trim();

async function get(path) {
  const answer = await ask({ path: `/_sandbox${path}`, headers: { Authorization: `Bearer ${bearer()}` } });
  if (!answer.ok) throw new Error(answer.status === 401 ? "The access token is refused. A token is sandbox-NAME, in small letters." : complaint(answer));
  return answer.body;
}

/** What not every backend has. */
const perhaps = (path) => get(path).catch(() => ({ data: [] }));

// --- looking --------------------------------------------------------------------------------------

async function open() {
  keepToken(bearer());
  Object.assign(is, { changes: -1, opened: is.opened + 1 });
  forgetPeople();
  forgetExchanges();
  byId("faults").replaceChildren();
  byId("app-id").textContent = "–";
  byId("to-live").href = byId("hint-live").href = `/_sandbox/live-visitor#token=${encodeURIComponent(bearer())}`;
  byId("hint-curl").textContent = `curl -s -H 'Authorization: Bearer ${bearer()}' -d '{}' ${location.origin}/_sandbox/visitors`;
  say(byId("workspace-note"), "");
  await look();
}

async function look() {
  if (is.busy) { is.again = true; return; }
  is.busy = true;
  const opened = is.opened;
  try {
    const health = (await ask({ path: "/_sandbox/health" })).body;
    const people = health.backend === "sandbox" ? await get(`/people?seen=${is.changes}`) : null;
    const [exchanges, faults, names, checkpoints, webhooks] = await Promise.all([
      get(`/exchanges?since=${seen()}`), ...["/faults", "/workspaces", "/checkpoints", "/webhooks"].map(perhaps)]);
    if (opened === is.opened) draw({ health, people, exchanges, faults, names, checkpoints, webhooks });
  } catch (error) {
    byId("state").textContent = "not answering";
    say(byId("workspace-note"), error.message);
  } finally {
    is.busy = false;
    if (is.again) { is.again = false; look(); }
  }
}

function draw({ health, people, exchanges, faults, names, checkpoints, webhooks }) {
  if (people && people.people) { byId("app-id").textContent = people.app_id; drawPeople(people); }
  if (people) is.changes = people.changes;
  else byId("conversions-hint").textContent = "The backend here is no sandbox: who is there cannot be shown, only what was asked and answered.";
  byId("people-card").hidden = !people;
  byId("control-card").hidden = !people || !health.control;
  byId("faults-card").hidden = !faults.data.length;
  drawExchanges(exchanges.data);
  byId("control").disabled = !health.control;
  byId("read-only").hidden = !people || health.control;
  offer("names", names.data.map((name) => `sandbox-${name}`));
  listWorkspaces(names);
  offer("checkpoints", checkpoints.data.map((one) => one.name));
  refill("faults", faultTable(faults.data));
  refill("webhooks", webhookTable(webhooks.data));
  byId("webhooks-card").hidden = !webhooks.data.length;
  byId("now").textContent = moment(health.now);
  byId("state").textContent = "live";
  say(byId("workspace-note"), "");
}

const SHOWN = 12;

/** The workspaces that exist, the busiest first, by how many of their exchanges are kept. */
const busiest = ({ data, exchanges = {} }) => [...data].sort((one, other) => (exchanges[other] ?? 0) - (exchanges[one] ?? 0));

function listWorkspaces(names) {
  const here = bearer().replace(/^sandbox-/, "");
  const shown = busiest(names).slice(0, SHOWN);
  if (names.data.includes(here) && !shown.includes(here)) shown.push(here);
  const text = JSON.stringify([here, shown, shown.map((name) => names.exchanges?.[name])]);
  if (byId("workspaces").dataset.shown === text) return;
  const focused = document.activeElement?.closest?.("#workspaces button")?.value;
  byId("workspaces").dataset.shown = text;
  byId("workspaces").hidden = !shown.length;
  byId("workspaces").replaceChildren(...shown.map((name) => {
    const button = element("button", { type: "button", value: name, className: "plain" }, name,
      element("span", { className: "soft small", textContent: ` ${names.exchanges?.[name] ?? 0}`, title: "exchanges" }));
    if (name === here) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => { byId("token").value = `sandbox-${name}`; open(); });
    return button;
  }), ...(names.data.length > shown.length ? [element("span", { className: "soft small", textContent: `and ${names.data.length - shown.length} more` })] : []));
  if (focused) byId("workspaces").querySelector(`button[value="${CSS.escape(focused)}"]`)?.focus();
}

/** What is opened where nobody named a workspace: the one of which most was asked. */
async function first() {
  const answer = await ask({ path: "/_sandbox/workspaces", headers: { Authorization: `Bearer ${DEFAULT_TOKEN}` } }).catch(() => null);
  const names = answer?.ok ? busiest(answer.body) : [];
  return names.length ? `sandbox-${names[0]}` : DEFAULT_TOKEN;
}

const offer = (list, values) => byId(list).replaceChildren(...values.map((value) => element("option", { value })));

/** Puts new content into a place, and leaves it alone where it is the same. */
function refill(place, made) {
  const node = byId(place);
  if (node.textContent !== (made ? made.textContent : "")) node.replaceChildren(...(made ? [made] : []));
}

function rows(titles, data) {
  if (!data.length) return null;
  return element("div", { className: "scroll" }, element("table", { className: "fold" },
    element("thead", {}, element("tr", {}, ...titles.map((title) => element("th", { scope: "col", textContent: title })))),
    element("tbody", {}, ...data.map((values) => element("tr", {}, ...values.map((value, at) => element("td", { className: "small", textContent: value, data: { label: titles[at] } })))))));
}

const USUAL = new Set(["type", "operation", "kind", "times", "every", "start", "met", "fired"]);

function when({ times, every, start }) {
  const from = start ? `from request ${start} on` : "";
  return every ? `every ${every}. request` : times ? [`${times} ${times === 1 ? "time" : "times"}`, from].filter(Boolean).join(", ") : from;
}

const faultTable = (faults) => rows(["Armed fault", "At", "How", "When", "Fired"], faults.map((one) => [
  one.kind, one.operation, Object.entries(one).filter(([name, value]) => !USUAL.has(name) && value !== null && value !== false)
    .map(([name, value]) => (value === true ? name : `${name} ${value}`)).join(", "), when(one), `${one.fired} of ${one.met} met`]));

const webhookTable = (deliveries) => rows(["Topic", "To", "State", "Attempts"], deliveries.slice(-20).reverse().map((one) => [
  one.topic, one.url, [one.state, one.how].filter(Boolean).join(", "), one.attempts.map((each) => `${time(each.at)} ${each.result}`).join("; ")]));

// --- control --------------------------------------------------------------------------------------

function act(button, call, said) {
  byId(button).addEventListener("click", async () => {
    try {
      const { method, path, body } = call();
      const answer = await ask({ method, path: `/_sandbox${path}`, body, headers: { Authorization: `Bearer ${bearer()}` } });
      if (!answer.ok) throw new Error(complaint(answer));
      say(byId("control-note"), said, "good");
      await look();
    } catch (error) { say(byId("control-note"), error.message); }
  });
}

const value = (name) => byId(name).value.trim();
const checkpoint = () => `/checkpoints/${encodeURIComponent(value("checkpoint"))}`;

function fault() {
  const body = { operation: value("operation"), kind: value("kind"), times: Number(value("times")) };
  return body.kind === "status" ? { ...body, status: Number(value("status")) } : body;
}

act("make-visitor", () => ({ method: "POST", path: "/visitors", body: {} }), "There is one visitor more.");
act("move-clock", () => ({ method: "PUT", path: "/clock", body: { advance: Number(value("advance")) } }), "The clock was moved.");
act("save", () => ({ method: "PUT", path: checkpoint() }), "Saved.");
act("rewind", () => ({ method: "POST", path: `${checkpoint()}/rewind` }), "All is as it was at the checkpoint.");
act("arm", () => ({ method: "POST", path: "/faults", body: fault() }), "Armed.");
act("clear", () => ({ method: "DELETE", path: "/faults" }), "No fault is armed.");
act("reset", () => ({ method: "POST", path: "/reset" }), "Everybody is forgotten.");

byId("kind").addEventListener("change", () => { byId("field-status").hidden = value("kind") !== "status"; });
byId("workspace").addEventListener("submit", (event) => { event.preventDefault(); open(); });
byId("token").value = token("") || await first();
open();
setInterval(() => { if (!document.hidden) look(); }, EVERY);
