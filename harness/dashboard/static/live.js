/* The live visitor: the guide's example in five steps, on the sandbox, with the Messenger of this very page. */

import { Away, ask, byId, complaint, copy, element, keepToken, say, token } from "./page.js";
import { CallCard } from "./calls.js";

const cards = {
  read: new CallCard(byId("card-read"), "Reading the visitor"),
  hello: new CallCard(byId("card-hello"), "Saying hello"),
  convert: new CallCard(byId("card-convert"), "Converting"),
};
const is = { app: "", visitorId: undefined, person: null, kind: "", before: new Map(), now: new Map(), target: null, waiting: null, loaded: false };
const BLOCKED = "The Messenger’s script did not run: an ad blocker or a privacy extension may have stopped it. A real site loses these visitors as well: their id is undefined, and there is nothing to convert.";

// --- asking ---------------------------------------------------------------------------------------

const asked = (call) => ({ token: byId("token").value.trim(), version: byId("version").value, ...call });

async function quietly(call) {
  const { token: bearer, version } = asked({});
  return ask({ ...call, headers: { Authorization: `Bearer ${bearer}`, "Intercom-Version": version } });
}

/** Runs what a button stands for; whatever goes wrong is said beside it. */
function act(button, note, work) {
  byId(button).addEventListener("click", async () => {
    byId(button).disabled = true;
    if (note) say(byId(note), "");
    try { await work(); } catch (error) { say(byId(note || "workspace-note"), error.message); }
    byId(button).disabled = false;
  });
}

// --- the workspace --------------------------------------------------------------------------------

async function open() {
  const note = byId("workspace-note");
  say(note, "");
  keepToken(byId("token").value.trim());
  try {
    const settings = await quietly({ path: "/_sandbox/settings" });
    if (settings.status === 401) throw new Error(`The access token is refused (${complaint(settings)}). A token is sandbox-NAME, in small letters.`);
    if (!settings.ok) throw new Error(`There is no Messenger here: the backend is no sandbox (${complaint(settings)}). Start harness sandbox, and open its page.`);
    const own = settings.body.app_id;
    const wanted = byId("app-id").value.trim() || own;
    byId("app-id").value = wanted;
    const script = await ask({ path: `/widget/${encodeURIComponent(wanted)}` });
    if (script.status === 404) throw new Error(`No workspace here has the App ID ${wanted}. This token’s workspace has ${own}; workspaces are made when their token is first used.`);
    if (wanted !== own) say(note, `The App ID ${wanted} belongs to another workspace than the token (${own}): the calls below will not find this visitor.`);
    await boot(wanted);
  } catch (error) {
    forget();
    say(note, error instanceof Away && !is.loaded ? `${error.message} ${BLOCKED}` : error.message);
  }
}

function boot(app) {
  if (window.Intercom && window.Intercom.booted) window.Intercom("shutdown");
  is.app = app;
  byId("page-code").textContent = [
    "Intercom('shutdown');", `Intercom('boot', { app_id: ${JSON.stringify(app)} });`, "",
    "// once the Messenger has answered:", "Intercom('getVisitorId');   // another id",
  ].join("\n");
  const ready = new Promise((resolve, reject) => { is.waiting = { resolve, reject }; });
  if (is.loaded) window.Intercom("boot", { app_id: app });
  else load(app);
  return ready.then(arrived);
}

function load(app) {
  const stub = function (...values) { stub.q.push(values); };
  stub.q = [["boot", { app_id: app }]];
  window.Intercom = stub;
  const script = element("script", { src: `/widget/${encodeURIComponent(app)}`, async: true });
  script.onload = () => { is.loaded = true; };
  script.onerror = () => is.waiting.reject(new Error(BLOCKED));
  document.head.append(script);
}

window.addEventListener("intercom-messenger", ({ detail }) => {
  if (detail.what === "ready") is.waiting.resolve();
  if (detail.what === "failed") is.waiting.reject(new Error(`The Messenger was refused: ${detail.message}`));
  if (detail.what === "said") refresh().catch((error) => say(byId("workspace-note"), error.message));
});

async function arrived() {
  is.visitorId = window.Intercom("getVisitorId");
  is.person = window.Intercom("whoami");
  is.before = new Map();
  is.now = new Map();
  is.target = null;
  for (const card of Object.values(cards)) card.plan(null);
  ["hello-note", "convert-note"].forEach((name) => say(byId(name), ""));
  await refresh();
}

