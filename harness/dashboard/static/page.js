/* What the pages have in common: making elements, asking the sandbox, saying what went wrong. Text is only ever text. */

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "data") Object.assign(made.dataset, value);
    else if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const byId = (name) => document.getElementById(name);

/** The backend did not answer at all. */
export class Away extends Error {}

/** One request to the sandbox, with what was asked and answered as plain values. */
export async function ask({ method = "GET", path, body, form, headers = {} }) {
  const sent = { ...headers };
  let content;
  if (form) content = new URLSearchParams(form);
  else if (body !== undefined) { content = JSON.stringify(body); sent["Content-Type"] = "application/json"; }
  let answer;
  try {
    answer = await fetch(path, { method, headers: sent, body: content, credentials: "omit", cache: "no-store" });
  } catch {
    throw new Away(`Nothing answers at ${location.origin} any more: the sandbox has ended, or the connection is blocked. Start it again and reload this page.`);
  }
  const text = await answer.text();
  return { status: answer.status, ok: answer.ok, body: parsed(text), link: answer.headers.get("link") };
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return text || null; }
}

/** What an error answer of Intercom's says. */
export function complaint(answer) {
  const told = answer.body && answer.body.errors && answer.body.errors[0];
  return told ? `${answer.status} ${told.code}: ${told.message}` : `${answer.status}`;
}

export function say(node, text, kind = "bad") {
  node.textContent = text || "";
  node.className = `note ${kind}`;
}

export async function copy(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    const area = element("textarea", { value: text });
    document.body.append(area);
    area.select();
    button.textContent = document.execCommand("copy") ? "Copied" : "Select and copy";
    area.remove();
  }
  setTimeout(() => { button.textContent = before; }, 1500);
}

const TOKEN = "sandbox token";

export const DEFAULT_TOKEN = "sandbox-default";

/** The token of this tab: from the fragment (#token=…), or as it was typed before, or the usual workspace's. */
export function token(otherwise = DEFAULT_TOKEN) {
  const named = new URLSearchParams(location.hash.slice(1)).get("token");
  let kept = null;
  try { kept = sessionStorage.getItem(TOKEN); } catch { /* a browser that keeps nothing */ }
  return named || kept || otherwise;
}

export function keepToken(value) {
  try { sessionStorage.setItem(TOKEN, value); } catch { /* it is asked for again */ }
}

/** Seconds since 1970 as date and time, and as the time alone; UTC, as the sandbox counts. */
export const moment = (seconds) => new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19);
export const time = (seconds) => moment(seconds).slice(11);

export const pretty = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
