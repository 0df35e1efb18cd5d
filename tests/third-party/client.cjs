// Sends to the Graph API at ORIGIN as bots do, with the npm package messaging-api-messenger, and prints what came of each
// call as one JSON object. The test that starts it knows what should have.
"use strict";

const { MessengerClient } = require("messaging-api-messenger");

const [origin, accessToken, appSecret, psid, stranger] = process.argv.slice(2);
const client = new MessengerClient({ origin, accessToken, appSecret, version: "26.0" });

const reply = (title) => ({ contentType: "text", title, payload: "CHOSEN" });
const image = (url) => ({ type: "image", payload: { url } });
// The client has limits of its own: what it would not send goes out as it is.
const raw = (message) => client.sendRawBody({ messagingType: "RESPONSE", recipient: { id: psid }, message });

const calls = {
  text: () => client.sendText(psid, "Good morning!"),
  picture: () => client.sendAttachment(psid, image("https://pictures.example/bread.png")),
  fullText: () => raw({ text: "ä".repeat(2000) }),
  replies: () => client.sendText(psid, "Which one?", { quickReplies: [reply("Rye"), reply("Wheat")] }),
  sign: () => client.sendSenderAction(psid, "typing_on"),
  profile: () => client.getUserProfile(psid, { fields: ["id", "name", "first_name", "last_name", "profile_pic"] }),
  longText: () => raw({ text: "ä".repeat(2001) }),
  manyReplies: () => raw({ text: "Which one?", quickReplies: Array(14).fill(reply("Rye")) }),
  longTitle: () => raw({ text: "Which one?", quickReplies: [reply("t".repeat(21))] }),
  scheme: () => raw({ attachment: image("ftp://pictures.example/bread.png") }),
  both: () => raw({ text: "Look!", attachment: image("https://pictures.example/bread.png") }),
  nothing: () => raw({}),
  retiredTag: () => client.sendText(psid, "It is on its way.", { messagingType: "MESSAGE_TAG", tag: "POST_PURCHASE_UPDATE" }),
  stranger: () => client.sendText(stranger, "Good morning!"),
};

async function main() {
  const told = {};
  for (const [name, call] of Object.entries(calls)) {
    try {
      told[name] = await call();
    } catch (fault) {
      const error = fault.response && fault.response.data && fault.response.data.error;
      told[name] = error ? { refused: [error.code, error.errorSubcode ?? null] } : { fault: String(fault) };
    }
  }
  process.stdout.write(JSON.stringify(told) + "\n");
}

main();