function forget() {
  Object.assign(is, { visitorId: undefined, person: null, kind: "", target: null });
  is.before = new Map();
  is.now = new Map();
  draw();
}

// --- what Intercom shows --------------------------------------------------------------------------

const readsOf = () => [
  ["visitor", `/visitors?user_id=${encodeURIComponent(is.visitorId)}`],
  ["contact", `/contacts/${encodeURIComponent(is.person.id)}`],
  ...(is.target ? [["target", `/contacts/${encodeURIComponent(is.target)}`]] : []),
];

async function refresh() {
  if (!is.visitorId) { draw(); return; }
  const now = new Map();
  for (const [name, path] of readsOf()) {
    const answer = await quietly({ path });
    now.set(name, { path, answer });
    // Before is what the same read told last time it told something else.
    const last = is.now.get(name);
    if (last && last.answer.status !== answer.status) is.before.set(name, last);
    else if (!is.before.has(name)) is.before.set(name, { path, answer });
  }
  const [visitor, contact] = [now.get("visitor").answer, now.get("contact").answer];
  is.kind = visitor.ok ? "visitor" : contact.ok ? contact.body.role : "gone";
  is.now = now;
  await users();
  draw();
}

function shown(answer) {
  const kind = answer.ok ? (answer.body.role || answer.body.type) : "";
  return [element("span", { className: `status ${answer.ok ? "good" : "bad"}`, textContent: String(answer.status) }),
    kind ? ` ${kind}` : answer.body && answer.body.errors ? ` ${answer.body.errors[0].message}` : "",
    answer.link ? element("div", { className: "small" }, "→ ", element("code", { textContent: answer.link })) : ""];
}

const LABELS = { visitor: "the visitor", contact: "the same person as a contact", target: "the user merged into" };

function draw() {
  byId("visitor-id").textContent = String(is.visitorId);
  byId("copy-id").disabled = byId("read").disabled = byId("hello").disabled = byId("convert").disabled = !is.visitorId;
  byId("kind").textContent = is.visitorId ? (is.kind === "gone" ? "merged away" : is.kind) : "";
  byId("kind").className = `kind ${is.kind}`;
  byId("id-note").textContent = idNote();
  byId("reads").replaceChildren(...(is.visitorId ? [...is.now].map(([name, { path, answer }]) => element("tr", {},
    element("th", { scope: "row" }, element("code", { textContent: `GET ${path}` }), element("div", { className: "soft small", textContent: LABELS[name] })),
    element("td", { data: { label: "Before" } }, ...shown(is.before.get(name).answer)),
    element("td", { data: { label: "Now" } }, ...shown(answer)))) : []));
  byId("proof").textContent = proof();
  plan();
}

function idNote() {
  if (!is.visitorId) return "undefined is what a page gets before boot, after shutdown, and where the script was blocked. Never send it on as if it were an id.";
  const name = is.person && is.person.pseudonym ? `Intercom calls this person ${is.person.pseudonym}. ` : "";
  if (is.kind === "visitor") return `${name}This is the visitor’s user_id; their Intercom id is ${is.person.id}.`;
  if (is.kind === "lead") return `${name}No visitor has this id any more: the same person is a lead now, found by it as external_id.`;
  return "This id is used up: it finds neither a visitor nor a lead. Sign out for a new visitor.";
}

function proof() {
  if (!is.visitorId || !is.kind) return "";
  if (is.kind === "visitor") return "Nothing was converted yet.";
  const was = is.before.get("visitor").answer;
  if (!was.ok) return `This page never found the visitor, so their absence proves nothing; the contact is a ${is.kind} now.`;
  if (is.kind === "gone") {
    const target = is.now.get("target");
    return `The visitor was found before and is not found now; ${target && target.answer.ok ? "the user they were merged into is there."
      : "nobody has what they had: they were deleted, not converted."}`;
  }
  return `The visitor was found before and is not found now; the same person is a ${is.kind}.`;
}

// --- converting -----------------------------------------------------------------------------------

const wanted = () => document.querySelector("input[name=become]:checked").value;

async function users() {
  const answer = await quietly({ path: "/contacts?per_page=150" });
  const chosen = byId("user").value;
  const found = answer.ok ? answer.body.data.filter((one) => one.role === "user" && one.id !== (is.person || {}).id) : [];
  byId("user").replaceChildren(...found.map((one) => element("option", { value: one.id, textContent: one.email || one.external_id || one.id })));
  if (found.some((one) => one.id === chosen)) byId("user").value = chosen;
}

