// The replay on the front page wears the theme that the site wears, also where a reader has chosen another than the system's.
// Opened from a file it is out of reach, and keeps to the system's.
addEventListener("DOMContentLoaded", () => {
  const frame = document.querySelector("iframe.replay");
  if (!frame) return;
  const dress = () => {
    const page = frame.contentDocument?.documentElement;
    if (page) page.style.colorScheme = document.documentElement.dataset.theme ?? "";
  };
  frame.addEventListener("load", dress);
  new MutationObserver(dress).observe(document.documentElement, { attributeFilter: ["data-theme"] });
});
