/* An idle session ends on the server. This page says so two minutes before, keeps what was typed, and clears the screen at the end. */
"use strict";

(() => {
  const { idle, warning } = document.body.dataset;
  const note = document.getElementById("session-note");
  if (!idle || !note) return;
  const token = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"];
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("session") : null;
  const touched = new Set();
  let seen = Date.now();
  let kept = false;

  const post = (url, body, quiet) =>
    fetch(url, { method: "POST", body, credentials: "same-origin", headers: { "X-CSRFToken": token(), ...(quiet ? { "X-Quiet": "1" } : {}) } });

  /* Words only: a file cannot be kept, a password must not. */
  const keep = () => {
    for (const form of touched) {
      if (!form.isConnected) continue;
      const words = new FormData(form);
      words.delete("csrfmiddlewaretoken");
      for (const [name, value] of [...words]) if (typeof value !== "string") words.delete(name);
      words.set("draft_page", location.pathname);
      words.set("draft_action", new URL(form.getAttribute("hx-post") || form.action, location.href).pathname);
      post("/drafts/keep/", words, true);
    }
  };

  const present = (told) => {
    seen = Date.now();
    kept = false;
    note.hidden = true;
    if (!told && tabs) tabs.postMessage("present");
  };

  const leave = () => {
    const there = new URLSearchParams({ next: location.pathname + location.search, ended: touched.size ? "kept" : "idle" });
    location.replace(`/accounts/login/?${there}`);
  };

  const look = () => {
    const left = idle * 1000 - (Date.now() - seen);
    if (left <= -1500) return leave();
    if (left <= warning * 1000) {
      note.hidden = false;
      if (!kept) keep();
      kept = true;
    }
  };

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && form.method === "post" && !form.closest(".search-form")) touched.add(form);
    kept = false;
  });
  document.addEventListener("submit", (event) => touched.delete(event.target));
  document.addEventListener("htmx:afterRequest", (event) => {
    const headers = event.detail.requestConfig ? event.detail.requestConfig.headers : {};
    if (event.detail.successful && !headers["X-Quiet"]) present();
  });
  note.querySelector("button").addEventListener("click", () => post("/session/stay/", new FormData()).then((answer) => (answer.redirected || !answer.ok ? leave() : present())));
  if (tabs) tabs.addEventListener("message", () => present(true));
  setInterval(look, 1000);

  /* `#draft-<uid>`: put kept words back into their form. */
  const wanted = location.hash.match(/^#draft-([0-9a-f-]{36})$/);
  if (wanted) {
    fetch(`/drafts/${wanted[1]}/`, { credentials: "same-origin" }).then((answer) => (answer.ok ? answer.json() : null)).then((draft) => {
      if (!draft) return;
      const form = [...document.forms].find((one) => new URL(one.getAttribute("hx-post") || one.action, location.href).pathname === draft.action);
      if (!form) return;
      for (const [name, values] of Object.entries(draft.fields)) {
        for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
          if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
          else if (field.type !== "hidden") field.value = values[0] ?? "";
        }
      }
      for (let fold = form.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
      form.scrollIntoView({ block: "center" });
      touched.add(form);
    });
  }
})();