function conversion() {
  const become = wanted(), email = byId("email").value.trim(), user = byId("user").value;
  if (is.kind === "lead" && become === "user") return { method: "PUT", path: `/contacts/${is.person.id}`, body: { role: "user", email } };
  if (is.kind === "lead" && become === "merge") return { method: "POST", path: "/contacts/merge", body: { from: is.person.id, into: user } };
  const body = { visitor: { user_id: is.visitorId } };
  if (become !== "lead") body.user = become === "merge" ? { id: user } : { email };
  return { method: "POST", path: "/visitors/convert", body: { ...body, type: become === "lead" ? "lead" : "user" } };
}

const HINTS = {
  lead: { lead: "They are a lead already. Asking again answers 404: as a visitor they are gone." },
  user: { any: "They are a user already; the visitor’s id is used up, and asking again answers 404." },
  gone: { any: "They were merged away; the visitor’s id is used up, and asking again answers 404." },
};

function plan() {
  const become = wanted();
  byId("field-email").hidden = become !== "user";
  byId("field-user").hidden = become !== "merge";
  const hints = HINTS[is.kind] || {};
  const late = byId("version").value === "2.16" && is.kind === "lead" && become === "merge";
  byId("convert-hint").textContent = hints.any || hints[become]
    || (late ? "From 2.16 lead and user must share an e-mail or a phone number." : become === "merge" ? "On the real Intercom a merge cannot be undone." : "");
  byId("convert").disabled = !is.visitorId || (become === "merge" && !byId("user").value);
  if (!is.visitorId) return;
  if (!cards.read.answer) cards.read.plan(asked({ method: "GET", path: readsOf()[0][1] }));
  if (!cards.hello.answer) cards.hello.plan(hello());
  if (!cards.convert.answer) cards.convert.plan(asked(conversion()));
}

const hello = () => ({
  method: "POST", path: "/messenger/web/messages",
  form: {
    app_id: is.app, user_data: JSON.stringify({ anonymous_id: is.visitorId }),
    blocks: JSON.stringify([{ type: "paragraph", text: byId("message").value }]),
  },
});

act("read", null, async () => { await cards.read.run(asked({ method: "GET", path: readsOf()[0][1] })); await refresh(); });

act("hello", "hello-note", async () => {
  const was = is.kind, answer = await cards.hello.run(hello());
  if (!answer.ok) throw new Error(complaint(answer));
  await refresh();
  const made = was === "visitor" ? "The visitor is a lead now" : "The lead said something more";
  say(byId("hello-note"), `${made}, with conversation ${answer.body.conversation.id}.`, "good");
});

act("convert", "convert-note", async () => {
  const call = asked(conversion());
  is.target = wanted() === "merge" ? byId("user").value : null;
  is.before.delete("target");
  if (is.target) is.before.set("target", { answer: await quietly({ path: `/contacts/${is.target}` }) });
  const answer = await cards.convert.run(call);
  await refresh();
  if (!answer.ok) throw new Error(complaint(answer));
  const body = answer.body;
  say(byId("convert-note"), `Intercom answered with the ${body.role || body.type} ${body.id}. A 200 alone proves nothing: step 4 reads.`, "good");
});

act("make-user", "convert-note", async () => {
  const email = `user.${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}@example.com`;
  const answer = await quietly({ method: "POST", path: "/contacts", body: { role: "user", email } });
  if (!answer.ok) throw new Error(complaint(answer));
  await users();
  byId("user").value = answer.body.id;
  cards.convert.plan(asked(conversion()));
  plan();
});

act("prove", null, refresh);
act("copy-id", null, () => copy(String(is.visitorId), byId("copy-id")));

act("sign-out", "sign-out-note", async () => {
  const before = is.visitorId;
  window.Intercom("shutdown");
  forget();
  await boot(is.app);
  say(byId("sign-out-note"), `Was ${before}, is ${is.visitorId}.`, "good");
});

for (const name of ["email", "user", "message", "version"]) {
  byId(name).addEventListener("input", () => { cards.convert.answer = cards.hello.answer = null; plan(); });
}
document.querySelectorAll("input[name=become]").forEach((node) => node.addEventListener("change", () => { cards.convert.answer = null; plan(); }));
byId("workspace").addEventListener("submit", (event) => { event.preventDefault(); open(); });
byId("token").addEventListener("input", () => { byId("app-id").value = ""; });

byId("app-id").value = new URLSearchParams(location.search).get("app_id") || "";
byId("token").value = token();
draw();
open();
