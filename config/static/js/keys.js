/* Ctrl/Cmd-K opens the palette; single keys only where the reader switched them on (WCAG 2.1.4). */
"use strict";

const singleKeys = document.cookie.split("; ").includes("keys=on");
const inField = (target) => target.closest("input, textarea, select, [contenteditable]");
const openIn = (url) => htmx.ajax("GET", url, { target: "#dialog", swap: "innerHTML" });

const rows = () => [...document.querySelectorAll("tr[id^='item-']")];
const rowHere = () => document.activeElement.closest && document.activeElement.closest("tr[id^='item-']");
const step = (by) => {
  const all = rows(), here = all.indexOf(rowHere());
  const next = all[Math.max(0, Math.min(all.length - 1, here + by))];
  if (next) (next.querySelector("a.who") || next).focus();
};
const press = (selector) => {
  const row = rowHere() || rows()[0], control = row && row.querySelector(selector);
  if (control) control.click();
};
const follow = (key) => {
  const link = document.querySelector(`[data-key='${key}']`);
  if (link) link.click();
};

const single = {
  j: () => step(1),
  k: () => step(-1),
  c: () => press(".act .primary"),
  o: () => press(".act a.primary"),
  s: () => press(".act a[data-snooze]"),
  n: () => follow("n"),
  "/": () => follow("/"),
  "?": () => follow("?"),
};

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    const palette = document.querySelector("[data-palette-url]");
    if (palette) openIn(palette.dataset.paletteUrl);
    return;
  }
  if (!singleKeys || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || inField(event.target)) return;
  if (document.getElementById("dialog").open || !single[event.key]) return;
  event.preventDefault();
  single[event.key]();
});

/* The palette narrows as one types; Enter takes the first that is left. */
const narrow = (input) => {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const places = [...document.querySelectorAll("#palette-list li")];
  for (const place of places) place.hidden = !words.every((word) => place.textContent.toLowerCase().includes(word));
  const left = places.filter((place) => !place.hidden);
  const count = document.getElementById("palette-count");
  count.textContent = count.dataset.left.replace("#", left.length);
  return left;
};
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-palette]")) narrow(event.target);
});
document.addEventListener("keydown", (event) => {
  if (!event.target.matches || !event.target.matches("[data-palette]")) return;
  const left = narrow(event.target);
  if (event.key === "Enter" && left.length) left[0].querySelector("a").click();
  if (event.key === "ArrowDown" && left.length) {
    event.preventDefault();
    left[0].querySelector("a").focus();
  }
});
