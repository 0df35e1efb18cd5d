// Fetches the conversation again each second while the page is looked at, and shows it where it changed.
const thread = document.getElementById("thread");
if (thread) {
  let shown = thread.innerHTML;
  const toEnd = () => { thread.scrollTop = thread.scrollHeight; };
  const look = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(thread.dataset.source);
        const text = answer.ok ? await answer.text() : shown;
        if (text !== shown) {
          shown = text;
          thread.innerHTML = text;
          toEnd();
        }
      } catch {
        // The stand-in is not running just now; look again.
      }
    }
    setTimeout(look, 1000);
  };
  toEnd();
  look();
}
const message = document.querySelector("textarea[name=text]");
if (message) {
  message.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      message.form.requestSubmit(message.form.querySelector("button[value=write]"));
    }
  });
}
