/* The queue's own: what is new is announced and never put under the hand; the undo of a page goes when its time is over. */
"use strict";

const NEWS_EVERY = 60_000, IDLE_AFTER = 10 * 60_000;
let lastSign = Date.now();
for (const sign of ["pointermove", "keydown", "scroll"]) document.addEventListener(sign, () => { lastSign = Date.now(); }, { passive: true });

/* Nobody is asked for while the page is hidden or nobody sits before it. */
const askForNews = async () => {
  const place = document.getElementById("newcomers");
  if (!place || document.hidden || Date.now() - lastSign > IDLE_AFTER) return;
  const answer = await fetch(place.dataset.news, { headers: { "HX-Request": "true", "X-Quiet": "1" } });
  const text = answer.ok && answer.status === 200 ? (await answer.text()).trim() : "";
  if (text && text !== place.dataset.said) {
    place.dataset.said = text;
    place.innerHTML = text;
  }
};
setInterval(askForNews, NEWS_EVERY);
document.addEventListener("news", askForNews);

const undo = document.querySelector(".undo[data-for-seconds]");
if (undo) setTimeout(() => undo.remove(), Number(undo.dataset.forSeconds) * 1000);

/* A line's undo stays until it is too late; then the row keeps its words. */
document.addEventListener("htmx:afterSettle", (event) => {
  const button = event.detail.elt.querySelector && event.detail.elt.querySelector("[data-undo]");
  if (button) setTimeout(() => {
    const row = button.closest("tr"), had = document.activeElement === button;
    button.closest("form").remove();
    if (had && row) row.focus();
  }, Number(button.dataset.undo) * 1000);
});
