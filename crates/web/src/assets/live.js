// Keeps a page as new as the node: hears what changed, reads the same page again and puts its newer parts in place.
// Nothing is rendered here, so that a page looks the same with and without this file.
"use strict";
(() => {
  const page = document.body;
  const own = page.dataset.machine;
  // A form that came back is shown at another address than its page's: that one is read again, and never sent twice.
  if (page.dataset.at) history.replaceState(null, "", page.dataset.at);
  const pulse = document.getElementById("pulse");
  const EACH = 1000; // between two readings, in ms
  const OTHERS = 5000; // where only others' conversations changed
  const LOST = 4000; // a silence that is said

  for (const one of document.querySelectorAll("[data-script]")) one.hidden = false;
  for (const one of document.querySelectorAll("[data-unscripted]")) one.hidden = true;

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.target.tagName !== "TEXTAREA") return;
    if (event.target.form) event.target.form.requestSubmit();
  });

  document.addEventListener("change", (event) => {
    if ("submit" in event.target.dataset && event.target.form) event.target.form.requestSubmit();
  });

  // What is typed is not lost with its page: it is there again until it is sent.
  const kept = "typed " + location.pathname;
  const text = document.querySelector("form.composer textarea:not([readonly])");
  try {
    if (text && !text.value) text.value = sessionStorage.getItem(kept) || "";
    document.addEventListener("input", (event) => {
      if (event.target.closest("form.composer textarea")) sessionStorage.setItem(kept, event.target.value);
    });
    document.addEventListener("submit", (event) => {
      if (event.target.classList.contains("composer")) sessionStorage.removeItem(kept);
    });
  } catch {
    // A browser that keeps nothing keeps nothing.
  }

  if (page.dataset.after === undefined || !window.EventSource) return;

  let after = page.dataset.after;
  let source = null;
  let skew = null; // the node's clock minus ours
  let timer = 0;
  let due = Infinity;
  let read = 0; // when it was read last
  let reading = false;
  let turn = 0;
  let silence = 0;
  let out = false; // signed out: nothing is asked until somebody looks again

  function soon(wait) {
    const at = Math.max(Date.now(), read + wait);
    if (at >= due) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(renew, at - Date.now());
  }

  async function renew() {
    due = Infinity;
    if (reading) return soon(EACH);
    reading = true;
    read = Date.now();
    try {
      const answer = await fetch(location.href, { headers: { "x-live": "1" }, cache: "no-store" });
      if (new URL(answer.url).pathname === "/sign-in") leave();
      else if (answer.ok) put(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      // The stream says that the node is away, and that it is back.
    } finally {
      reading = false;
    }
  }

  function put(newer) {
    const focus = document.activeElement;
    const name = focus && (focus.id || focus.getAttribute("href"));
    document.title = newer.title;
    for (const part of newer.querySelectorAll("[data-live]")) {
      const old = document.getElementById(part.id);
      if (old) morph(old, part);
    }
    compose(document.getElementById("composer"), newer.getElementById("composer"));
    // Whoever signed in again since has another session, and the forms of this page are to send its mark.
    const csrf = newer.querySelector("input[name=csrf]");
    if (csrf) for (const one of document.querySelectorAll("input[name=csrf]")) one.value = csrf.value;
    if (name && focus !== document.body && document.activeElement !== focus) {
      const again = document.getElementById(name) || document.querySelector(`a[href="${CSS.escape(name)}"]`);
      if (again) again.focus({ preventScroll: true });
    }
    arm();
  }

  // Makes an element as the newer one. Children that all have an id are kept where they are as they should be.
  function morph(old, newer) {
    if (old.isEqualNode(newer)) return;
    const children = [...newer.children];
    if (old.tagName !== newer.tagName || !children.length || children.some((child) => !child.id)) {
      old.replaceWith(document.importNode(newer, true));
      return;
    }
    for (const { name } of [...old.attributes]) if (!newer.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of newer.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    const names = new Set(children.map((child) => child.id));
    for (const child of [...old.children]) if (!names.has(child.id)) child.remove();
    children.forEach((child, nth) => {
      const there = [...old.children].find((one) => one.id === child.id);
      const at = old.children[nth] || null;
      if (!there) return old.insertBefore(document.importNode(child, true), at);
      if (there !== at) old.insertBefore(there, at);
      morph(there, child);
    });
  }

  // The composer opens and closes, but never takes away what is being typed: it may be opened around it, not closed.
  function compose(old, newer) {
    if (!old || !newer || old.dataset.state === newer.dataset.state) return;
    const typed = old.querySelector("textarea");
    if (typed && (typed.value || document.activeElement === typed)) {
      old.querySelector("#notice").replaceWith(document.importNode(newer.querySelector("#notice"), true));
      for (const part of old.querySelectorAll("textarea, button")) {
        const now = newer.querySelector(part.tagName);
        if (!now || now.disabled) continue;
        part.disabled = false;
        if (now.placeholder) part.placeholder = now.placeholder;
      }
      old.dataset.state = newer.dataset.state;
    } else {
      old.replaceWith(document.importNode(newer, true));
      for (const one of document.querySelectorAll("#composer [data-script]")) one.hidden = false;
    }
  }

  // Words that will be others by themselves are read again when they say; what ticks, ticks.
  let ticking = [];
  function arm() {
    clearTimeout(turn);
    const turns = [...document.querySelectorAll("[data-turns]")].map((one) => Number(one.dataset.turns));
    if (turns.length) turn = setTimeout(() => soon(0), Math.min(...turns) + 50);
    const now = Date.now();
    ticking = [...document.querySelectorAll("[data-left]")].map((one) => [one, now + Number(one.dataset.left)]);
  }

  setInterval(() => {
    for (const [one, end] of ticking) {
      const left = Math.max(0, Math.floor((end - Date.now()) / 1000));
      const two = (number) => String(number).padStart(2, "0");
      const words = `${two(Math.floor(left / 3600))}:${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`;
      if (one.firstChild && one.firstChild.data !== words) one.firstChild.data = words;
    }
  }, 1000);

  function say(words, href) {
    pulse.replaceChildren(words);
    if (href) {
      const link = document.createElement("a");
      link.href = href;
      link.target = "_blank";
      link.textContent = "Sign in";
      pulse.append(" ", link);
    }
    pulse.hidden = !words;
  }

  function leave() {
    out = true;
    if (source) source.close();
    source = null;
    clearTimeout(silence);
    say("You are signed out. This page shows no news.", "/sign-in");
  }

  function heard(event) {
    if (event.lastEventId) after = event.lastEventId;
    clearTimeout(silence);
    silence = 0;
    if (!pulse.hidden) say("");
  }

  function connect() {
    if (source || out || document.hidden) return;
    source = new EventSource("/events?after=" + encodeURIComponent(after));
    source.addEventListener("changed", (event) => {
      heard(event);
      soon(own && !event.data.split("\n").includes(own) ? OTHERS : EACH);
    });
    source.addEventListener("everything", (event) => {
      heard(event);
      soon(EACH);
    });
    source.addEventListener("clock", (event) => {
      heard(event);
      const found = Number(event.data) - Date.now();
      // A clock that was moved changes what every window says.
      if (skew !== null && Math.abs(found - skew) > 5000) soon(0);
      skew = found;
    });
    source.addEventListener("signed-out", leave);
    source.addEventListener("error", () => {
      if (!silence) silence = setTimeout(() => say("The node does not answer. This page goes on when it is back."), LOST);
      if (!source || source.readyState !== EventSource.CLOSED) return;
      // The answer was none that a stream can go on from: signed out, too many, or a proxy's.
      source = null;
      soon(0);
      setTimeout(connect, LOST);
    });
  }

  // A browser has few connections for one site: hidden pages give theirs back, and go on where they were.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      if (source) source.close();
      source = null;
      clearTimeout(silence);
      silence = 0;
    } else {
      again();
    }
  });
  window.addEventListener("focus", again);

  function again() {
    if (source) return;
    out = false;
    connect();
    soon(0);
  }

  read = Date.now();
  arm();
  connect();
})();
