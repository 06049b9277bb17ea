/* What the pages cannot do without script is nothing; this makes dialogs and focus pleasant. */
"use strict";

const dialog = () => document.getElementById("dialog");

/* Of a row of tabs that is wider than the window, the one that is open is in sight. */
for (const here of document.querySelectorAll(".lanes [aria-current]")) {
  const lanes = here.parentElement;
  lanes.scrollLeft = here.offsetLeft - lanes.offsetLeft - (lanes.clientWidth - here.offsetWidth) / 2;
}

/* A form fetched into the dialog opens it; Escape closes it and the browser gives focus back to the button. */
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === dialog() && !dialog().open) dialog().showModal();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) {
    event.preventDefault();
    dialog().close();
  }
});

/* Where lanes scroll sideways, the one that is open is in sight. */
const laneHere = document.querySelector(".lanes [aria-current]");
if (laneHere) laneHere.parentElement.scrollLeft = laneHere.offsetLeft - laneHere.parentElement.offsetLeft - 16;

/* The server says `settled` when a form of the dialog did its work: close, tell, keep the reader's place. */
document.addEventListener("settled", (event) => {
  if (dialog().open) dialog().close();
  document.getElementById("announce").textContent = event.detail.say || "";
});

/* A row that replaced the one with the focus takes it over: its next step, or what it says. */
document.addEventListener("htmx:afterSettle", (event) => {
  const row = event.detail.elt.closest ? event.detail.elt.closest("tr[id^='item-']") : null;
  if (row && document.activeElement === document.body) (row.querySelector(".act .button") || row).focus();
});

/* A refusal (409, 422) carries its own words and is shown in place. */
document.addEventListener("htmx:beforeSwap", (event) => {
  if ([409, 422].includes(event.detail.xhr.status)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
