// Keys go to the app as soon as it is there: xterm.js reads them in a hidden field.
new MutationObserver((_, watch) => {
  const field = document.querySelector(".xterm-helper-textarea");
  if (field && document.body.classList.contains("-first-byte")) {
    field.focus();
    watch.disconnect();
  }
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] });
