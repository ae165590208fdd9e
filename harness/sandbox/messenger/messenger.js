/*
 * The Messenger of the sandbox: what a page loads in the place of Intercom's own script, with the same interface.
 * Pings go where this script came from; only where it came by Intercom's own host (through a proxy that ends there)
 * do they go to the host that the page names. Everything is shown as text.
 */
(function () {
  "use strict";

  const APP = __APP__;
  const source = new URL((document.currentScript || {}).src || location.href);
  const INTERCOM = /(^|\.)(intercom\.io|intercomcdn\.com|intercomassets\.com|intercom-messenger\.com)$/;
  const MONTHS = 270 * 86400 + 3600, WEEK = 7 * 86400;
  const UPDATES = 20, UPDATE_WINDOW = 30 * 60 * 1000;
  const OF_THE_PAGE = new Set([
    "app_id", "api_base", "region", "session_duration", "hide_default_launcher", "custom_launcher_selector", "alignment",
    "horizontal_padding", "vertical_padding", "action_color", "background_color", "z_index", "installation_type",
    "widget", "widgetUrl", "page_title", "anonymous_id",
  ]);

  const stub = window.Intercom;
  if (stub && stub.isMessenger) { stub("reattach_activator"); return; }

  // What is so at the moment. `turn` tells an answer that a page no longer waits for.
  const now = { settings: {}, user: null, ready: null, turn: 0, updates: [], known: null };
  const heard = { onShow: [], onHide: [], onUnreadCountChange: [], onUserEmailSupplied: [] };
  let panel = null;

  // --- cookies -----------------------------------------------------------------------------------

  const cookieName = (kind) => `intercom-${kind}-${now.settings.app_id}`;

  function cookie(kind) {
    const start = cookieName(kind) + "=";
    const found = document.cookie.split("; ").find((entry) => entry.startsWith(start));
    return found ? decodeURIComponent(found.slice(start.length)) : undefined;
  }

  function setCookie(kind, value, seconds) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie =
      `${cookieName(kind)}=${encodeURIComponent(value)}; path=/; max-age=${seconds}; SameSite=Lax${secure}`;
  }

  function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  // --- asking ------------------------------------------------------------------------------------

  function base() {
    const wanted = now.settings.api_base;
    if (!INTERCOM.test(source.hostname)) return source.origin;
    return wanted ? String(wanted).replace(/\/+$/, "") : "https://api-iam.intercom.io";
  }

  function userData() {
    const named = {};
    for (const [name, value] of Object.entries(now.settings)) {
      if (!OF_THE_PAGE.has(name) && value !== undefined && value !== null) named[name] = value;
    }
    const anonymous = !named.user_id && !named.email;
    const visitorId = cookie("id");
    return anonymous && visitorId ? { anonymous_id: visitorId, ...named } : named;
  }

  async function post(path, fields) {
    const form = new URLSearchParams({
      app_id: now.settings.app_id, v: "3", s: now.session, platform: "web",
      installation_type: now.settings.installation_type || "js-snippet",
      "Idempotency-Key": uuid().replace(/-/g, "").slice(0, 16), internal: "{}", is_intersection_booted: "false",
      page_title: document.title, user_active_company_id: "undefined", user_data: JSON.stringify(userData()),
      referer: location.href, r: document.referrer, device_identifier: cookie("device-id") || "", ...fields,
    });
    const session = cookie("session");
    if (session) form.set("anonymous_session", session);
    const answer = await fetch(`${base()}/messenger/web/${path}`, { method: "POST", body: form, credentials: "omit" });
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      const told = body.errors && body.errors[0];
      throw Object.assign(new Error(told ? told.message : `the Messenger answered ${answer.status}`), { status: answer.status });
    }
    return body;
  }

  function keep(user) {
    now.user = user;
    if (user.anonymous_id) setCookie("id", user.anonymous_id, MONTHS);
    if (user.anonymous_session) setCookie("session", user.anonymous_session, WEEK);
    now.known = cookie("id");
  }

  function ping(reason) {
    const turn = now.turn;
    now.ready = post("ping", { source: reason, sampling: "false" }).then((answer) => {
      if (turn !== now.turn) throw new Error("the Messenger was shut down meanwhile");
      now.app = answer.app;
      keep(answer.user);
      return answer.user;
    });
    now.ready.then(() => tell("ready"), (error) => {
      if (turn === now.turn) { complain(error); tell("failed", error); }
    });
  }

  function complain(error) {
    console.error(`Intercom: ${error.message}`);
  }

  /** Pages that watch are told by an event; its detail holds nothing that `Intercom(…)` does not tell. */
  function tell(what, error) {
    const detail = { what, status: error && error.status, message: error && error.message };
    window.dispatchEvent(new CustomEvent("intercom-messenger", { detail }));
  }

  // --- what a page may say -----------------------------------------------------------------------

  const methods = {
    boot(given) {
      const settings = { ...(window.intercomSettings || {}), ...(given || {}) };
      if (!settings.app_id) { complain(new Error("boot needs an app_id")); return; }
      now.settings = settings;
      now.turn += 1;
      now.session = uuid();
      if (!cookie("device-id")) setCookie("device-id", uuid(), MONTHS);
      now.known = cookie("id");
      messenger.booted = true;
      ping("apiBoot");
      launch();
    },
    update(given) {
      if (!messenger.booted) { if ((given || window.intercomSettings || {}).app_id) methods.boot(given); return; }
      const since = Date.now() - UPDATE_WINDOW;
      now.updates = now.updates.filter((moment) => moment > since);
      if (now.updates.length >= UPDATES) {
        console.warn(`Intercom: update was called more than ${UPDATES} times in 30 minutes; this call is passed over`);
        return;
      }
      now.updates.push(Date.now());
      now.settings = { ...now.settings, ...(given || {}) };
      ping("apiUpdate");
    },
    shutdown() {
      if (now.settings.app_id) { setCookie("session", "", 0); setCookie("id", "", 0); }
      Object.assign(now, { settings: {}, user: null, ready: null, turn: now.turn + 1, known: null, app: null, conversation: null });
      messenger.booted = false;
      if (panel) { panel.host.remove(); panel = null; }
      tell("shutdown");
    },
    getVisitorId() { return messenger.booted && now.known ? now.known : undefined; },
    whoami() { return now.user ? { ...now.user, anonymous_session: undefined } : undefined; },
    show() { open(); },
    hide() { close(); },
    showMessages() { open(); },
    showSpace() { open(); },
    showNewMessage(text) { open(text, true); },
    startConversation(text) { open(text, true); },
    showConversation() { open(); },
    async trackEvent(name, metadata) {
      if (!messenger.booted || !name) return;
      try {
        await now.ready;
        await post("events", { event_name: String(name), metadata: JSON.stringify(metadata || {}) });
        tell("event");
      } catch (error) { complain(error); }
    },
    ready(callback) { if (now.ready) now.ready.then(() => callback && callback(), () => {}); },
    reattach_activator() { if (messenger.booted) launch(); },
  };
  for (const name of Object.keys(heard)) {
    methods[name] = (callback) => { if (typeof callback === "function") heard[name].push(callback); };
  }
  const notHere = ["startTour", "showArticle", "showNews", "startSurvey", "startChecklist", "showTicket", "hideNotifications"];
  for (const name of notHere) {
    methods[name] = () => console.info(`Intercom: the sandbox has nothing to show for ${name}`);
  }

  function messenger(name, ...values) {
    if (!Object.hasOwn(methods, name)) { console.warn(`Intercom: there is no method ${String(name)}`); return undefined; }
    const result = methods[name](...values);
    return result instanceof Promise ? undefined : result;
  }
  messenger.isMessenger = true;
  messenger.booted = false;

  const call = (name, ...values) => heard[name].forEach((callback) => callback(...values));

  // --- what is seen ------------------------------------------------------------------------------

  const STYLE = `
    :host { all: initial; --paper: #fff; --ink: #16181d; --soft: #5c6370; --line: #d5d9e0; --accent: #2450c8; --own: #e9eefc;
      font: 15px/1.45 system-ui, sans-serif; color: var(--ink); position: fixed; right: 20px; bottom: 20px; z-index: 2147483000; }
    @media (prefers-color-scheme: dark) { :host { --paper: #1d2026; --ink: #eceef2; --soft: #a5adba; --line: #3a3f4a;
      --accent: #9db5ff; --own: #2a3350; } }
    button, textarea, input { font: inherit; color: inherit; }
    .launcher { width: 52px; height: 52px; border-radius: 26px; border: 0; background: var(--accent); color: var(--paper);
      cursor: pointer; box-shadow: 0 2px 10px #0004; display: grid; place-items: center; margin-left: auto; }
    .panel { box-sizing: border-box; width: min(360px, calc(100vw - 40px)); max-height: min(520px, calc(100vh - 100px));
      background: var(--paper); border: 1px solid var(--line); border-radius: 12px; box-shadow: 0 6px 30px #0003;
      display: flex; flex-direction: column; margin-bottom: 12px; }
    [hidden] { display: none !important; }
    header { display: flex; align-items: center; padding: 10px 8px 10px 16px; border-bottom: 1px solid var(--line); }
    h2 { font-size: 16px; margin: 0; flex: 1; }
    .quiet { background: none; border: 0; padding: 6px 10px; border-radius: 6px; cursor: pointer; }
    ol { list-style: none; margin: 0; padding: 12px 16px; overflow: auto; flex: 1; display: grid; gap: 8px; align-content: start; }
    li { padding: 8px 12px; border-radius: 10px; background: var(--own); white-space: pre-wrap; overflow-wrap: anywhere;
      justify-self: end; max-width: 90%; box-sizing: border-box; max-height: 12em; overflow: auto; }
    li.theirs { justify-self: start; background: none; border: 1px solid var(--line); }
    form { padding: 12px 16px 16px; border-top: 1px solid var(--line); display: grid; gap: 8px; }
    textarea, input { box-sizing: border-box; width: 100%; padding: 8px 10px; border: 1px solid var(--line); border-radius: 8px;
      background: var(--paper); resize: vertical; }
    label { font-size: 13px; color: var(--soft); }
    .send { background: var(--accent); color: var(--paper); border: 0; border-radius: 8px; padding: 9px 14px; cursor: pointer; font-weight: 600; }
    p { margin: 0; font-size: 13px; color: var(--soft); }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }`;

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  function launch() {
    const chosen = now.settings.custom_launcher_selector;
    if (chosen) document.querySelectorAll(chosen).forEach((node) => { node.onclick = () => open(); });
    if (!document.body) { document.addEventListener("DOMContentLoaded", launch, { once: true }); return; }
    if (!panel) draw();
    panel.launcher.hidden = Boolean(now.settings.hide_default_launcher);
  }

  function draw() {
    const host = element("div", { id: "intercom-container" });
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const title = element("h2", { textContent: "Messages", id: "intercom-title" });
    const list = element("ol", { tabIndex: 0 });
    list.setAttribute("aria-label", "What was said");
    const text = element("textarea", { rows: 3, required: true, id: "intercom-text", name: "text" });
    const email = element("input", { type: "email", id: "intercom-email", name: "email", autocomplete: "email" });
    const note = element("p", {});
    note.setAttribute("role", "status");
    const form = element("form", {},
      element("label", { htmlFor: "intercom-text", textContent: "Your message" }), text,
      element("label", { htmlFor: "intercom-email", textContent: "Your e-mail, if you like" }), email,
      element("button", { className: "send", textContent: "Send" }), note);
    const shut = element("button", { className: "quiet", textContent: "Close", type: "button", onclick: () => close() });
    const box = element("section", { className: "panel", hidden: true },
      element("header", {}, title, shut), list, form);
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-labelledby", "intercom-title");
    const launcher = element("button", { className: "launcher", type: "button", onclick: () => (box.hidden ? open() : close()) });
    launcher.setAttribute("aria-label", "Open the Messenger");
    launcher.append(bubble());
    form.onsubmit = (event) => { event.preventDefault(); say(text, email, note); };
    box.onkeydown = (event) => { if (event.key === "Escape") close(); };
    root.append(box, launcher);
    document.body.append(host);
    panel = { host, box, list, text, email, note, launcher };
  }

  function bubble() {
    const space = "http://www.w3.org/2000/svg";
    const picture = document.createElementNS(space, "svg");
    for (const [name, value] of [["viewBox", "0 0 24 24"], ["width", "26"], ["height", "26"], ["aria-hidden", "true"]]) {
      picture.setAttribute(name, value);
    }
    const path = document.createElementNS(space, "path");
    path.setAttribute("fill", "currentColor");
    path.setAttribute("d", "M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2h-6l-5 5v-5H4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z");
    picture.append(path);
    return picture;
  }

  function open(text, anew = false) {
    if (!messenger.booted) return;
    if (!panel) draw();
    now.anew = anew;
    if (typeof text === "string") panel.text.value = text;
    panel.email.hidden = panel.email.previousSibling.hidden = Boolean(now.settings.email || now.settings.user_id);
    const shown = !panel.box.hidden;
    panel.box.hidden = false;
    panel.launcher.setAttribute("aria-expanded", "true");
    panel.text.focus();
    if (!shown) { call("onShow"); call("onUnreadCountChange", 0); }
    recall();
  }

  function close() {
    if (!panel || panel.box.hidden) return;
    panel.box.hidden = true;
    panel.launcher.setAttribute("aria-expanded", "false");
    if (!panel.launcher.hidden) panel.launcher.focus();
    call("onHide");
  }

  async function recall() {
    try {
      await now.ready;
      show((await post("conversations", {})).conversations);
    } catch (error) { if (panel) panel.note.textContent = error.message; }
  }

  function show(conversations) {
    if (!panel) return;
    const parts = conversations.slice().reverse().flatMap((one) => one.parts);
    panel.list.replaceChildren(...parts.map((part) => element("li", {
      className: part.author.type === "user" ? "" : "theirs", textContent: plain(part.body),
    })));
    now.conversation = conversations[0] && conversations[0].id;
    panel.list.scrollTop = panel.list.scrollHeight;
  }

  /** Messages come as HTML; a parsed document runs nothing, and only its text is taken. */
  function plain(body) {
    return new DOMParser().parseFromString(body, "text/html").body.textContent;
  }

  async function say(text, email, note) {
    const said = text.value.trim();
    if (!said) return;
    note.textContent = "";
    try {
      await now.ready;
      const blocks = JSON.stringify([{ type: "paragraph", text: said }]);
      const left = email.value.trim();
      const path = now.conversation && !now.anew ? `conversations/${encodeURIComponent(now.conversation)}/reply` : "messages";
      const answer = await post(path, left ? { blocks, email: left } : { blocks });
      now.anew = false;
      keep(answer.user);
      text.value = "";
      if (left) call("onUserEmailSupplied");
      tell("said");
      await recall();
    } catch (error) { note.textContent = error.message; complain(error); }
  }

  // --- taking over -------------------------------------------------------------------------------

  const queue = (stub && stub.q) || [];
  window.Intercom = messenger;
  const waiting = Array.from(queue, (entry) => Array.from(entry));
  const settings = window.intercomSettings || {};
  if (!waiting.some(([name]) => name === "boot") && settings.app_id === APP.app_id) methods.boot();
  waiting.forEach((entry) => messenger(...entry));
})();
