(function () {
  "use strict";
  const texts = JSON.parse(document.getElementById("texts").textContent);
  // A body is put into its place when its exchange is opened; it is only ever text.
  document.addEventListener("toggle", function (event) {
    if (!event.target.open) return;
    event.target.querySelectorAll(":scope > pre[data-text]").forEach(function (node) {
      node.textContent = texts[Number(node.dataset.text)];
      delete node.dataset.text;
    });
  }, true);
  document.querySelectorAll("button[data-copy]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      const text = button.parentNode.querySelector("pre").textContent;
      (navigator.clipboard ? navigator.clipboard.writeText(text) : Promise.reject()).then(
        function () { button.textContent = "Copied"; },
        function () { getSelection().selectAllChildren(button.parentNode.querySelector("pre")); button.textContent = "Selected"; });
    });
  });
  function openNamed() {
    const named = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (named && named.tagName === "DETAILS") { named.open = true; named.scrollIntoView(); }
  }
  addEventListener("hashchange", openNamed);
  openNamed();
})();
