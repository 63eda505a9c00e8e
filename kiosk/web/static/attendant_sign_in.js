// Signs an attendant in. What was typed is gone from the page as soon as it was sent.

import { fillOrHide, part, post, say } from "./staff.js";

part("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = { code: part("code").value.trim(), pin: part("pin").value };
  part("pin").value = "";
  try {
    const { ok, answer } = await post("/attendant/sign-in", said);
    if (ok) {
      location.replace(part("form").dataset.next);
      return;
    }
    fillOrHide("why", answer.wait_s ? say("att_wait", { n: answer.wait_s }) : say("att_wrong"));
  } catch {
    fillOrHide("why", say("att_no_answer"));
  }
  part("pin").focus();
});
