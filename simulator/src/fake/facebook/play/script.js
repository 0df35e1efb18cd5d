// Shows a conversation as it changes, and sends its forms without leaving the page. Everything works without this too.
const thread = document.getElementById("thread");
const trouble = document.getElementById("trouble");
let fading;
const complain = (words) => {
  trouble.textContent = words;
  trouble.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { trouble.hidden = true; }, 8000);
};

const send = async (form, submitter) => {
  const parts = new FormData(form, submitter);
  const body = form.enctype === "multipart/form-data" ? parts : new URLSearchParams(parts);
  const answer = await fetch(form.action, { method: "POST", body, redirect: "manual", headers: { accept: "text/plain" } });
  if (answer.type === "opaqueredirect" || answer.ok) return true;
  complain(await answer.text());
  return false;
};

// What was unread is read once somebody looks.
let reading = false;
const read = async () => {
  const form = document.getElementById("unread");
  if (!form || reading) return;
  form.hidden = true;
  if (document.hidden) return;
  reading = true;
  try { await send(form); } catch { /* The next change tries again. */ }
  reading = false;
};

if (thread) {
  const toEnd = () => { thread.scrollTop = thread.scrollHeight; };
  let atEnd = true;
  thread.addEventListener("scroll", () => { atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80; });
  // Pictures make the conversation longer once they are there.
  thread.addEventListener("load", () => { if (atEnd) toEnd(); }, true);
  addEventListener("resize", () => { if (atEnd) toEnd(); });
  const show = (text) => {
    const stay = atEnd;
    const open = [...thread.querySelectorAll("details[open]")].map((menu) => menu.id);
    thread.innerHTML = text;
    for (const id of open) {
      const menu = document.getElementById(id);
      if (menu) menu.open = true;
    }
    if (stay) toEnd();
    read();
  };
  const events = new EventSource(thread.dataset.source);
  events.addEventListener("thread", (event) => show(event.data));
  events.addEventListener("side", (event) => { document.getElementById("side").innerHTML = event.data; });
  document.addEventListener("visibilitychange", read);
  toEnd();
  read();

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const submitter = event.submitter;
    const inThread = thread.contains(form);
    const isComposer = form.id === "write" && !form.elements.mid && !form.elements.reply_to;
    if (!inThread && !isComposer) return;
    event.preventDefault();
    // Only what is open now: until the answer is here, somebody may have opened another.
    const open = [...document.querySelectorAll("details.menu[open]")].map((menu) => menu.id);
    try {
      if (await send(form, submitter)) {
        for (const id of open) document.getElementById(id)?.removeAttribute("open");
        if (isComposer) { form.reset(); form.elements.text.focus(); toEnd(); }
      }
    } catch {
      complain("The stand-in does not answer. Is it still running?");
    }
  });
}

const message = document.querySelector(".composer textarea");
if (message) {
  message.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      message.form.requestSubmit(message.form.querySelector("button.send"));
    }
  });
  message.setSelectionRange(message.value.length, message.value.length);
}

// A menu closes when one clicks elsewhere or leaves it by the keyboard.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open], details.clock[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open], details.clock[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
