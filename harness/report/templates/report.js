(function () {
  "use strict";
  const unpacked = {};
  const filled = new WeakMap();

  /** The parts of one kind, unpacked once. */
  function parts(kind) {
    unpacked[kind] ??= (async function () {
      const packed = document.getElementById("packed-" + kind).textContent;
      const bytes = Uint8Array.from(atob(packed), function (sign) { return sign.charCodeAt(0); });
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
      return JSON.parse(await new Response(stream).text());
    })();
    return unpacked[kind];
  }

  /** Puts what is packed into its place: markup of this page's own making, in which every text was escaped. */
  async function unpack(scenario) {
    for (const node of scenario.querySelectorAll("[data-part]")) {
      node.innerHTML = (await parts(node.dataset.part))[Number(node.dataset.number)];
      delete node.dataset.part;
      node.querySelectorAll("button[data-copy]").forEach(offerCopy);
    }
  }

  function fill(scenario) {
    if (!filled.has(scenario)) filled.set(scenario, unpack(scenario));
    return filled.get(scenario);
  }

  // A body is put into its place when its exchange is opened; it is only ever text.
  async function fillTexts(exchange) {
    for (const node of exchange.querySelectorAll(":scope > pre[data-text]")) {
      const number = Number(node.dataset.text);
      delete node.dataset.text;
      node.textContent = (await parts("texts"))[number];
    }
  }

  function offerCopy(button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      const text = button.parentNode.querySelector("pre").textContent;
      (navigator.clipboard ? navigator.clipboard.writeText(text) : Promise.reject()).then(
        function () { button.textContent = "Copied"; },
        function () { getSelection().selectAllChildren(button.parentNode.querySelector("pre")); button.textContent = "Selected"; });
    });
  }

  // --- which scenarios are shown --------------------------------------------------------------------

  const bar = document.querySelector("[data-filters]");
  const all = [...document.querySelectorAll("details.scenario")];
  const wanted = { verdict: "", level: "", words: [] };

  function fits(scenario) {
    const { verdict, level, words } = scenario.dataset;
    return (!wanted.verdict || verdict === wanted.verdict) && (!wanted.level || level === wanted.level)
      && wanted.words.every(function (word) { return words.includes(word); });
  }

  function filter() {
    const hidden = new Set(all.filter(function (one) { one.hidden = !fits(one); return one.hidden; }).map(function (one) { return one.id; }));
    document.querySelectorAll("[data-of]").forEach(function (node) { node.hidden = hidden.has(node.dataset.of); });
    document.querySelectorAll(".index .many").forEach(function (node) { node.hidden = !node.querySelector("[data-of]:not([hidden])"); });
    document.querySelectorAll(".index .module, h2[data-module]").forEach(function (node) {
      node.hidden = !all.some(function (one) { return !one.hidden && one.dataset.module === node.dataset.module; });
    });
    bar.querySelectorAll("button[data-verdict]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.verdict === wanted.verdict));
    });
    bar.querySelector("[data-shown]").textContent = `${all.length - hidden.size} of ${all.length} scenarios`;
  }

  function showAll() {
    Object.assign(wanted, { verdict: "", level: "", words: [] });
    bar.querySelector("[data-level]").value = bar.querySelector("[data-find]").value = "";
    filter();
  }

  bar.querySelectorAll("button[data-verdict]").forEach(function (button) {
    button.addEventListener("click", function () { wanted.verdict = button.dataset.verdict; filter(); });
  });
  bar.querySelector("[data-level]").addEventListener("change", function (event) { wanted.level = event.target.value; filter(); });
  bar.querySelector("[data-find]").addEventListener("input", function (event) {
    wanted.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    filter();
  });

  // --- opening --------------------------------------------------------------------------------------

  document.addEventListener("toggle", function (event) {
    if (!event.target.open) return;
    if (event.target.classList.contains("scenario")) fill(event.target);
    fillTexts(event.target);
  }, true);

  async function openNamed() {
    const named = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!named || named.tagName !== "DETAILS") return;
    if (named.hidden) showAll();
    named.open = true;
    await fill(named);
    named.scrollIntoView();
    named.querySelector("summary").focus({ preventScroll: true });
  }

  document.querySelectorAll("button[data-copy]").forEach(offerCopy);
  all.filter(function (one) { return one.open; }).forEach(fill);
  bar.hidden = false;
  document.documentElement.classList.add("scripted");
  filter();
  addEventListener("hashchange", openNamed);
  openNamed();
})();
